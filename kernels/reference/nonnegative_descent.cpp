#include "nonnegative_descent.hpp"

#include <algorithm>

namespace seesaw::reference {

template <class T>
void nonnegative_descent(MatrixView<const T> a, MatrixView<const T> b, int passes, MatrixView<T> x) {
  for (index_t i = 0; i < x.rows; ++i)
    for (int pass = 0; pass < passes; ++pass)
      for (index_t f = 0; f < x.cols; ++f) {
        T gradient = -b(i, f);
        for (index_t g = 0; g < x.cols; ++g) gradient += a(f, g) * x(i, g);
        x(i, f) = a(f, f) > 0 ? std::max(T{0}, x(i, f) - gradient / a(f, f)) : T{0};
      }
}

template void nonnegative_descent(MatrixView<const float>, MatrixView<const float>, int, MatrixView<float>);
template void nonnegative_descent(MatrixView<const double>, MatrixView<const double>, int, MatrixView<double>);

}  // namespace seesaw::reference
