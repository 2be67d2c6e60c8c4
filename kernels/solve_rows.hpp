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

// A row's system is singular where lambda = 0 and it has fewer entries than k (the rounding of a pivot that should be 0
// might pass for one), and where Cholesky meets a pivot not above singular_threshold(k, its largest diagonal element)
// (solve_spd.hpp). Such a row, and only it, is solved again from its vectors, not from their Gram matrix: with
// M = C^1/2 Y_i stacked over sqrt(lambda w_i) I where lambda > 0, the minimum-norm solution of M x = (C^1/2 a_i, 0)
// over the singular values above max(rows of M, k) * eps times the largest, the cut-off of LAPACK's gelsd in NumPy's
// lstsq.
namespace reference {
template <class T>
void solve_rows(const SolveRows<T>& problem);
}
namespace cpu {
template <class T>
void solve_rows(int threads, const SolveRows<T>& problem);
}
namespace cuda {
template <class T>
void solve_rows(Resources& gpu, const SolveRows<T>& problem);
}

}  // namespace seesaw
