#pragma once
#include "row_bins.cuh"

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

// Each of these solves the rows of its bins: x, or flags[i] = 1 where row i is singular.
template <class T>
void solve_dual_rows(Resources& gpu, const SolveRows<T>& problem, const RowBins& bins, unsigned char* flags);
template <class T>
void solve_rows_large(Resources& gpu, const SolveRows<T>& problem, const RowBins& bins, unsigned char* flags);
template <class T>
double solve_rows_large_workspace(const SolveRowsSize& size);

/// x of the flagged rows, and their number.
template <class T>
void solve_singular_rows(Resources& gpu, const SolveRows<T>& problem, const unsigned char* flags);
template <class T>
double solve_singular_rows_workspace(const SolveRowsSize& size);

}  // namespace seesaw::cuda
