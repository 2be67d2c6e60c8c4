#pragma once
#include <cstdint>

#include "seesaw/solve_rows.hpp"

namespace seesaw {

/// What implicit feedback (clicks, plays, purchases) is taken for: everything that was not observed counts as 0, with
/// little weight.
struct ImplicitModel {
  double unobserved = 1;  ///< weight of what is not observed, 1e-12 to 1e12
  Penalty penalty = {};   ///< weighting by count, exponent nu and offset unobserved * n: Rendle et al. (2021)
  int cg_steps = 0;       ///< 0: exact, by Cholesky; else so many steps of conjugate gradients from x as it is
};

/// One half-sweep of ALS for implicit feedback. For each row i of `confidences`, with c_ij its entries, the x_i that
/// minimizes
///   1/2 sum_(j observed) c_ij (1 - x_i.y_j)^2 + 1/2 sum_(j not) unobserved (x_i.y_j)^2 + 1/2 lambda w_i |x_i|^2,
/// that is, the solution of (unobserved Y'Y + sum (c_ij - unobserved) y_j y_j' + lambda w_i I) x_i = sum c_ij y_j. Also
/// what folds a new row in: its factors, the other side given.
///
/// confidences  m x n, values c_ij >= unobserved (an entry with c = unobserved still says 1, not 0); no weights
/// y            n x k, k >= 1
/// model        where lambda = 0 leaves the system singular, the minimum-norm solution is taken; conjugate gradients
///              need lambda > 0. They are preconditioned with unobserved Y'Y + lambda w I, w that of a row with one
///              entry: the systems of short rows are nearly that
/// x            m x k, overwritten; 0 where a row has no entries; with cg_steps > 0 also read. Must not overlap y
/// singular_rows  null, or one number in the context's memory space, overwritten with how many rows were singular
///
/// Where Y'Y is not finite x becomes NaN. The result is the same bits for any number of threads. On CUDA it waits until
/// x is there. Throws ShapeError, InvalidArgument. The contents of `confidences` are trusted; see validate().
/// Source: Hu, Koren, Volinsky (2008), "Collaborative filtering for implicit feedback datasets"; Takacs, Pilaszy, Tikk
/// (2011) for conjugate gradients.
void solve_implicit_rows(Context& ctx, CsrView<float> confidences, MatrixView<const float> y, ImplicitModel model,
                         MatrixView<float> x, std::int64_t* singular_rows = nullptr);
void solve_implicit_rows(Context& ctx, CsrView<double> confidences, MatrixView<const double> y, ImplicitModel model,
                         MatrixView<double> x, std::int64_t* singular_rows = nullptr);

}  // namespace seesaw
