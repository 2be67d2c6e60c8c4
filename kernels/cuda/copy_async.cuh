#pragma once
#include <cuda_runtime.h>

// Copies from global to shared memory that pass by the registers (cp.async); over host_cuda they are made no earlier
// than at the wait, so that a missing one shows. A thread's copies are there after its wait_copies(); other threads see
// them after a barrier that follows it.
namespace seesaw::cuda {

/// Bytes = 4, 8 or 16; both ends aligned to it.
template <int Bytes>
__device__ __forceinline__ void copy_async(void* shared, const void* global) {
  static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16);
#ifdef SEESAW_HOST_CUDA
  host_cuda::copy_later(shared, global, Bytes);
#else
  const auto to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(to), "l"(global), "n"(Bytes) : "memory");
#endif
}

__device__ __forceinline__ void wait_copies() {
#ifdef SEESAW_HOST_CUDA
  host_cuda::finish_copies();
#else
  asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}

}  // namespace seesaw::cuda
