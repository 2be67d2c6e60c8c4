#include "khatri_rao.hpp"

#include <algorithm>

#include "cpu/parallel.hpp"
#include "cpu/product_row.hpp"

namespace seesaw::cpu {
// Blocks of rows. The product of all factors but the last is formed once for all rows of the last.
template <class T>
void khatri_rao(int threads, const FactorList<T>& factors, MatrixView<T> out) {
  constexpr index_t kElements = 1 << 14;  // of a block
  const MatrixView<const T> last = factors.factors[static_cast<std::size_t>(factors.count - 1)];
  const index_t k = out.cols, rows = std::max<index_t>(1, kElements / k);
  for_blocks(
      threads, block_count(out.rows, rows), [&] { return Buffer<T>(k); },
      [&](Buffer<T>& scratch, index_t block) {
        const T* product = scratch.data();
        const index_t end = std::min(out.rows, (block + 1) * rows);
        for (index_t row = block * rows; row < end;) {
          const index_t outer = row / last.rows, begin = outer * last.rows;
          product_row(factors, factors.count - 1, out.rows / last.rows, outer, k, scratch.data());
          for (; row < std::min(end, begin + last.rows); ++row) {
            const T* from = last.row(row - begin);
            T* to = out.row(row);
            for (index_t f = 0; f < k; ++f) to[f] = product[f] * from[f];
          }
        }
      });
}

template void khatri_rao(int, const FactorList<float>&, MatrixView<float>);
template void khatri_rao(int, const FactorList<double>&, MatrixView<double>);

}  // namespace seesaw::cpu
