#include "hadamard_grams.hpp"
#include "resources.cuh"

namespace seesaw::cuda {
namespace {

constexpr int kThreads = 128;

// A thread an element.
template <class T>
__global__ void __launch_bounds__(kThreads) hadamard_kernel(FactorList<T> matrices, MatrixView<T> out) {
  const index_t t = static_cast<index_t>(blockIdx.x) * kThreads + threadIdx.x;
  const index_t i = t / out.cols, j = t % out.cols;
  if (i >= out.rows) return;
  T product = matrices.factors[0].row(i)[j];
#pragma unroll
  for (int n = 1; n < kMaxOrder; ++n)
    if (n < matrices.count) product *= matrices.factors[n].row(i)[j];
  out.row(i)[j] = product;
}

}  // namespace

template <class T>
void hadamard(Resources& gpu, const FactorList<T>& matrices, MatrixView<T> out) {
  const DeviceScope scope(gpu.device());
  launch(hadamard_kernel<T>, (out.rows * out.cols + kThreads - 1) / kThreads, kThreads, 0, gpu.stream(), matrices, out);
}

template void hadamard(Resources&, const FactorList<float>&, MatrixView<float>);
template void hadamard(Resources&, const FactorList<double>&, MatrixView<double>);

}  // namespace seesaw::cuda
