#include "vectors.hpp"

namespace seesaw::reference {

template <class T>
double dot(index_t size, const T* a, const T* b, const T* weights) {
  double sum = 0;
  for (index_t n = 0; n < size; ++n) {
    const double weight = weights != nullptr ? static_cast<double>(weights[n]) : 1.0;
    sum += weight * static_cast<double>(a[n]) * static_cast<double>(b[n]);
  }
  return sum;
}

template <class T>
void combine(index_t size, double alpha, const T* a, double beta, T* b) {
  const T of_a = static_cast<T>(alpha), of_b = static_cast<T>(beta);
  for (index_t n = 0; n < size; ++n) b[n] = beta == 0 ? of_a * a[n] : of_a * a[n] + of_b * b[n];
}

template double dot(index_t, const float*, const float*, const float*);
template double dot(index_t, const double*, const double*, const double*);
template void combine(index_t, double, const float*, double, float*);
template void combine(index_t, double, const double*, double, double*);

}  // namespace seesaw::reference
