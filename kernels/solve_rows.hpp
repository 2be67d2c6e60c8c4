#pragma once
#include "penalty.hpp"

namespace seesaw {

/// What implicit feedback adds to solve_rows(): the part of every row's system that is there without its entries, in
/// the coordinates of src/solve_implicit_rows.cpp. `ratings.values` are confidences c then, there are no weights, and
///   A_i = diag(1 + (lambda w_i - least) spread_f) + sum (c - unobserved) y y',   b_i = sum c y
/// where lambda w_i >= least for every row with entries.
template <class T>
struct Shared {
  const T* spread = nullptr;  ///< k; null: no implicit feedback, and nothing of this counts
  double least = 0;
  T unobserved = 0;

  constexpr bool implicit() const { return spread != nullptr; }
  /// What, for an entry with this value and this weight (1: none), y y' is multiplied with in A.
  constexpr T weight(T value, T given) const { return implicit() ? value - unobserved : given; }
  /// And y in b.
  constexpr T coefficient(T value, T given) const { return implicit() ? value : given * value; }
};

template <class T>
struct SolveRows {
  CsrView<T> ratings;
  MatrixView<const T> y;
  Penalty penalty;
  MatrixView<T> x;
  std::int64_t* singular_rows;  ///< may be null
  Shared<T> shared = {};

  constexpr bool implicit() const { return shared.implicit(); }
  constexpr offset_t entries(index_t i) const { return ratings.offsets[i + 1] - ratings.offsets[i]; }

  /// The part of lambda w_i that differs from row to row, and what it makes of element f of the diagonal.
  constexpr T ridge(index_t i) const {
    const double whole = penalty.lambda * row_weight(penalty, entries(i));
    return static_cast<T>(implicit() ? whole - shared.least : whole);
  }
  constexpr T diagonal(T ridge, index_t f) const { return implicit() ? T(1) + ridge * shared.spread[f] : ridge; }

  /// Whether the system of row i is singular whatever its entries are: without a penalty (or with one that T rounds to
  /// 0), and with fewer of them than k. The rounding of a pivot that should be 0 might pass for one.
  constexpr bool too_short(index_t i) const {
    return !implicit() && entries(i) > 0 && entries(i) < y.cols && ridge(i) == T(0);
  }

  /// Everything that points into memory.
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor(ratings);
    visitor(y);
    visitor(x);
    visitor(singular_rows);
    visitor(shared.spread);
  }
};

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
// above max(rows of M, k) * eps times the largest, the cut-off of LAPACK's gelsd in NumPy's lstsq. With implicit
// feedback a system is singular in rounding only, where confidences exceed 1 / (k eps) times `unobserved`; then M = (C
// - unobserved I)^1/2 Y_i stacked over the root D^1/2 of the diagonal, for ((C - unobserved I)^1/2 1, D^-1/2 u) with u
// = unobserved * sum y, which has the same normal equations.
//
// The reference knows no implicit feedback here: reference::solve_implicit_rows takes the formula as it stands.
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
