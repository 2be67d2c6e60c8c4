#pragma once
#include "cpu/dense.hpp"
#include "cpu/minimum_norm.hpp"
#include "cpu/row_scratch.hpp"

namespace seesaw::cpu {

/// How a row is solved.
enum class Form {
  empty,     ///< no entries: zero
  singular,  ///< too_short()
  dual,      ///< an n_i x n_i system
  primal,    ///< a k x k system
  segments   ///< the same, summed over segments of the row
};

/// Entries of a segment; a row with more of them is cut.
inline constexpr index_t kSegment = 32768;

/// The dual form of n_i entries takes less time where they, padded to whole vectors as they then are, are at most 3/4
/// of k. Measured at k = 16 to 256: at 1/2 it takes 0.5 to 0.7 of the primal form's time, at 1 more.
template <class T>
Form form_of(const SolveRows<T>& problem, index_t i) {
  const index_t entries = problem.entries(i), k = problem.y.cols;
  if (entries == 0) return Form::empty;
  if (problem.too_short(i)) return Form::singular;
  if ((problem.implicit() || problem.ridge(i) > 0) && 4 * Layout<T>(entries).width <= 3 * k) return Form::dual;
  return entries > kSegment ? Form::segments : Form::primal;
}

/// What the instruction set that this machine has runs.
template <class T>
struct RowOperations {
  void (*solve_block)(const SolveRows<T>& problem, index_t first, index_t last, RowScratch<T>& scratch);
  void (*sum_segment)(const SolveRows<T>& problem, offset_t first, offset_t last, RowScratch<T>& scratch, T* memory);
  void (*solve_sum)(const SolveRows<T>& problem, index_t i, RowScratch<T>& scratch, T* memory);
};

}  // namespace seesaw::cpu
