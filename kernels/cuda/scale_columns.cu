#include <algorithm>

#include "launch.cuh"
#include "resources.cuh"
#include "scale_columns.hpp"

namespace seesaw::cuda {
namespace {

constexpr int kThreads = 256;

// A thread takes an element, then the one gridDim.x * kThreads further on. 12 bytes in float and one multiplication
// each. No shared memory.
template <class T>
__global__ void __launch_bounds__(kThreads) scale_kernel(MatrixView<T> x, const T* scales) {
  const index_t elements = x.rows * x.cols;
  for (index_t n = static_cast<index_t>(blockIdx.x) * kThreads + threadIdx.x; n < elements;
       n += static_cast<index_t>(gridDim.x) * kThreads) {
    const index_t i = n / x.cols, f = n % x.cols;
    x.data[i * x.stride + f] *= scales[f];
  }
}

}  // namespace

template <class T>
void scale_columns(Resources& gpu, MatrixView<T> x, const T* scales) {
  constexpr index_t kMostBlocks = 16384;
  const DeviceScope scope(gpu.device());
  launch(scale_kernel<T>, std::min((x.rows * x.cols + kThreads - 1) / kThreads, kMostBlocks), kThreads, 0, gpu.stream(),
         x, scales);
}

template void scale_columns(Resources&, MatrixView<float>, const float*);
template void scale_columns(Resources&, MatrixView<double>, const double*);

}  // namespace seesaw::cuda
