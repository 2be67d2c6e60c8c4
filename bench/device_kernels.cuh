#pragma once
#include <cuda_runtime.h>

#include "seesaw/types.hpp"

// The kernels that measure a device (device.cu). Here for tests/host_cuda/bench_kernels_test.cpp to run them too.
namespace seesaw::bench {

inline constexpr int kPeakThreads = 256;
inline constexpr int kChains = 8;

// Thread t runs kChains chains of fused multiply-adds, chain -> factor * chain + term, from t % 32 + c on, and writes
// their sum, so that none can be left out: 2 kChains steps operations. Nothing but registers; eight blocks are resident
// on a multiprocessor, and each scheduler has 16 warps of 8 independent chains to choose from.
template <class T>
__global__ void __launch_bounds__(kPeakThreads, 8) run_chains_kernel(T factor, T term, int steps, T* out) {
  T chain[kChains];
#pragma unroll
  for (int c = 0; c < kChains; ++c) chain[c] = static_cast<T>(static_cast<int>(threadIdx.x) % 32 + c);
#pragma unroll 32
  for (int s = 0; s < steps; ++s)
#pragma unroll
    for (int c = 0; c < kChains; ++c) chain[c] = factor * chain[c] + term;
  T sum = T(0);
#pragma unroll
  for (int c = 0; c < kChains; ++c) sum += chain[c];
  out[static_cast<index_t>(blockIdx.x) * kPeakThreads + threadIdx.x] = sum;
}

struct alignas(16) Pair {
  double first, second;
};

// a = b + 3 c: thread t of the grid has pair t, 16 bytes of each array.
__global__ void __launch_bounds__(kPeakThreads) triad_kernel(const Pair* b, const Pair* c, index_t pairs, Pair* a) {
  const index_t n = static_cast<index_t>(blockIdx.x) * kPeakThreads + threadIdx.x;
  if (n < pairs) a[n] = {b[n].first + 3 * c[n].first, b[n].second + 3 * c[n].second};
}

}  // namespace seesaw::bench
