#pragma once
#include "seesaw/sparse.hpp"

// Sparse entries against a dense matrix of the same shape, for solvers that form one.
namespace seesaw {

/// By which index the entries are compressed.
enum class Orientation { by_row, by_column };

// dense_residual: residuals_e = a_ij - m(i, j) over the entries of `a`, in their order from the first one on; by_column
// `a` is given transposed.
// add_entries: m(i, j) += alpha w_ij s_ij over the entries of `s`; w is 1 where it has no weights.
namespace reference {
template <class T>
void dense_residual(CsrView<T> a, Orientation orientation, MatrixView<const T> m, T* residuals);
template <class T>
void add_entries(double alpha, CsrView<T> s, MatrixView<T> m);
}  // namespace reference
namespace cpu {
template <class T>
void dense_residual(int threads, CsrView<T> a, Orientation orientation, MatrixView<const T> m, T* residuals);
template <class T>
void add_entries(int threads, double alpha, CsrView<T> s, MatrixView<T> m);
}  // namespace cpu
namespace cuda {
template <class T>
void dense_residual(Resources& gpu, CsrView<T> a, Orientation orientation, MatrixView<const T> m, T* residuals);
template <class T>
void add_entries(Resources& gpu, double alpha, CsrView<T> s, MatrixView<T> m);
}  // namespace cuda

}  // namespace seesaw
