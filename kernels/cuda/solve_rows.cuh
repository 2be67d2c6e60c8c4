#pragma once
#include "resources.cuh"
#include "solve_rows.hpp"

// The parts of cuda::solve_rows.
namespace seesaw::cuda {

inline constexpr index_t kFusedRank = 128;  ///< the largest rank that the fused kernel is compiled for

/// Entries of a segment of a long row (long_rows.cuh), of which `entries` make at most `most`. No less than 1024: a
/// block is done with so few before it pays to share them.
inline offset_t segment_entries(offset_t entries, offset_t most) {
  const offset_t least = 1024;
  const offset_t chunk = (entries + most - 1) / most;
  return chunk > least ? chunk : least;
}

/// lambda w_i.
template <class T>
__device__ __forceinline__ T ridge_of(double lambda, Weighting weighting, offset_t entries) {
  return static_cast<T>(lambda * (weighting == Weighting::by_count ? static_cast<double>(entries) : 1.0));
}

/// Whether a row's system is singular whatever its entries are: without a penalty, and with fewer of them than k.
__device__ __forceinline__ bool too_short(double lambda, offset_t entries, index_t k) {
  return lambda == 0 && entries > 0 && entries < k;
}

/// flags[i] = whether row i is singular; x where it is not.
template <class T>
void solve_rows_large(Resources& gpu, const SolveRows<T>& problem, unsigned char* flags);

/// x of the flagged rows, and their number.
template <class T>
void solve_singular_rows(Resources& gpu, const SolveRows<T>& problem, const unsigned char* flags);

}  // namespace seesaw::cuda
