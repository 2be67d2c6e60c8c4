#pragma once
#include "cpu/dense.hpp"
#include "cpu/minimum_norm.hpp"
#include "cpu/row_scratch.hpp"
#include "form_of.hpp"

namespace seesaw::cpu {

/// Entries of a segment; a primal row with more of them is cut, its sums taken segment by segment.
inline constexpr index_t kSegment = 32768;

/// The dual form of n_i entries takes less time where they, padded to whole vectors as they then are, are at most 3/4
/// of k. Measured at k = 16 to 256: at 1/2 it takes 0.5 to 0.7 of the primal form's time, at 1 more.
template <class T>
index_t longest_dual_row(index_t k) {
  return 3 * k / 4 / Layout<T>::kLine * Layout<T>::kLine;
}

/// What the instruction set that this machine has runs.
template <class T>
struct RowOperations {
  void (*solve_block)(const SolveRows<T>& problem, index_t first, index_t last, RowScratch<T>& scratch);
  void (*sum_segment)(const SolveRows<T>& problem, offset_t first, offset_t last, RowScratch<T>& scratch, T* memory);
  void (*solve_sum)(const SolveRows<T>& problem, index_t i, RowScratch<T>& scratch, T* memory);
};

}  // namespace seesaw::cpu
