#pragma once
#include <array>

#include "seesaw/masked_residual.hpp"
#include "seesaw/tensor.hpp"

namespace seesaw {

/// exact: the Hessian as it is, which may be indefinite. gauss_newton: J'J, the residual's own curvature left out.
enum class Curvature { exact, gauss_newton };

/// The gradient, in the factor of one mode, of
///   f = 1/2 sum w (t - sum_r prod_n A_n(i_n, r))^2 + 1/2 sum_n lambda_n sum_i v_n(i) |A_n(i, :)|^2
/// over the entries, w their weights and v those of the penalty: with the residual r_e and h_e the elementwise product
/// of the other modes' rows, row i is  - sum w_e r_e h_e + lambda v(i) A(i, :)  over the entries of index i.
///
/// entries   by `mode`, order 2 to 8     factors  shape[n] x k, k >= 1
/// penalty   that of this mode
/// gradient  shape[mode] x k, overwritten; must not overlap a factor
/// sums      null, or overwritten with the sums of the residuals: one pass serves objective and gradient. On CUDA the
///           work is enqueued, and with sums it is waited for
/// Nothing of the size of the whole tensor is formed. The same bits for any number of threads.
/// Throws ShapeError, InvalidArgument. The contents of `entries` are trusted.
/// Source: Acar, Dunlavy, Kolda, Mørup (2011), "Scalable tensor factorizations for incomplete data", section 3.
void masked_gradient(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors, Penalty penalty,
                     MatrixView<float> gradient, ResidualSums* sums = nullptr);
void masked_gradient(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors, Penalty penalty,
                     MatrixView<double> gradient, ResidualSums* sums = nullptr);

/// The rows of one mode of the product of f's Hessian with a direction D, one matrix for each factor. With
/// q_e = sum over the other modes m of D_m(i_m, :) times the rows of the modes left, and p_e the change of the model
/// along D, h_e . D(i, :) + q_e . A(i, :), row i is
///   sum w_e (p_e h_e - r_e q_e) + lambda v(i) D(i, :),  where gauss_newton leaves out r_e q_e.
/// product  shape[mode] x k, overwritten. The rest as masked_gradient().
void masked_product(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors,
                    const FactorViews<float>& direction, Curvature curvature, Penalty penalty,
                    MatrixView<float> product);
void masked_product(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors,
                    const FactorViews<double>& direction, Curvature curvature, Penalty penalty,
                    MatrixView<double> product);

/// Coefficients c_0, c_1, ... of a polynomial in t.
using Polynomial = std::array<double, 2 * kMaxOrder + 1>;

/// 1/2 sum w (t_e - model of A + t D)^2 as a polynomial in t, of degree 2 * order; accumulated in double. On CUDA it
/// waits for the sums. The rest as masked_gradient().
Polynomial masked_line(Context& ctx, const ModeView<float>& entries, const FactorViews<float>& factors,
                       const FactorViews<float>& direction);
Polynomial masked_line(Context& ctx, const ModeView<double>& entries, const FactorViews<double>& factors,
                       const FactorViews<double>& direction);

/// lambda sum_i w_i x_i.z_i: the derivative of penalty_term() at x along z.   x, z  m x k     offsets  as there
double penalty_slope(Context& ctx, MatrixView<const float> x, MatrixView<const float> z, const offset_t* offsets,
                     Penalty penalty);
double penalty_slope(Context& ctx, MatrixView<const double> x, MatrixView<const double> z, const offset_t* offsets,
                     Penalty penalty);

}  // namespace seesaw
