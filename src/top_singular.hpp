#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "seesaw/spmv.hpp"

namespace seesaw {

/// What is known of the largest singular value sigma_1 of a sparse matrix.
struct TopSingular {
  double sigma = 0;                 ///< |S v| for the unit vector v found: sigma <= sigma_1
  double bound = 0;                 ///< sigma_1 <= bound, see Lanczos
  std::vector<double> left, right;  ///< unit vectors, sigma = left' S right; zero where sigma is
  int steps = 0;                    ///< of Lanczos
};

/// The top singular pair of one sparse matrix after the other of a shape, by products with it alone: Lanczos on
/// S'S (S S' where that is smaller) from a normal random vector, reorthogonalized in full, in double.
///
/// A largest Ritz value only estimates sigma_1^2 from below, and its residual says that some eigenvalue is near, not
/// that the largest is. The bound is of another kind. With B = S'S, the start g / |g|, and p the characteristic
/// polynomial of the tridiagonal matrix T after k steps, of the eigenvalues theta_1 >= ... >= theta_k and the elements
/// beta_1, ..., beta_k beside the diagonal (the last one leads out of the space),  |p(B) g| = |g| beta_1 ... beta_k. So
/// the component c of g along the top eigenvector of B, of the eigenvalue lambda_1 = sigma_1^2 > theta_1, has
///   |c| prod (lambda_1 - theta_j) <= |g| prod beta_j.
/// c is a standard normal number, whatever S is: it is smaller than kChance sqrt(pi / 2) in absolute value with a
/// probability of at most kChance. Else lambda_1 is at most the root, above theta_1, of
///   prod (lambda - theta_j) = |g| prod beta_j / (kChance sqrt(pi / 2)).
/// It converges with the Ritz value. Outside the space that the steps have spanned B has no more than tr B - tr T, and
/// beta_k couples the two, so that, whatever c is,
///   lambda_1 <= max(theta_1, tr B - tr T) + beta_k,    tr B = |S|_F^2:
/// where S is of low rank that is theta_1 once beta_k is 0. To the lesser of the two is added what rounding can do, and
/// the bound is never above the Frobenius norm. Only when the steps span everything is theta_1 itself lambda_1: a
/// beta_k that computes as 0 before is known to be no more than rounding, which c's chance then multiplies.
/// Source: van Dorsselaer, Hochstenbach, van der Vorst (2000), "Computing probabilistic bounds for extreme eigenvalues
/// of symmetric matrices with the Lanczos method", section 3.
class Lanczos {
 public:
  static constexpr double kChance = 0x1p-40;  ///< that a bound does not hold

  /// Of rows x cols, with at most `steps` steps (and min(rows, cols)).
  Lanczos(Context& ctx, index_t rows, index_t cols, int steps);
  /// Bytes that it takes in the context's memory.
  static double memory(index_t rows, index_t cols, int steps);

  /// `s` by rows and, transposed, by columns; `frobenius` at least its Frobenius norm. Takes steps until
  /// good_enough(sigma, bound). The random vector is that of `seed`, which must not have been used in making `s`.
  template <class T>
  TopSingular operator()(CsrView<T> s, CsrView<T> transposed, double frobenius, std::uint64_t seed,
                         const std::function<bool(double sigma, double bound)>& good_enough);

 private:
  /// Step j: alpha_j, beta_j and, unless beta_j is 0 to rounding, the basis vector j + 1. False where it is.
  bool step(index_t j, const std::function<void(const double*, double*)>& apply);
  double bound_above(const std::vector<double>& theta, double log_chance, double rounding) const;
  void orthogonalize(index_t count, double* w, std::vector<double>& along);

  Context& ctx_;
  index_t rows_, cols_;
  index_t steps_;
  Matrix<double> basis_;               ///< steps + 1 vectors of min(rows, cols)
  Buffer<double> long_, w_, scratch_;  ///< max(rows, cols), min(rows, cols) twice
  Buffer<double> along_;               ///< products with the basis
  std::vector<double> alpha_, beta_;
};

}  // namespace seesaw
