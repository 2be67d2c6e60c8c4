#include "team_sums.cuh"
#include "vectors.hpp"

namespace seesaw::cuda {
namespace {

// Block c takes the elements c * chunk to (c + 1) * chunk - 1, a thread every kThreads-th of them. Sums in double: by
// thread, then over the lanes of a team, then over the teams.
template <class T>
__global__ void __launch_bounds__(kThreads)
    dot_kernel(const T* a, const T* b, const T* weights, index_t size, index_t chunk, Sum* partials) {
  const index_t first = blockIdx.x * chunk, last = min(first + chunk, size);
  Sum sum{};
  for (index_t n = first + threadIdx.x; n < last; n += kThreads) {
    const double product = static_cast<double>(a[n]) * static_cast<double>(b[n]);
    sum.value += weights != nullptr ? static_cast<double>(weights[n]) * product : product;
  }
  sum.value = team_sum(sum.value);
  store_block_sums(sum, partials + blockIdx.x);
}

// A thread takes an element, then the one gridDim.x * kThreads further on.
template <class T>
__global__ void __launch_bounds__(kThreads)
    combine_kernel(index_t size, T alpha, const T* a, T beta, bool read_b, T* b) {
  for (index_t n = static_cast<index_t>(blockIdx.x) * kThreads + threadIdx.x; n < size;
       n += static_cast<index_t>(gridDim.x) * kThreads)
    b[n] = read_b ? alpha * a[n] + beta * b[n] : alpha * a[n];
}

}  // namespace

template <class T>
double dot(Resources& gpu, index_t size, const T* a, const T* b, const T* weights) {
  if (size == 0) return 0;
  const DeviceScope scope(gpu.device());
  const Cut cut(size);
  Sum* partials = gpu.scratch<Sum>(Scratch::sums, static_cast<std::size_t>(cut.blocks));
  launch(dot_kernel<T>, cut.blocks, kThreads, kTeams * sizeof(Sum), gpu.stream(), a, b, weights, size, cut.chunk,
         partials);
  return total(gpu, partials, cut.blocks).value;
}

template <class T>
void combine(Resources& gpu, index_t size, double alpha, const T* a, double beta, T* b) {
  constexpr index_t kMostBlocks = 16384;
  const DeviceScope scope(gpu.device());
  launch(combine_kernel<T>, std::min((size + kThreads - 1) / kThreads, kMostBlocks), kThreads, 0, gpu.stream(), size,
         static_cast<T>(alpha), a, static_cast<T>(beta), beta != 0, b);
}

template double dot(Resources&, index_t, const float*, const float*, const float*);
template double dot(Resources&, index_t, const double*, const double*, const double*);
template void combine(Resources&, index_t, double, const float*, double, float*);
template void combine(Resources&, index_t, double, const double*, double, double*);

}  // namespace seesaw::cuda
