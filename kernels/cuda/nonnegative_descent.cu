#include <algorithm>

#include "device.cuh"
#include "launch.cuh"
#include "nonnegative_descent.hpp"
#include "resources.cuh"

namespace seesaw::cuda {
namespace {

constexpr int kLanes = 32;
constexpr int kWarps = 4;
constexpr int kThreads = kWarps * kLanes;

// A warp a row; lane l owns the elements l, l + 32, ... of x and of the gradient a x - b, which lie in shared memory,
// 2 k numbers a warp. A step is taken by the lane that owns the element and told to the others by a shuffle; they all
// add it to their part of the gradient. Of a row of a, read through the cache, each element makes one multiply-add:
// passes k^2 of them a row, and (3 + k) k numbers read.
template <class T>
__global__ void __launch_bounds__(kThreads)
    descent_kernel(MatrixView<const T> a, MatrixView<const T> b, int passes, MatrixView<T> x) {
  const int lane = static_cast<int>(threadIdx.x) % kLanes, warp = static_cast<int>(threadIdx.x) / kLanes;
  const index_t row = static_cast<index_t>(blockIdx.x) * kWarps + warp, k = x.cols;
  if (row >= x.rows) return;  // the whole warp
  T* const gradient = dynamic_shared<T>() + 2 * warp * k;
  T* const own = gradient + k;
  for (index_t f = lane; f < k; f += kLanes) {
    gradient[f] = -b.data[row * b.stride + f];
    own[f] = x.data[row * x.stride + f];
  }
  __syncwarp();
  for (index_t g = 0; g < k; ++g)
    for (index_t f = lane; f < k; f += kLanes) gradient[f] += own[g] * a.data[g * a.stride + f];
  __syncwarp();
  for (int pass = 0; pass < passes; ++pass)
    for (index_t f = 0; f < k; ++f) {
      const int owner = static_cast<int>(f % kLanes);
      T step = 0;
      if (lane == owner) {
        const T pivot = a.data[f * a.stride + f];
        const T moved = pivot > 0 ? max(T{0}, own[f] - gradient[f] / pivot) : T{0};
        step = moved - own[f];
        own[f] = moved;
      }
      step = __shfl_sync(0xffffffffu, step, owner);
      if (step == 0) continue;  // in every lane
      for (index_t g = lane; g < k; g += kLanes) gradient[g] += step * a.data[f * a.stride + g];
    }
  for (index_t f = lane; f < k; f += kLanes) x.data[row * x.stride + f] = own[f];
}

}  // namespace

template <class T>
void nonnegative_descent(Resources& gpu, MatrixView<const T> a, MatrixView<const T> b, int passes, MatrixView<T> x) {
  const DeviceScope scope(gpu.device());
  const auto shared = static_cast<std::size_t>(2 * kWarps * x.cols) * sizeof(T);
  launch(descent_kernel<T>, (x.rows + kWarps - 1) / kWarps, kThreads, shared, gpu.stream(), a, b, passes, x);
}

template void nonnegative_descent(Resources&, MatrixView<const float>, MatrixView<const float>, int, MatrixView<float>);
template void nonnegative_descent(Resources&, MatrixView<const double>, MatrixView<const double>, int,
                                  MatrixView<double>);

}  // namespace seesaw::cuda
