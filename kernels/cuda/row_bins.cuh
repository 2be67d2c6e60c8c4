#pragma once
#include "resources.cuh"
#include "solve_rows.hpp"

// The rows of cuda::solve_rows by how they are solved: a bin for each compiled order of a dual system, and one for the
// primal form. In each the rows stand in ascending order. See row_bins.cu.
namespace seesaw::cuda {

inline constexpr int kDualBins = 6;
inline constexpr int kPrimalBin = kDualBins;
inline constexpr int kBins = kDualBins + 1;

/// The compiled order of the systems of bin b: 8, 16, 32, 64, 96, 128. It takes up to so many entries.
__host__ __device__ constexpr int dual_order(int b) { return b < 3 ? 8 << b : 32 * (b - 1); }

/// A row takes the dual form at rank k where it has up to so many entries.
constexpr index_t longest_dual_row(index_t k) {
  index_t longest = 0;
  for (int b = 0; b < kDualBins && dual_order(b) < k; ++b) longest = dual_order(b);
  return longest;
}

/// The rows order[*begin] to order[*end - 1].
struct RowBin {
  const index_t* order;
  const index_t* begin;
  const index_t* end;

  /// Row n of the bin; -1 where it has no more than n.
  __device__ index_t row(index_t n) const {
    const index_t place = *begin + n;
    return place < *end ? order[place] : -1;
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor(order);
    visitor(begin);
    visitor(end);
  }
};

/// How many rows a bin holds only the device knows. On the host there is a bound: so many rows with so many entries at
/// least take no more than all that there are.
class RowBins {
 public:
  /// Sorts the rows into the bins, in Scratch::order and Scratch::places. Rows in no bin are done then: x = 0 in those
  /// without entries, flags[i] = 1 for those that are too_short(), and 0 for all others.
  template <class T>
  RowBins(Resources& gpu, const SolveRows<T>& problem, index_t longest_dual, unsigned char* flags);

  RowBin bin(int b) const { return {order_, places_ + b * strips_, places_ + (b + 1) * strips_}; }
  /// At most so many rows are in bin b.
  index_t most(int b) const;

 private:
  const index_t* order_;
  const index_t* places_;
  index_t strips_;
  index_t rows_;
  offset_t entries_;
  index_t longest_dual_;
};

/// Bytes that the bins take.
double row_bins_workspace(index_t rows);

}  // namespace seesaw::cuda
