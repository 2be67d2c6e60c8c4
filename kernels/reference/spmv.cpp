#include "spmv.hpp"

namespace seesaw::reference {

template <class T>
void spmv(CsrView<T> s, const double* v, double* out) {
  for (index_t i = 0; i < s.rows; ++i) {
    double sum = 0;
    for (offset_t e = s.offsets[i]; e < s.offsets[i + 1]; ++e) {
      const double weight = s.weights != nullptr ? static_cast<double>(s.weights[e]) : 1.0;
      sum += weight * static_cast<double>(s.values[e]) * v[s.columns[e]];
    }
    out[i] = sum;
  }
}

template void spmv(CsrView<float>, const double*, double*);
template void spmv(CsrView<double>, const double*, double*);

}  // namespace seesaw::reference
