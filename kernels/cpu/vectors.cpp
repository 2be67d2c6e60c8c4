#include "vectors.hpp"

#include <algorithm>
#include <vector>

#include "cpu/parallel.hpp"

namespace seesaw::cpu {
namespace {

constexpr index_t kElements = 1 << 16;  // of a block, whatever the number of threads

}  // namespace

template <class T>
double dot(int threads, index_t size, const T* a, const T* b, const T* weights) {
  std::vector<double> partial(static_cast<std::size_t>(block_count(size, kElements)));
  for_blocks(threads, block_count(size, kElements), [&](index_t block) {
    constexpr index_t kChains = 8;  // an addition need not wait for the one before
    double sums[kChains] = {};
    const index_t first = block * kElements, last = std::min(size, first + kElements);
    if (weights == nullptr)
      for (index_t n = first; n < last; ++n) sums[n % kChains] += static_cast<double>(a[n]) * static_cast<double>(b[n]);
    else
      for (index_t n = first; n < last; ++n)
        sums[n % kChains] += static_cast<double>(weights[n]) * static_cast<double>(a[n]) * static_cast<double>(b[n]);
    double sum = 0;
    for (const double part : sums) sum += part;
    partial[static_cast<std::size_t>(block)] = sum;
  });
  double sum = 0;
  for (const double part : partial) sum += part;
  return sum;
}

template <class T>
void combine(int threads, index_t size, double alpha, const T* a, double beta, T* b) {
  const T of_a = static_cast<T>(alpha), of_b = static_cast<T>(beta);
  for_blocks(threads, block_count(size, kElements), [&](index_t block) {
    const index_t first = block * kElements, last = std::min(size, first + kElements);
    if (beta == 0)
      for (index_t n = first; n < last; ++n) b[n] = of_a * a[n];
    else
      for (index_t n = first; n < last; ++n) b[n] = of_a * a[n] + of_b * b[n];
  });
}

template double dot(int, index_t, const float*, const float*, const float*);
template double dot(int, index_t, const double*, const double*, const double*);
template void combine(int, index_t, double, const float*, double, float*);
template void combine(int, index_t, double, const double*, double, double*);

}  // namespace seesaw::cpu
