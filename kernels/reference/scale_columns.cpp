#include "scale_columns.hpp"

namespace seesaw::reference {

template <class T>
void scale_columns(MatrixView<T> x, const T* scales) {
  for (index_t i = 0; i < x.rows; ++i)
    for (index_t f = 0; f < x.cols; ++f) x(i, f) *= scales[f];
}

template void scale_columns(MatrixView<float>, const float*);
template void scale_columns(MatrixView<double>, const double*);

}  // namespace seesaw::reference
