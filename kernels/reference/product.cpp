#include "product.hpp"

namespace seesaw::reference {

template <class T>
void product(MatrixView<const T> a, MatrixView<const T> y, MatrixView<T> out) {
  for (index_t i = 0; i < a.rows; ++i)
    for (index_t f = 0; f < y.cols; ++f) {
      T sum = 0;
      for (index_t j = 0; j < a.cols; ++j) sum += a(i, j) * y(j, f);
      out(i, f) = sum;
    }
}

template void product(MatrixView<const float>, MatrixView<const float>, MatrixView<float>);
template void product(MatrixView<const double>, MatrixView<const double>, MatrixView<double>);

}  // namespace seesaw::reference
