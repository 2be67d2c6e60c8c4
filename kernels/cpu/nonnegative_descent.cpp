#include "nonnegative_descent.hpp"

#include <algorithm>

#include "cpu/parallel.hpp"

namespace seesaw::cpu {

// The gradient of a row is kept and moves with each step, so that a pass takes k steps of k multiply-adds each over
// contiguous numbers.
template <class T>
void nonnegative_descent(int threads, MatrixView<const T> a, MatrixView<const T> b, int passes, MatrixView<T> x) {
  constexpr index_t kRows = 64;
  const index_t k = x.cols;
  for_blocks(
      threads, block_count(x.rows, kRows), [&] { return Buffer<T>(k); },
      [&](Buffer<T>& scratch, index_t block) {
        T* const gradient = scratch.data();
        for (index_t i = block * kRows; i < std::min(x.rows, (block + 1) * kRows); ++i) {
          T* const row = x.row(i);
          for (index_t f = 0; f < k; ++f) gradient[f] = -b(i, f);
          for (index_t g = 0; g < k; ++g)
            for (index_t f = 0; f < k; ++f) gradient[f] += row[g] * a(g, f);
          for (int pass = 0; pass < passes; ++pass)
            for (index_t f = 0; f < k; ++f) {
              const T moved = a(f, f) > 0 ? std::max(T{0}, row[f] - gradient[f] / a(f, f)) : T{0};
              const T step = moved - row[f];
              if (step == 0) continue;
              row[f] = moved;
              for (index_t g = 0; g < k; ++g) gradient[g] += step * a(f, g);
            }
        }
      });
}

template void nonnegative_descent(int, MatrixView<const float>, MatrixView<const float>, int, MatrixView<float>);
template void nonnegative_descent(int, MatrixView<const double>, MatrixView<const double>, int, MatrixView<double>);

}  // namespace seesaw::cpu
