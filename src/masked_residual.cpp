#include "masked_residual.hpp"

#include <cmath>

#include "checks.hpp"
#include "dispatch.hpp"
#include "residual_sums.hpp"
#include "seesaw/masked_gradient.hpp"

namespace seesaw {
namespace {

template <class T>
ResidualSums run(Context& ctx, CsrView<T> ratings, MatrixView<const T> x, MatrixView<const T> y, T* residuals) {
  require_csr(ctx, ratings, "ratings");
  require_view(ctx, x, "x");
  require_view(ctx, y, "y");
  require_shape("x", x.rows, x.cols, ratings.rows, x.cols);
  require_shape("y", y.rows, y.cols, ratings.cols, x.cols);
  if (residuals != nullptr) require_space(ctx, residuals, "residuals");
  return residual_sums(ctx, ratings, x, y, residuals);
}

}  // namespace

ResidualSums masked_residual(Context& ctx, CsrView<float> ratings, MatrixView<const float> x, MatrixView<const float> y,
                             float* residuals) {
  return run(ctx, ratings, x, y, residuals);
}
ResidualSums masked_residual(Context& ctx, CsrView<double> ratings, MatrixView<const double> x,
                             MatrixView<const double> y, double* residuals) {
  return run(ctx, ratings, x, y, residuals);
}

double penalty_term(Context& ctx, MatrixView<const float> x, const offset_t* offsets, Penalty penalty) {
  return 0.5 * penalty_slope(ctx, x, x, offsets, penalty);
}
double penalty_term(Context& ctx, MatrixView<const double> x, const offset_t* offsets, Penalty penalty) {
  return 0.5 * penalty_slope(ctx, x, x, offsets, penalty);
}

double rmse(const ResidualSums& sums, offset_t entries) {
  return entries > 0 ? std::sqrt(sums.squared / static_cast<double>(entries)) : 0.0;
}

}  // namespace seesaw
