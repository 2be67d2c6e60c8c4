#include "scale_columns.hpp"

#include <algorithm>

#include "cpu/parallel.hpp"

namespace seesaw::cpu {

template <class T>
void scale_columns(int threads, MatrixView<T> x, const T* scales) {
  constexpr index_t kRows = 1024;
  for_blocks(threads, block_count(x.rows, kRows), [&](index_t block) {
    for (index_t i = block * kRows; i < std::min(x.rows, (block + 1) * kRows); ++i)
      for (index_t f = 0; f < x.cols; ++f) x(i, f) *= scales[f];
  });
}

template void scale_columns(int, MatrixView<float>, const float*);
template void scale_columns(int, MatrixView<double>, const double*);

}  // namespace seesaw::cpu
