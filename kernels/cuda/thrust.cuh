#pragma once
// Device-wide sorting, scanning and reducing: Thrust, on a stream of ours and with its temporaries from the stream's
// memory pool. Include the algorithms' headers beside this one.
#include <cuda_runtime.h>
#include <thrust/system_error.h>

#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
#include <thrust/system/cuda/execution_policy.h>
#else
#include <thrust/system/cpp/execution_policy.h>

#include "host_cuda/host_cuda.hpp"
#endif

#include <cstddef>

#include "launch.cuh"
#include "seesaw/errors.hpp"

namespace seesaw::cuda {

/// Where Thrust takes its temporaries from.
class StreamAllocator {
 public:
  using value_type = char;

  explicit StreamAllocator(cudaStream_t stream) : stream_(stream) {}
  char* allocate(std::ptrdiff_t bytes) {
    void* p = nullptr;
    check(cudaMallocAsync(&p, static_cast<std::size_t>(bytes), stream_), "temporary memory of Thrust");
    return static_cast<char*>(p);
  }
  void deallocate(char* p, std::size_t) {
    if (p != nullptr) (void)cudaFreeAsync(p, stream_);
  }

 private:
  cudaStream_t stream_;
};

/// body(policy), where `policy` is the first argument of the Thrust algorithms that `body` calls on device pointers.
/// They are enqueued on `stream`; one that returns a value waits for it. Throws CudaError, OutOfMemory.
///   with_thrust(stream, [&](auto policy) { thrust::sort(policy, first, last); });
template <class Body>
decltype(auto) with_thrust(cudaStream_t stream, Body&& body) {
  StreamAllocator temporaries(stream);
  try {
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
    return body(thrust::cuda::par_nosync(temporaries).on(stream));
#else
    const host_cuda::DeviceAccess access;
    return body(thrust::cpp::par(temporaries));
#endif
  } catch (const thrust::system_error& error) {
    throw CudaError(std::string("Thrust: ") + error.what());
  }
}

}  // namespace seesaw::cuda
