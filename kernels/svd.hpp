#pragma once
#include "seesaw/svd.hpp"

namespace seesaw {

// svd: a is destroyed; neither side of it is 0.
// svd_workspace: bytes that it takes besides its arguments, at most.
namespace reference {
template <class T>
void svd(MatrixView<T> a, MatrixView<T> u, T* s, MatrixView<T> vt);
template <class T>
double svd_workspace(index_t rows, index_t cols);
}  // namespace reference
namespace cpu {
template <class T>
void svd(MatrixView<T> a, MatrixView<T> u, T* s, MatrixView<T> vt);
template <class T>
double svd_workspace(index_t rows, index_t cols);
}  // namespace cpu
namespace cuda {
/// Waits.
template <class T>
void svd(Resources& gpu, MatrixView<T> a, MatrixView<T> u, T* s, MatrixView<T> vt);
template <class T>
double svd_workspace(Resources& gpu, index_t rows, index_t cols);
}  // namespace cuda

}  // namespace seesaw
