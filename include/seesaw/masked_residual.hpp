#pragma once
#include "seesaw/solve_rows.hpp"

namespace seesaw {

/// What X Y' leaves of the observed entries.
struct ResidualSums {
  double squared = 0;           ///< sum of (a_ij - x_i.y_j)^2
  double weighted_squared = 0;  ///< the same with the entries' weights; equal to `squared` without weights
  double sum = 0;               ///< of a_ij - x_i.y_j
};

/// r_ij = a_ij - x_i.y_j on the observed entries, and the sums of them and of their squares, accumulated in double.
///
/// ratings  m x n     x  m x k     y  n x k
/// residuals  null, or one number per entry, in the order of ratings.values and starting with the first entry of the
///            first row; overwritten
/// The same bits for any number of threads. Throws ShapeError. On CUDA it waits for the sums.
ResidualSums masked_residual(Context& ctx, CsrView<float> ratings, MatrixView<const float> x, MatrixView<const float> y,
                             float* residuals = nullptr);
ResidualSums masked_residual(Context& ctx, CsrView<double> ratings, MatrixView<const double> x,
                             MatrixView<const double> y, double* residuals = nullptr);

/// 1/2 lambda sum_i w_i |x_i|^2, with n_i = offsets[i + 1] - offsets[i]: a factor's part of the objective.
/// x  m x k     offsets  m + 1, read (and then required) where the weighting is by_count
double penalty_term(Context& ctx, MatrixView<const float> x, const offset_t* offsets, Penalty penalty);
double penalty_term(Context& ctx, MatrixView<const double> x, const offset_t* offsets, Penalty penalty);

/// sqrt(squared / entries); 0 without entries.
double rmse(const ResidualSums& sums, offset_t entries);

}  // namespace seesaw
