#include <cusolverDn.h>
#include <lapacke.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <set>
#include <vector>

#include "host_cuda/host_cuda.hpp"
#include "matrix_check.hpp"
#include "state.hpp"

struct cusolverDnContext {
  cudaStream_t stream = nullptr;
};

namespace {

using host_cuda::on_device;
using host_cuda::valid_matrix;

std::set<cusolverDnHandle_t>& handles() {
  static std::set<cusolverDnHandle_t> live;
  return live;
}

/// Runs `body` with device memory accessible, where the handle is live and the arguments `valid()`.
template <class Valid, class Body>
cusolverStatus_t solver_call(cusolverDnHandle_t handle, Valid valid, Body body) {
  const host_cuda::ApiLock lock;
  if (handles().count(handle) == 0) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (host_cuda::planned_failure()) return CUSOLVER_STATUS_EXECUTION_FAILED;
  if (!host_cuda::use_stream(handle->stream)) return CUSOLVER_STATUS_EXECUTION_FAILED;
  const host_cuda::DeviceAccess access;  // also to read the arrays of pointers
  if (!valid()) return CUSOLVER_STATUS_INVALID_VALUE;
  body();
  return CUSOLVER_STATUS_SUCCESS;
}

bool valid(cublasFillMode_t uplo) { return uplo == CUBLAS_FILL_MODE_LOWER || uplo == CUBLAS_FILL_MODE_UPPER; }
char lapack(cublasFillMode_t uplo) { return uplo == CUBLAS_FILL_MODE_LOWER ? 'L' : 'U'; }

int lapack_potrf(cublasFillMode_t uplo, int n, float* a, int lda) {
  return LAPACKE_spotrf_work(LAPACK_COL_MAJOR, lapack(uplo), n, a, lda);
}
int lapack_potrf(cublasFillMode_t uplo, int n, double* a, int lda) {
  return LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, lapack(uplo), n, a, lda);
}
int lapack_potrs(cublasFillMode_t uplo, int n, int nrhs, const float* a, int lda, float* b, int ldb) {
  return LAPACKE_spotrs_work(LAPACK_COL_MAJOR, lapack(uplo), n, nrhs, a, lda, b, ldb);
}
int lapack_potrs(cublasFillMode_t uplo, int n, int nrhs, const double* a, int lda, double* b, int ldb) {
  return LAPACKE_dpotrs_work(LAPACK_COL_MAJOR, lapack(uplo), n, nrhs, a, lda, b, ldb);
}

constexpr int workspace(int n) { return std::max(n, 1); }

cusolverStatus_t buffer_size(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, int lda, int* length) {
  return solver_call(
      handle, [&] { return valid(uplo) && n >= 0 && lda >= std::max(n, 1) && length != nullptr; },
      [&] { *length = workspace(n); });
}

template <class T>
cusolverStatus_t potrf(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, T* a, int lda, T* work, int length,
                       int* info) {
  const auto arguments_valid = [&] {
    return valid(uplo) && n >= 0 && valid_matrix(a, n, n, lda) && length >= workspace(n) &&
           on_device(work, static_cast<std::size_t>(length) * sizeof(T)) && on_device(info, sizeof(int));
  };
  return solver_call(handle, arguments_valid, [&] {
    std::memset(work, 0xFF, static_cast<std::size_t>(length) * sizeof(T));  // so that nothing else may live there
    *info = n == 0 ? 0 : lapack_potrf(uplo, n, a, lda);
  });
}

template <class T>
cusolverStatus_t potrs(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, int nrhs, const T* a, int lda, T* b,
                       int ldb, int* info) {
  const auto arguments_valid = [&] {
    return valid(uplo) && n >= 0 && nrhs >= 0 && valid_matrix(a, n, n, lda) && valid_matrix(b, n, nrhs, ldb) &&
           on_device(info, sizeof(int));
  };
  return solver_call(handle, arguments_valid,
                     [&] { *info = n == 0 || nrhs == 0 ? 0 : lapack_potrs(uplo, n, nrhs, a, lda, b, ldb); });
}

/// Whether the array and each matrix it points to are device memory.
template <class T>
bool valid_array(T* const* array, int batches, int rows, int cols, int ld) {
  if (batches == 0) return true;
  if (!on_device(array, static_cast<std::size_t>(batches) * sizeof(T*))) return false;
  return std::all_of(array, array + batches, [&](const T* a) { return valid_matrix(a, rows, cols, ld); });
}

/// cuSOLVER uses the other triangle as its workspace.
template <class T>
void destroy_other_triangle(cublasFillMode_t uplo, int n, T* a, int lda) {
  for (std::ptrdiff_t column = 0; column < n; ++column)
    for (std::ptrdiff_t row = 0; row < n; ++row)
      if (uplo == CUBLAS_FILL_MODE_LOWER ? row < column : row > column)
        a[column * lda + row] = std::numeric_limits<T>::quiet_NaN();
}

template <class T>
cusolverStatus_t potrf_batched(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, T* array[], int lda, int* info,
                               int batches) {
  const auto arguments_valid = [&] {
    return valid(uplo) && n >= 0 && lda >= std::max(n, 1) && batches >= 0 && valid_array(array, batches, n, n, lda) &&
           (batches == 0 || on_device(info, static_cast<std::size_t>(batches) * sizeof(int)));
  };
  return solver_call(handle, arguments_valid, [&] {
    for (int i = 0; i < batches && n > 0; ++i) {
      info[i] = lapack_potrf(uplo, n, array[i], lda);
      destroy_other_triangle(uplo, n, array[i], lda);
    }
  });
}

template <class T>
cusolverStatus_t potrs_batched(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, int nrhs, T* a[], int lda,
                               T* b[], int ldb, int* info, int batches) {
  const auto arguments_valid = [&] {
    return valid(uplo) && n >= 0 && nrhs == 1 && lda >= std::max(n, 1) && ldb >= std::max(n, 1) && batches >= 0 &&
           valid_array(a, batches, n, n, lda) && valid_array(b, batches, n, nrhs, ldb) && on_device(info, sizeof(int));
  };
  return solver_call(handle, arguments_valid, [&] {
    for (int i = 0; i < batches && n > 0; ++i) lapack_potrs(uplo, n, nrhs, a[i], lda, b[i], ldb);
    *info = 0;  // of the arguments: that a matrix was not definite, only potrfBatched says
  });
}

int lapack_gesvd(char jobu, char jobvt, int m, int n, float* a, int lda, float* s, float* u, int ldu, float* vt,
                 int ldvt, float* superb) {
  return LAPACKE_sgesvd(LAPACK_COL_MAJOR, jobu, jobvt, m, n, a, lda, s, u, ldu, vt, ldvt, superb);
}
int lapack_gesvd(char jobu, char jobvt, int m, int n, double* a, int lda, double* s, double* u, int ldu, double* vt,
                 int ldvt, double* superb) {
  return LAPACKE_dgesvd(LAPACK_COL_MAJOR, jobu, jobvt, m, n, a, lda, s, u, ldu, vt, ldvt, superb);
}

constexpr int svd_workspace(int m, int n) { return std::max(5 * n + m, 1); }

cusolverStatus_t svd_buffer_size(cusolverDnHandle_t handle, int m, int n, int* length) {
  return solver_call(
      handle, [&] { return n >= 0 && m >= n && length != nullptr; }, [&] { *length = svd_workspace(m, n); });
}

template <class T>
cusolverStatus_t gesvd(cusolverDnHandle_t handle, signed char jobu, signed char jobvt, int m, int n, T* a, int lda,
                       T* s, T* u, int ldu, T* vt, int ldvt, T* work, int length, T* rwork, int* info) {
  const auto valid_job = [](signed char job) { return job == 'A' || job == 'S' || job == 'N'; };
  const auto arguments_valid = [&] {
    const auto numbers = [](const T* array, int count) {
      return count <= 0 || on_device(array, static_cast<std::size_t>(count) * sizeof(T));
    };
    return valid_job(jobu) && valid_job(jobvt) && n >= 0 && m >= n && valid_matrix(a, m, n, lda) && numbers(s, n) &&
           ldu >= 1 && (jobu == 'N' || valid_matrix(u, m, jobu == 'A' ? m : n, ldu)) && ldvt >= 1 &&
           (jobvt == 'N' || valid_matrix(vt, n, n, ldvt)) && length >= svd_workspace(m, n) && numbers(work, length) &&
           (rwork == nullptr || numbers(rwork, n - 1)) && on_device(info, sizeof(int));
  };
  return solver_call(handle, arguments_valid, [&] {
    std::memset(work, 0xFF, static_cast<std::size_t>(length) * sizeof(T));
    std::vector<T> superdiagonal(static_cast<std::size_t>(std::max(n, 1)));
    *info = n == 0 ? 0
                   : lapack_gesvd(static_cast<char>(jobu), static_cast<char>(jobvt), m, n, a, lda, s, u, ldu, vt, ldvt,
                                  superdiagonal.data());
    for (std::ptrdiff_t column = 0; column < n; ++column)  // destroyed on exit
      std::fill_n(a + column * lda, m, std::numeric_limits<T>::quiet_NaN());
  });
}

}  // namespace

cusolverStatus_t cusolverDnCreate(cusolverDnHandle_t* handle) {
  if (handle == nullptr) return CUSOLVER_STATUS_INVALID_VALUE;
  return host_cuda::runtime_call([&] {
           handles().insert(*handle = new cusolverDnContext);
           return cudaSuccess;
         }) == cudaSuccess
             ? CUSOLVER_STATUS_SUCCESS
             : CUSOLVER_STATUS_NOT_INITIALIZED;
}

cusolverStatus_t cusolverDnDestroy(cusolverDnHandle_t handle) {
  const host_cuda::ApiLock lock;
  if (handles().erase(handle) == 0) return CUSOLVER_STATUS_NOT_INITIALIZED;
  delete handle;
  return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t cusolverDnSetStream(cusolverDnHandle_t handle, cudaStream_t stream) {
  const host_cuda::ApiLock lock;
  if (handles().count(handle) == 0) return CUSOLVER_STATUS_NOT_INITIALIZED;
  handle->stream = stream;
  return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t cusolverDnGetStream(cusolverDnHandle_t handle, cudaStream_t* stream) {
  const host_cuda::ApiLock lock;
  if (handles().count(handle) == 0) return CUSOLVER_STATUS_NOT_INITIALIZED;
  *stream = handle->stream;
  return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t cusolverDnSpotrf_bufferSize(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, float*, int lda,
                                             int* Lwork) {
  return buffer_size(handle, uplo, n, lda, Lwork);
}
cusolverStatus_t cusolverDnDpotrf_bufferSize(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, double*, int lda,
                                             int* Lwork) {
  return buffer_size(handle, uplo, n, lda, Lwork);
}
cusolverStatus_t cusolverDnSpotrf(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, float* A, int lda,
                                  float* Workspace, int Lwork, int* devInfo) {
  return potrf(handle, uplo, n, A, lda, Workspace, Lwork, devInfo);
}
cusolverStatus_t cusolverDnDpotrf(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, double* A, int lda,
                                  double* Workspace, int Lwork, int* devInfo) {
  return potrf(handle, uplo, n, A, lda, Workspace, Lwork, devInfo);
}
cusolverStatus_t cusolverDnSpotrs(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, int nrhs, const float* A,
                                  int lda, float* B, int ldb, int* devInfo) {
  return potrs(handle, uplo, n, nrhs, A, lda, B, ldb, devInfo);
}
cusolverStatus_t cusolverDnDpotrs(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, int nrhs, const double* A,
                                  int lda, double* B, int ldb, int* devInfo) {
  return potrs(handle, uplo, n, nrhs, A, lda, B, ldb, devInfo);
}
cusolverStatus_t cusolverDnSpotrfBatched(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, float* Aarray[],
                                         int lda, int* infoArray, int batchSize) {
  return potrf_batched(handle, uplo, n, Aarray, lda, infoArray, batchSize);
}
cusolverStatus_t cusolverDnDpotrfBatched(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, double* Aarray[],
                                         int lda, int* infoArray, int batchSize) {
  return potrf_batched(handle, uplo, n, Aarray, lda, infoArray, batchSize);
}
cusolverStatus_t cusolverDnSpotrsBatched(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, int nrhs, float* A[],
                                         int lda, float* B[], int ldb, int* d_info, int batchSize) {
  return potrs_batched(handle, uplo, n, nrhs, A, lda, B, ldb, d_info, batchSize);
}
cusolverStatus_t cusolverDnDpotrsBatched(cusolverDnHandle_t handle, cublasFillMode_t uplo, int n, int nrhs, double* A[],
                                         int lda, double* B[], int ldb, int* d_info, int batchSize) {
  return potrs_batched(handle, uplo, n, nrhs, A, lda, B, ldb, d_info, batchSize);
}
cusolverStatus_t cusolverDnSgesvd_bufferSize(cusolverDnHandle_t handle, int m, int n, int* lwork) {
  return svd_buffer_size(handle, m, n, lwork);
}
cusolverStatus_t cusolverDnDgesvd_bufferSize(cusolverDnHandle_t handle, int m, int n, int* lwork) {
  return svd_buffer_size(handle, m, n, lwork);
}
cusolverStatus_t cusolverDnSgesvd(cusolverDnHandle_t handle, signed char jobu, signed char jobvt, int m, int n,
                                  float* A, int lda, float* S, float* U, int ldu, float* VT, int ldvt, float* work,
                                  int lwork, float* rwork, int* info) {
  return gesvd(handle, jobu, jobvt, m, n, A, lda, S, U, ldu, VT, ldvt, work, lwork, rwork, info);
}
cusolverStatus_t cusolverDnDgesvd(cusolverDnHandle_t handle, signed char jobu, signed char jobvt, int m, int n,
                                  double* A, int lda, double* S, double* U, int ldu, double* VT, int ldvt, double* work,
                                  int lwork, double* rwork, int* info) {
  return gesvd(handle, jobu, jobvt, m, n, A, lda, S, U, ldu, VT, ldvt, work, lwork, rwork, info);
}
