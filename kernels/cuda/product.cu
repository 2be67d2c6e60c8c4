#include <algorithm>

#include "gemm.cuh"
#include "product.hpp"
#include "resources.cuh"

namespace seesaw::cuda {
// Row-major matrices are their transposes to cuBLAS: out' = y' a'.
template <class T>
void product(Resources& gpu, MatrixView<const T> a, MatrixView<const T> y, MatrixView<T> out) {
  const DeviceScope scope(gpu.device());
  if (out.empty()) return;
  gemm(gpu.cublas(), CUBLAS_OP_N, out.cols, out.rows, a.cols, y.data, std::max(y.stride, out.cols), a.data,
       std::max<index_t>(a.stride, 1), out.data, out.stride);
}

template void product(Resources&, MatrixView<const float>, MatrixView<const float>, MatrixView<float>);
template void product(Resources&, MatrixView<const double>, MatrixView<const double>, MatrixView<double>);

}  // namespace seesaw::cuda
