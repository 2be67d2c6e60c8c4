#include "hadamard_grams.hpp"

#include <algorithm>

#include "cpu/parallel.hpp"

namespace seesaw::cpu {

template <class T>
void hadamard(int threads, const FactorList<T>& matrices, MatrixView<T> out) {
  constexpr index_t kElements = 1 << 16;  // of a block: fewer are done before another thread has woken
  const index_t rows = std::max<index_t>(1, kElements / out.cols);
  for_blocks(threads, block_count(out.rows, rows), [&](index_t block) {
    for (index_t i = block * rows; i < std::min(out.rows, (block + 1) * rows); ++i) {
      T* to = out.row(i);
      std::copy_n(matrices.factors[0].row(i), out.cols, to);
      for (int n = 1; n < matrices.count; ++n) {
        const T* from = matrices.factors[static_cast<std::size_t>(n)].row(i);
        for (index_t j = 0; j < out.cols; ++j) to[j] *= from[j];
      }
    }
  });
}

template void hadamard(int, const FactorList<float>&, MatrixView<float>);
template void hadamard(int, const FactorList<double>&, MatrixView<double>);

}  // namespace seesaw::cpu
