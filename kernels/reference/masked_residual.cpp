#include "masked_residual.hpp"

namespace seesaw::reference {

template <class T>
ResidualSums masked_residual(CsrView<T> ratings, MatrixView<const T> x, MatrixView<const T> y, T* residuals) {
  ResidualSums sums;
  for (index_t i = 0; i < ratings.rows; ++i)
    for (offset_t e = ratings.offsets[i]; e < ratings.offsets[i + 1]; ++e) {
      T prediction = 0;
      for (index_t f = 0; f < x.cols; ++f) prediction += x(i, f) * y(ratings.columns[e], f);
      const T residual = (ratings.values ? ratings.values[e] : T{1}) - prediction;
      const double squared = static_cast<double>(residual) * static_cast<double>(residual);
      sums.squared += squared;
      sums.weighted_squared += ratings.weights ? static_cast<double>(ratings.weights[e]) * squared : squared;
      sums.sum += static_cast<double>(residual);
      if (residuals != nullptr) residuals[e - ratings.offsets[0]] = residual;
    }
  return sums;
}

template ResidualSums masked_residual(CsrView<float>, MatrixView<const float>, MatrixView<const float>, float*);
template ResidualSums masked_residual(CsrView<double>, MatrixView<const double>, MatrixView<const double>, double*);

}  // namespace seesaw::reference
