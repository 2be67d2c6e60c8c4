#pragma once
#include "seesaw/solve_rows.hpp"

namespace seesaw {

template <class T>
struct SolveRows {
  CsrView<T> ratings;
  MatrixView<const T> y;
  Penalty penalty;
  MatrixView<T> x;
  std::int64_t* singular_rows;  ///< may be null
};

/// lambda w_i, of a row with so many entries.
template <class T>
constexpr T ridge_of(double lambda, Weighting weighting, offset_t entries) {
  return static_cast<T>(lambda * (weighting == Weighting::by_count ? static_cast<double>(entries) : 1.0));
}

/// Whether a row's system is singular whatever its entries are: without a penalty (or with one that T rounds to 0), and
/// with fewer of them than k. The rounding of a pivot that should be 0 might pass for one.
template <class T>
constexpr bool too_short(T ridge, offset_t entries, index_t k) {
  return ridge == T(0) && entries > 0 && entries < k;
}

/// What the workspace of solve_rows depends on.
struct SolveRowsSize {
  index_t rows = 0;
  index_t cols = 0;
  offset_t entries = 0;
  index_t rank = 0;

  double longest_row() const { return static_cast<double>(cols < entries ? cols : entries); }  ///< at most
};

// A row's system is singular where it is too_short(), and where Cholesky meets a pivot not above singular_threshold(k,
// its largest diagonal element) (solve_spd.hpp); in the dual form, n_i x n_i, singular_threshold(n_i, ...). Such a row,
// and only it, is solved again from its vectors, not from their Gram matrix: with M = C^1/2 Y_i stacked over
// sqrt(lambda w_i) I where lambda w_i > 0, the minimum-norm solution of M x = (C^1/2 a_i, 0) over the singular values
// above max(rows of M, k) * eps times the largest, the cut-off of LAPACK's gelsd in NumPy's lstsq.
//
// solve_rows_workspace: bytes that it takes besides its arguments, at most; in double, which does not overflow.
namespace reference {
template <class T>
void solve_rows(const SolveRows<T>& problem);
template <class T>
double solve_rows_workspace(const SolveRowsSize& size);
}  // namespace reference
namespace cpu {
template <class T>
void solve_rows(int threads, const SolveRows<T>& problem);
template <class T>
double solve_rows_workspace(int threads, const SolveRowsSize& size);
}  // namespace cpu
namespace cuda {
template <class T>
void solve_rows(Resources& gpu, const SolveRows<T>& problem);
template <class T>
double solve_rows_workspace(const SolveRowsSize& size);
}  // namespace cuda

}  // namespace seesaw
