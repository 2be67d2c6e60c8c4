#include "dense_entries.hpp"
#include "device.cuh"
#include "resources.cuh"

namespace seesaw::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kLanes = 32;
constexpr int kWarps = kThreads / kLanes;

__device__ inline index_t row_of_warp() { return static_cast<index_t>(blockIdx.x) * kWarps + threadIdx.x / kLanes; }

// A warp a row, lane l its entries l, l + 32, ... No shared memory.
template <class T>
__global__ void __launch_bounds__(kThreads)
    residual_kernel(CsrView<T> a, Orientation orientation, MatrixView<const T> m, T* residuals) {
  const index_t i = row_of_warp();
  if (i >= a.rows) return;
  for (offset_t e = a.offsets[i] + threadIdx.x % kLanes; e < a.offsets[i + 1]; e += kLanes) {
    const index_t j = a.columns[e];
    residuals[e - a.offsets[0]] =
        a.values[e] - (orientation == Orientation::by_row ? m.data[i * m.stride + j] : m.data[j * m.stride + i]);
  }
}

// The same. No two entries share a place.
template <class T>
__global__ void __launch_bounds__(kThreads) add_kernel(T alpha, CsrView<T> s, MatrixView<T> m) {
  const index_t i = row_of_warp();
  if (i >= s.rows) return;
  for (offset_t e = s.offsets[i] + threadIdx.x % kLanes; e < s.offsets[i + 1]; e += kLanes) {
    const T weight = s.weights != nullptr ? s.weights[e] : T(1);
    m.data[i * m.stride + s.columns[e]] += alpha * weight * s.values[e];
  }
}

}  // namespace

template <class T>
void dense_residual(Resources& gpu, CsrView<T> a, Orientation orientation, MatrixView<const T> m, T* residuals) {
  const DeviceScope scope(gpu.device());
  launch(residual_kernel<T>, (a.rows + kWarps - 1) / kWarps, kThreads, 0, gpu.stream(), a, orientation, m, residuals);
}

template <class T>
void add_entries(Resources& gpu, double alpha, CsrView<T> s, MatrixView<T> m) {
  const DeviceScope scope(gpu.device());
  launch(add_kernel<T>, (s.rows + kWarps - 1) / kWarps, kThreads, 0, gpu.stream(), static_cast<T>(alpha), s, m);
}

template void dense_residual(Resources&, CsrView<float>, Orientation, MatrixView<const float>, float*);
template void dense_residual(Resources&, CsrView<double>, Orientation, MatrixView<const double>, double*);
template void add_entries(Resources&, double, CsrView<float>, MatrixView<float>);
template void add_entries(Resources&, double, CsrView<double>, MatrixView<double>);

}  // namespace seesaw::cuda
