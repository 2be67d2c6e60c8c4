#include <cblas.h>
#include <cublas_v2.h>

#include <algorithm>
#include <climits>
#include <cstdint>
#include <initializer_list>
#include <set>

#include "host_cuda/host_cuda.hpp"
#include "matrix_check.hpp"
#include "state.hpp"

struct cublasContext {
  cudaStream_t stream = nullptr;
};

namespace {

using host_cuda::valid_matrix;

std::set<cublasHandle_t>& handles() {
  static std::set<cublasHandle_t> live;
  return live;
}

/// Runs `body` with device memory accessible, where the handle is live and the arguments `valid()`.
template <class Valid, class Body>
cublasStatus_t blas_call(cublasHandle_t handle, Valid valid, Body body) {
  const host_cuda::ApiLock lock;
  if (handles().count(handle) == 0) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (host_cuda::planned_failure()) return CUBLAS_STATUS_EXECUTION_FAILED;
  if (!host_cuda::use_stream(handle->stream)) return CUBLAS_STATUS_EXECUTION_FAILED;
  if (!valid()) return CUBLAS_STATUS_INVALID_VALUE;
  const host_cuda::DeviceAccess access;
  body();
  return CUBLAS_STATUS_SUCCESS;
}

bool valid(cublasOperation_t op) { return op == CUBLAS_OP_N || op == CUBLAS_OP_T || op == CUBLAS_OP_C; }
bool valid(cublasFillMode_t uplo) { return uplo == CUBLAS_FILL_MODE_LOWER || uplo == CUBLAS_FILL_MODE_UPPER; }

CBLAS_TRANSPOSE cblas(cublasOperation_t op) { return op == CUBLAS_OP_N ? CblasNoTrans : CblasTrans; }
CBLAS_UPLO cblas(cublasFillMode_t uplo) { return uplo == CUBLAS_FILL_MODE_LOWER ? CblasLower : CblasUpper; }
CBLAS_SIDE cblas(cublasSideMode_t side) { return side == CUBLAS_SIDE_LEFT ? CblasLeft : CblasRight; }
CBLAS_DIAG cblas(cublasDiagType_t diag) { return diag == CUBLAS_DIAG_UNIT ? CblasUnit : CblasNonUnit; }

/// What the CBLAS behind this can take; the 64-bit entry points are there for their signatures.
bool fits_int(std::initializer_list<std::int64_t> sizes) {
  return std::all_of(sizes.begin(), sizes.end(), [](std::int64_t size) { return size <= INT_MAX; });
}

void cblas_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha, const float* a, int lda,
                const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(CblasColMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void cblas_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha, const double* a, int lda,
                const double* b, int ldb, double beta, double* c, int ldc) {
  cblas_dgemm(CblasColMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void cblas_syrk(CBLAS_UPLO uplo, CBLAS_TRANSPOSE t, int n, int k, float alpha, const float* a, int lda, float beta,
                float* c, int ldc) {
  cblas_ssyrk(CblasColMajor, uplo, t, n, k, alpha, a, lda, beta, c, ldc);
}
void cblas_syrk(CBLAS_UPLO uplo, CBLAS_TRANSPOSE t, int n, int k, double alpha, const double* a, int lda, double beta,
                double* c, int ldc) {
  cblas_dsyrk(CblasColMajor, uplo, t, n, k, alpha, a, lda, beta, c, ldc);
}
void cblas_trsm(CBLAS_SIDE side, CBLAS_UPLO uplo, CBLAS_TRANSPOSE t, CBLAS_DIAG diag, int m, int n, float alpha,
                const float* a, int lda, float* b, int ldb) {
  cblas_strsm(CblasColMajor, side, uplo, t, diag, m, n, alpha, a, lda, b, ldb);
}
void cblas_trsm(CBLAS_SIDE side, CBLAS_UPLO uplo, CBLAS_TRANSPOSE t, CBLAS_DIAG diag, int m, int n, double alpha,
                const double* a, int lda, double* b, int ldb) {
  cblas_dtrsm(CblasColMajor, side, uplo, t, diag, m, n, alpha, a, lda, b, ldb);
}

template <class T>
cublasStatus_t gemm(cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, std::int64_t m, std::int64_t n,
                    std::int64_t k, const T* alpha, const T* a, std::int64_t lda, std::int64_t stride_a, const T* b,
                    std::int64_t ldb, std::int64_t stride_b, const T* beta, T* c, std::int64_t ldc,
                    std::int64_t stride_c, int batches) {
  if (!fits_int({m, n, k, lda, ldb, ldc})) return CUBLAS_STATUS_NOT_SUPPORTED;
  const auto arguments_valid = [&] {
    if (!valid(ta) || !valid(tb) || m < 0 || n < 0 || k < 0 || batches < 0) return false;
    if (!host_cuda::on_host(alpha) || !host_cuda::on_host(beta)) return false;
    // Products that would overlap
    if (batches > 1 && m > 0 && n > 0 && stride_c < (n - 1) * ldc + m) return false;
    for (std::int64_t i = 0; i < batches; ++i) {
      if (!valid_matrix(a + i * stride_a, ta == CUBLAS_OP_N ? m : k, ta == CUBLAS_OP_N ? k : m, lda)) return false;
      if (!valid_matrix(b + i * stride_b, tb == CUBLAS_OP_N ? k : n, tb == CUBLAS_OP_N ? n : k, ldb)) return false;
      if (!valid_matrix(c + i * stride_c, m, n, ldc)) return false;
    }
    return true;
  };
  return blas_call(handle, arguments_valid, [&] {
    if (m == 0 || n == 0) return;
    for (std::int64_t i = 0; i < batches; ++i)
      cblas_gemm(cblas(ta), cblas(tb), static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), *alpha,
                 a + i * stride_a, static_cast<int>(lda), b + i * stride_b, static_cast<int>(ldb), *beta,
                 c + i * stride_c, static_cast<int>(ldc));
  });
}

template <class T>
cublasStatus_t syrk(cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t t, std::int64_t n, std::int64_t k,
                    const T* alpha, const T* a, std::int64_t lda, const T* beta, T* c, std::int64_t ldc) {
  if (!fits_int({n, k, lda, ldc})) return CUBLAS_STATUS_NOT_SUPPORTED;
  const auto arguments_valid = [&] {
    return valid(uplo) && valid(t) && n >= 0 && k >= 0 && host_cuda::on_host(alpha) && host_cuda::on_host(beta) &&
           valid_matrix(a, t == CUBLAS_OP_N ? n : k, t == CUBLAS_OP_N ? k : n, lda) && valid_matrix(c, n, n, ldc);
  };
  return blas_call(handle, arguments_valid, [&] {
    if (n > 0)
      cblas_syrk(cblas(uplo), cblas(t), static_cast<int>(n), static_cast<int>(k), *alpha, a, static_cast<int>(lda),
                 *beta, c, static_cast<int>(ldc));
  });
}

template <class T>
cublasStatus_t trsm(cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t t,
                    cublasDiagType_t diag, int m, int n, const T* alpha, const T* a, int lda, T* b, int ldb) {
  const int order = side == CUBLAS_SIDE_LEFT ? m : n;
  const auto arguments_valid = [&] {
    return (side == CUBLAS_SIDE_LEFT || side == CUBLAS_SIDE_RIGHT) && valid(uplo) && valid(t) &&
           (diag == CUBLAS_DIAG_UNIT || diag == CUBLAS_DIAG_NON_UNIT) && host_cuda::on_host(alpha) && m >= 0 &&
           n >= 0 && valid_matrix(a, order, order, lda) && valid_matrix(b, m, n, ldb);
  };
  return blas_call(handle, arguments_valid, [&] {
    if (m > 0 && n > 0) cblas_trsm(cblas(side), cblas(uplo), cblas(t), cblas(diag), m, n, *alpha, a, lda, b, ldb);
  });
}

}  // namespace

const char* cublasGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_INTERNAL_ERROR:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
  }
  return "CUBLAS_STATUS_UNKNOWN";
}

const char* cublasGetStatusString(cublasStatus_t status) { return cublasGetStatusName(status); }

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  if (handle == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  return host_cuda::runtime_call([&] {
           handles().insert(*handle = new cublasContext);
           return cudaSuccess;
         }) == cudaSuccess
             ? CUBLAS_STATUS_SUCCESS
             : CUBLAS_STATUS_NOT_INITIALIZED;
}

cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  const host_cuda::ApiLock lock;
  if (handles().erase(handle) == 0) return CUBLAS_STATUS_NOT_INITIALIZED;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  const host_cuda::ApiLock lock;
  if (handles().count(handle) == 0) return CUBLAS_STATUS_NOT_INITIALIZED;
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetStream(cublasHandle_t handle, cudaStream_t* stream) {
  const host_cuda::ApiLock lock;
  if (handles().count(handle) == 0) return CUBLAS_STATUS_NOT_INITIALIZED;
  *stream = handle->stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t) {
  const host_cuda::ApiLock lock;
  return handles().count(handle) == 0 ? CUBLAS_STATUS_NOT_INITIALIZED : CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSgemm(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n,
                           int k, const float* alpha, const float* A, int lda, const float* B, int ldb,
                           const float* beta, float* C, int ldc) {
  return gemm(handle, transa, transb, m, n, k, alpha, A, lda, 0, B, ldb, 0, beta, C, ldc, 0, 1);
}
cublasStatus_t cublasDgemm(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n,
                           int k, const double* alpha, const double* A, int lda, const double* B, int ldb,
                           const double* beta, double* C, int ldc) {
  return gemm(handle, transa, transb, m, n, k, alpha, A, lda, 0, B, ldb, 0, beta, C, ldc, 0, 1);
}
cublasStatus_t cublasSgemm_64(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int64_t m,
                              int64_t n, int64_t k, const float* alpha, const float* A, int64_t lda, const float* B,
                              int64_t ldb, const float* beta, float* C, int64_t ldc) {
  return gemm(handle, transa, transb, m, n, k, alpha, A, lda, 0, B, ldb, 0, beta, C, ldc, 0, 1);
}
cublasStatus_t cublasDgemm_64(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int64_t m,
                              int64_t n, int64_t k, const double* alpha, const double* A, int64_t lda, const double* B,
                              int64_t ldb, const double* beta, double* C, int64_t ldc) {
  return gemm(handle, transa, transb, m, n, k, alpha, A, lda, 0, B, ldb, 0, beta, C, ldc, 0, 1);
}

cublasStatus_t cublasSgemmStridedBatched(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,
                                         int m, int n, int k, const float* alpha, const float* A, int lda,
                                         long long strideA, const float* B, int ldb, long long strideB,
                                         const float* beta, float* C, int ldc, long long strideC, int batchCount) {
  return gemm(handle, transa, transb, m, n, k, alpha, A, lda, strideA, B, ldb, strideB, beta, C, ldc, strideC,
              batchCount);
}
cublasStatus_t cublasDgemmStridedBatched(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,
                                         int m, int n, int k, const double* alpha, const double* A, int lda,
                                         long long strideA, const double* B, int ldb, long long strideB,
                                         const double* beta, double* C, int ldc, long long strideC, int batchCount) {
  return gemm(handle, transa, transb, m, n, k, alpha, A, lda, strideA, B, ldb, strideB, beta, C, ldc, strideC,
              batchCount);
}

cublasStatus_t cublasSsyrk(cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t trans, int n, int k,
                           const float* alpha, const float* A, int lda, const float* beta, float* C, int ldc) {
  return syrk(handle, uplo, trans, n, k, alpha, A, lda, beta, C, ldc);
}
cublasStatus_t cublasDsyrk(cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t trans, int n, int k,
                           const double* alpha, const double* A, int lda, const double* beta, double* C, int ldc) {
  return syrk(handle, uplo, trans, n, k, alpha, A, lda, beta, C, ldc);
}
cublasStatus_t cublasSsyrk_64(cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n,
                              int64_t k, const float* alpha, const float* A, int64_t lda, const float* beta, float* C,
                              int64_t ldc) {
  return syrk(handle, uplo, trans, n, k, alpha, A, lda, beta, C, ldc);
}
cublasStatus_t cublasDsyrk_64(cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n,
                              int64_t k, const double* alpha, const double* A, int64_t lda, const double* beta,
                              double* C, int64_t ldc) {
  return syrk(handle, uplo, trans, n, k, alpha, A, lda, beta, C, ldc);
}

cublasStatus_t cublasStrsm(cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t trans,
                           cublasDiagType_t diag, int m, int n, const float* alpha, const float* A, int lda, float* B,
                           int ldb) {
  return trsm(handle, side, uplo, trans, diag, m, n, alpha, A, lda, B, ldb);
}
cublasStatus_t cublasDtrsm(cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t trans,
                           cublasDiagType_t diag, int m, int n, const double* alpha, const double* A, int lda,
                           double* B, int ldb) {
  return trsm(handle, side, uplo, trans, diag, m, n, alpha, A, lda, B, ldb);
}
