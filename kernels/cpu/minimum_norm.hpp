#pragma once
#include "solve_rows.hpp"
#include "solve_spd.hpp"

namespace seesaw::cpu {

/// Row i of problem.x as solve_rows.hpp has it for a singular row: through LAPACK's gelsd, on this thread alone. A row
/// whose vectors are not all finite becomes NaN.
template <class T>
void solve_by_minimum_norm(const SolveRows<T>& problem, index_t i);

/// Bytes that it takes, at most.
template <class T>
double minimum_norm_workspace(const SolveRowsSize& size);

}  // namespace seesaw::cpu
