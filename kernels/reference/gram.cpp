#include "gram.hpp"

namespace seesaw::reference {

template <class T>
void gram(MatrixView<const T> y, MatrixView<T> out) {
  for (index_t a = 0; a < y.cols; ++a)
    for (index_t b = 0; b < y.cols; ++b) {
      T sum = 0;
      for (index_t i = 0; i < y.rows; ++i) sum += y(i, a) * y(i, b);
      out(a, b) = sum;
    }
}

template void gram(MatrixView<const float>, MatrixView<float>);
template void gram(MatrixView<const double>, MatrixView<double>);

}  // namespace seesaw::reference
