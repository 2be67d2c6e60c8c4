#pragma once
#include <limits>

#include "seesaw/solve_implicit_rows.hpp"
#include "solve_rows.hpp"

namespace seesaw {

/// The smallest lambda w of a row with entries.
inline double least_ridge(Penalty penalty) { return penalty.lambda * row_weight(penalty, 1); }

/// The preconditioned residual's r'r at which conjugate gradients stop, b'b that of the right-hand side: x is the
/// solution to rounding, and further steps would divide rounding by rounding.
template <class T>
constexpr T cg_cutoff(T bb) {
  constexpr T eps = std::numeric_limits<T>::epsilon(), least = std::numeric_limits<T>::min();
  return eps * eps * bb > least ? eps * eps * bb : least;
}

// The reference takes the formula as it stands, or, where a k x k `gram` is given, that in the place of Y'Y: y has then
// only the vectors that entries meet. cpu and cuda have implicit feedback in solve_rows (Shared), in the
// coordinates that src/solve_implicit_rows.cpp chooses, and these steps of conjugate gradients there:
//
// conjugate_gradients: `steps` of them on each row's system, from problem.x as it is; rows without entries become 0. A
// row is left as it is from cg_cutoff() on.
// symmetric_eigen: the eigenvectors of the k x k matrix a, row-major, become its rows; eigenvalues ascending. On the
// host, in double, whatever the backend: k x k numbers.
namespace reference {
template <class T>
void solve_implicit_rows(CsrView<T> confidences, MatrixView<const T> y, MatrixView<const T> gram, ImplicitModel model,
                         MatrixView<T> x, std::int64_t* singular_rows);
}
namespace cpu {
void symmetric_eigen(index_t k, double* a, double* eigenvalues);
template <class T>
void conjugate_gradients(int threads, const SolveRows<T>& problem, int steps);
}  // namespace cpu
namespace cuda {
template <class T>
void conjugate_gradients(Resources& gpu, const SolveRows<T>& problem, int steps);
}

}  // namespace seesaw
