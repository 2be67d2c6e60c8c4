#pragma once
#include <algorithm>

#include "khatri_rao.hpp"

namespace seesaw::cpu {

/// product = the row `row` of the Khatri-Rao product of the first `count` factors, of `rows` rows; 1 for none.
template <class T>
void product_row(const FactorList<T>& factors, int count, index_t rows, index_t row, index_t k, T* product) {
  std::fill(product, product + k, T{1});
  for (int n = 0; n < count; ++n) {
    const MatrixView<const T>& factor = factors.factors[static_cast<std::size_t>(n)];
    rows /= factor.rows;
    const T* from = factor.row(row / rows);
    for (index_t f = 0; f < k; ++f) product[f] *= from[f];
    row %= rows;
  }
}

}  // namespace seesaw::cpu
