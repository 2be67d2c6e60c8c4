#include "khatri_rao.hpp"

namespace seesaw::reference {

template <class T>
void khatri_rao(const FactorList<T>& factors, MatrixView<T> out) {
  for (index_t row = 0; row < out.rows; ++row)
    for (index_t f = 0; f < out.cols; ++f) {
      T product = 1;
      index_t below = out.rows, rest = row;  // `rest` = the row within the product of the factors to come
      for (int n = 0; n < factors.count; ++n) {
        const MatrixView<const T>& factor = factors.factors[static_cast<std::size_t>(n)];
        below /= factor.rows;
        product *= factor(rest / below, f);
        rest %= below;
      }
      out(row, f) = product;
    }
}

template void khatri_rao(const FactorList<float>&, MatrixView<float>);
template void khatri_rao(const FactorList<double>&, MatrixView<double>);

}  // namespace seesaw::reference
