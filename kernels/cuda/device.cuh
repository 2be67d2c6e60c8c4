#pragma once
// The vocabulary of device code, the same under nvcc and under g++ with tests/host_cuda: CUDA's builtins and this.
#include <cuda_runtime.h>

namespace seesaw::cuda {

/// The block's dynamic shared memory, of the size given to launch(). The only shared memory there is: a kernel cuts it
/// up itself, and says how in its comment.
template <class T>
__device__ T* dynamic_shared() {
  static_assert(alignof(T) <= 16);
#ifdef SEESAW_HOST_CUDA
  return static_cast<T*>(host_cuda::block_shared_memory());
#else
  extern __shared__ __align__(16) unsigned char bytes[];
  return reinterpret_cast<T*>(bytes);
#endif
}

}  // namespace seesaw::cuda
