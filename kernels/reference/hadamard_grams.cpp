#include "hadamard_grams.hpp"

namespace seesaw::reference {

template <class T>
void hadamard(const FactorList<T>& matrices, MatrixView<T> out) {
  for (index_t i = 0; i < out.rows; ++i)
    for (index_t j = 0; j < out.cols; ++j) {
      T product = 1;
      for (int n = 0; n < matrices.count; ++n) product *= matrices.factors[static_cast<std::size_t>(n)](i, j);
      out(i, j) = product;
    }
}

template void hadamard(const FactorList<float>&, MatrixView<float>);
template void hadamard(const FactorList<double>&, MatrixView<double>);

}  // namespace seesaw::reference
