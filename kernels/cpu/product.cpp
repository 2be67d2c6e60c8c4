#include "product.hpp"

#include "cpu/lapack.hpp"

namespace seesaw::cpu {

// Blocks of rows, each a product of its own.
template <class T>
void product(int threads, MatrixView<const T> a, MatrixView<const T> y, MatrixView<T> out) {
  constexpr index_t kRows = 256;
  if (out.empty()) return;
  for_blocks(threads, block_count(a.rows, kRows), [&](index_t block) {
    const SingleThreadedBlas guard;
    const index_t first = block * kRows, rows = std::min(kRows, a.rows - first);
    gemm(CblasNoTrans, CblasNoTrans, rows, y.cols, a.cols, T{1}, a.row(first), a.stride, y.data, y.stride, T{0},
         out.row(first), out.stride);
  });
}

template void product(int, MatrixView<const float>, MatrixView<const float>, MatrixView<float>);
template void product(int, MatrixView<const double>, MatrixView<const double>, MatrixView<double>);

}  // namespace seesaw::cpu
