#include "dense_entries.hpp"

namespace seesaw::reference {

template <class T>
void dense_residual(CsrView<T> a, Orientation orientation, MatrixView<const T> m, T* residuals) {
  for (index_t i = 0; i < a.rows; ++i)
    for (offset_t e = a.offsets[i]; e < a.offsets[i + 1]; ++e) {
      const index_t j = a.columns[e];
      residuals[e - a.offsets[0]] = a.values[e] - (orientation == Orientation::by_row ? m(i, j) : m(j, i));
    }
}

template <class T>
void add_entries(double alpha, CsrView<T> s, MatrixView<T> m) {
  for (index_t i = 0; i < s.rows; ++i)
    for (offset_t e = s.offsets[i]; e < s.offsets[i + 1]; ++e) {
      const T weight = s.weights != nullptr ? s.weights[e] : T{1};
      m(i, s.columns[e]) += static_cast<T>(alpha) * weight * s.values[e];
    }
}

template void dense_residual(CsrView<float>, Orientation, MatrixView<const float>, float*);
template void dense_residual(CsrView<double>, Orientation, MatrixView<const double>, double*);
template void add_entries(double, CsrView<float>, MatrixView<float>);
template void add_entries(double, CsrView<double>, MatrixView<double>);

}  // namespace seesaw::reference
