#pragma once
#include "launch.cuh"

namespace seesaw::cuda {

/// c = a op(b), column-major; c is m x n, k the number of terms.
inline void gemm(cublasHandle_t handle, cublasOperation_t tb, index_t m, index_t n, index_t k, const float* a,
                 index_t lda, const float* b, index_t ldb, float* c, index_t ldc) {
  const float one = 1, zero = 0;
  check(cublasSgemm_64(handle, CUBLAS_OP_N, tb, m, n, k, &one, a, lda, b, ldb, &zero, c, ldc), "cublasSgemm_64");
}
inline void gemm(cublasHandle_t handle, cublasOperation_t tb, index_t m, index_t n, index_t k, const double* a,
                 index_t lda, const double* b, index_t ldb, double* c, index_t ldc) {
  const double one = 1, zero = 0;
  check(cublasDgemm_64(handle, CUBLAS_OP_N, tb, m, n, k, &one, a, lda, b, ldb, &zero, c, ldc), "cublasDgemm_64");
}

}  // namespace seesaw::cuda
