#pragma once
#include <cstdint>

#include "seesaw/sparse.hpp"

namespace seesaw {

/// How a row's penalty grows with its number of entries n_i: w_i = 1, or w_i = (n_i + offset)^exponent, which is n_i
/// (weighted-lambda regularization) unless the Penalty says otherwise.
enum class Weighting { plain, by_count };

struct Penalty {
  double lambda = 0;  ///< >= 0
  Weighting weighting = Weighting::plain;
  double exponent = 1;  ///< >= 0
  double offset = 0;    ///< >= 0
};

/// One half-sweep of ALS. For each row i of `ratings`, the x_i that minimizes
///   1/2 sum_j c_ij (a_ij - x_i.y_j)^2 + 1/2 lambda w_i |x_i|^2,   j over the entries of row i, c their weights,
/// that is, the solution of (Y_i' C_i Y_i + lambda w_i I) x_i = Y_i' C_i a_i.
///
/// ratings  m x n; weights optional       y  n x k, k >= 1
/// penalty  lambda w_i within the numbers' range. A row whose system is numerically singular (lambda = 0 with fewer
///          entries than k, collinear rows of y: a pivot of at most k eps times the largest diagonal element; where cpu
///          and cuda solve a row with fewer entries than k in its dual form, n_i x n_i, of at most n_i eps times) gets
///          its minimum-norm least-squares solution over the singular values above max(entries, k) eps times the
///          largest, as NumPy's lstsq would
/// x        m x k, overwritten; 0 where a row has no entries. Must not overlap y
/// singular_rows  null, or one number in the context's memory space, overwritten with how many rows were singular
///
/// Any k works; memory beyond the arguments is bounded, not proportional to m * k * k. On CUDA the work is enqueued:
/// keep the arguments alive until it ran. The result is the same bits for any number of threads.
/// Throws ShapeError, InvalidArgument. The contents of `ratings` are trusted; see validate().
/// Source: Zhou, Wilkinson, Schreiber, Pan (2008), "Large-scale parallel collaborative filtering for the Netflix
/// prize", section 3.
void solve_rows(Context& ctx, CsrView<float> ratings, MatrixView<const float> y, Penalty penalty, MatrixView<float> x,
                std::int64_t* singular_rows = nullptr);
void solve_rows(Context& ctx, CsrView<double> ratings, MatrixView<const double> y, Penalty penalty,
                MatrixView<double> x, std::int64_t* singular_rows = nullptr);

/// The same for a matrix with every entry observed, in closed form: X = A Y (Y'Y + lambda w I)^-1 with w = 1 or n; one
/// product, one Gram matrix and one Cholesky factorization for all rows. On CUDA it waits for the factorization.
/// Returns the numerical rank of the system matrix; where it is below k the minimum-norm solution was taken. Where Y'Y
/// is not finite x becomes NaN and 0 is returned.
index_t solve_rows(Context& ctx, MatrixView<const float> a, MatrixView<const float> y, Penalty penalty,
                   MatrixView<float> x);
index_t solve_rows(Context& ctx, MatrixView<const double> a, MatrixView<const double> y, Penalty penalty,
                   MatrixView<double> x);

}  // namespace seesaw
