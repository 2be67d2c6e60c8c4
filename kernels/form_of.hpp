#pragma once
#include "solve_rows.hpp"

namespace seesaw {

/// How a row is solved.
enum class Form {
  empty,     ///< no entries: zero
  singular,  ///< too_short()
  dual,      ///< an n_i x n_i system
  primal     ///< a k x k system
};

/// The form of row i. Up to longest_dual entries, fewer than k, the dual one takes less time: each backend says how
/// many those are.
template <class T>
constexpr Form form_of(const SolveRows<T>& problem, index_t i, index_t longest_dual) {
  const index_t entries = problem.entries(i);
  if (entries == 0) return Form::empty;
  if (problem.too_short(i)) return Form::singular;
  return entries <= longest_dual ? Form::dual : Form::primal;
}

}  // namespace seesaw
