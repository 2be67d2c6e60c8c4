#include "hadamard_rows.hpp"

namespace seesaw::reference {

template <class T>
void hadamard_rows(const HadamardRows<T>& problem) {
  for (index_t e = 0; e < problem.out.rows; ++e)
    for (index_t f = 0; f < problem.out.cols; ++f) {
      T product = 1;
      for (std::size_t n = 0; n < static_cast<std::size_t>(problem.count); ++n)
        product *= problem.factors[n](problem.indices[n][e], f);
      problem.out(e, f) = product;
    }
}

template void hadamard_rows(const HadamardRows<float>&);
template void hadamard_rows(const HadamardRows<double>&);

}  // namespace seesaw::reference
