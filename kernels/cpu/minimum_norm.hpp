#pragma once
#include "solve_rows.hpp"
#include "solve_spd.hpp"

namespace seesaw::cpu {

/// lambda w_i.
template <class T>
T ridge_of(const SolveRows<T>& problem, index_t i) {
  const offset_t entries = problem.ratings.offsets[i + 1] - problem.ratings.offsets[i];
  const double w = problem.penalty.weighting == Weighting::by_count ? static_cast<double>(entries) : 1.0;
  return static_cast<T>(problem.penalty.lambda * w);
}

/// Row i of problem.x as solve_rows.hpp has it for a singular row: through LAPACK's gelsd, on this thread alone. A row
/// whose vectors are not all finite becomes NaN.
template <class T>
void solve_by_minimum_norm(const SolveRows<T>& problem, index_t i);

}  // namespace seesaw::cpu
