#include <algorithm>

#include "product.hpp"
#include "resources.cuh"

namespace seesaw::cuda {
namespace {

/// c = a b, column-major.
void gemm(cublasHandle_t handle, index_t m, index_t n, index_t k, const float* a, index_t lda, const float* b,
          index_t ldb, float* c, index_t ldc) {
  const float one = 1, zero = 0;
  check(cublasSgemm_64(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, &one, a, lda, b, ldb, &zero, c, ldc),
        "cublasSgemm_64");
}
void gemm(cublasHandle_t handle, index_t m, index_t n, index_t k, const double* a, index_t lda, const double* b,
          index_t ldb, double* c, index_t ldc) {
  const double one = 1, zero = 0;
  check(cublasDgemm_64(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, &one, a, lda, b, ldb, &zero, c, ldc),
        "cublasDgemm_64");
}

}  // namespace

// Row-major matrices are their transposes to cuBLAS: out' = y' a'.
template <class T>
void product(Resources& gpu, MatrixView<const T> a, MatrixView<const T> y, MatrixView<T> out) {
  const DeviceScope scope(gpu.device());
  if (out.empty()) return;
  gemm(gpu.cublas(), out.cols, out.rows, a.cols, y.data, std::max(y.stride, out.cols), a.data,
       std::max<index_t>(a.stride, 1), out.data, out.stride);
}

template void product(Resources&, MatrixView<const float>, MatrixView<const float>, MatrixView<float>);
template void product(Resources&, MatrixView<const double>, MatrixView<const double>, MatrixView<double>);

}  // namespace seesaw::cuda
