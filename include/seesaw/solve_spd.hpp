#pragma once
#include "seesaw/matrix.hpp"

namespace seesaw {

/// For each row b_i of b, the x_i with A x_i = b_i: one symmetric positive semidefinite system, many right-hand sides.
///
/// a  k x k, symmetric; its lower triangle is read, and kept     b  m x k, overwritten with the solutions
/// Returns k where Cholesky succeeded with pivots above k * eps * max a_ii; else A is treated as the sum over its
/// eigenvalues above k * eps times the largest, x_i is the minimum-norm solution, and their number is returned.
/// Throws ShapeError, InvalidArgument where A has an element that is not finite. On CUDA it waits for the
/// factorization.
index_t solve_spd(Context& ctx, MatrixView<const float> a, MatrixView<float> b);
index_t solve_spd(Context& ctx, MatrixView<const double> a, MatrixView<double> b);

}  // namespace seesaw
