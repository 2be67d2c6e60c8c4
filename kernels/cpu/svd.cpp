#include "svd.hpp"

#include "cpu/lapack.hpp"

namespace seesaw::cpu {
namespace {

/// Numbers that gesdd works with: its documented least, and what lets it work on blocks of columns.
index_t work_size(index_t rows, index_t cols) {
  constexpr index_t kColumns = 64;
  const index_t less = std::min(rows, cols);
  return 4 * less * less + 7 * less + kColumns * (rows + cols);
}

}  // namespace

// A row-major a is a' to LAPACK, so that its left vectors are V, by columns, and its right ones U'.
template <class T>
void svd(MatrixView<T> a, MatrixView<T> u, T* s, MatrixView<T> vt) {
  constexpr index_t kMost = 23000;  // 4 kMost^2 < 2^31
  const index_t less = std::min(a.rows, a.cols);
  if (less > kMost || work_size(a.rows, a.cols) > 0x7fffffff)
    throw InvalidArgument("a is " + std::to_string(a.rows) + " x " + std::to_string(a.cols) +
                          ", larger than LAPACK can decompose: its smaller size may be some " + std::to_string(kMost));
  const SingleThreadedBlas guard;
  Buffer<T> work(work_size(a.rows, a.cols));
  Buffer<lapack_int> integers(8 * less);
  gesdd(a.cols, a.rows, a.data, a.stride, s, vt.data, vt.stride, u.data, u.stride, work.data(), work.size(),
        integers.data());
}

template <class T>
double svd_workspace(index_t rows, index_t cols) {
  const auto less = static_cast<double>(std::min(rows, cols));
  return (4 * less * less + 7 * less + 64 * static_cast<double>(rows + cols)) * sizeof(T) +
         8 * less * sizeof(lapack_int);
}

template void svd(MatrixView<float>, MatrixView<float>, float*, MatrixView<float>);
template void svd(MatrixView<double>, MatrixView<double>, double*, MatrixView<double>);
template double svd_workspace<float>(index_t, index_t);
template double svd_workspace<double>(index_t, index_t);

}  // namespace seesaw::cpu
