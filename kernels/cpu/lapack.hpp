#pragma once
#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <new>
#include <string>

#include "cpu/parallel.hpp"
#include "seesaw/errors.hpp"

// The BLAS and LAPACK routines that the cpu backend calls, by one name for both types. Row-major where CBLAS can;
// LAPACK's arguments are column-major, as LAPACKE copies the others.
namespace seesaw::cpu {

/// BLAS and LAPACK count in int. Their calls are made on blocks; what is left to be too large is the rank itself.
inline int blas_int(index_t n) {
  if (n > 0x7fffffff) throw InvalidArgument("a dense matrix has " + std::to_string(n) + " columns, above 2^31 - 1");
  return static_cast<int>(n);
}

/// c = alpha op(a) op(b) + beta c, row-major.
inline void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, index_t m, index_t n, index_t k, float alpha, const float* a,
                 index_t lda, const float* b, index_t ldb, float beta, float* c, index_t ldc) {
  cblas_sgemm(CblasRowMajor, ta, tb, blas_int(m), blas_int(n), blas_int(k), alpha, a, blas_int(lda), b, blas_int(ldb),
              beta, c, blas_int(ldc));
}
inline void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, index_t m, index_t n, index_t k, double alpha, const double* a,
                 index_t lda, const double* b, index_t ldb, double beta, double* c, index_t ldc) {
  cblas_dgemm(CblasRowMajor, ta, tb, blas_int(m), blas_int(n), blas_int(k), alpha, a, blas_int(lda), b, blas_int(ldb),
              beta, c, blas_int(ldc));
}

/// b = b op(u)^-1 for the upper triangle u, row-major.
inline void trsm(CBLAS_TRANSPOSE tu, index_t m, index_t n, const float* u, index_t ldu, float* b, index_t ldb) {
  cblas_strsm(CblasRowMajor, CblasRight, CblasUpper, tu, CblasNonUnit, blas_int(m), blas_int(n), 1, u, blas_int(ldu), b,
              blas_int(ldb));
}
inline void trsm(CBLAS_TRANSPOSE tu, index_t m, index_t n, const double* u, index_t ldu, double* b, index_t ldb) {
  cblas_dtrsm(CblasRowMajor, CblasRight, CblasUpper, tu, CblasNonUnit, blas_int(m), blas_int(n), 1, u, blas_int(ldu), b,
              blas_int(ldb));
}

/// Throws where a routine gave up; what it says of its arguments cannot happen.
inline void require_success(int info, const char* routine) {
  if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR) throw std::bad_alloc();
  if (info != 0) throw Error(std::string(routine) + " of LAPACK failed with info = " + std::to_string(info));
}

/// Minimum-norm least squares of a x = b, column-major, over the singular values above rcond * the largest; x over b,
/// which has max(m, n) elements. s has min(m, n).
inline void gelsd(index_t m, index_t n, float* a, index_t lda, float* b, float* s, float rcond) {
  lapack_int rank = 0;
  require_success(LAPACKE_sgelsd(LAPACK_COL_MAJOR, blas_int(m), blas_int(n), 1, a, blas_int(lda), b,
                                 blas_int(std::max(m, n)), s, rcond, &rank),
                  "sgelsd");
}
inline void gelsd(index_t m, index_t n, double* a, index_t lda, double* b, double* s, double rcond) {
  lapack_int rank = 0;
  require_success(LAPACKE_dgelsd(LAPACK_COL_MAJOR, blas_int(m), blas_int(n), 1, a, blas_int(lda), b,
                                 blas_int(std::max(m, n)), s, rcond, &rank),
                  "dgelsd");
}

/// QR, column-major: R over the upper triangle of a. tau has min(m, n).
inline void geqrf(index_t m, index_t n, float* a, index_t lda, float* tau) {
  require_success(LAPACKE_sgeqrf(LAPACK_COL_MAJOR, blas_int(m), blas_int(n), a, blas_int(lda), tau), "sgeqrf");
}
inline void geqrf(index_t m, index_t n, double* a, index_t lda, double* tau) {
  require_success(LAPACKE_dgeqrf(LAPACK_COL_MAJOR, blas_int(m), blas_int(n), a, blas_int(lda), tau), "dgeqrf");
}

/// Thin singular value decomposition, column-major, by divide and conquer; a is destroyed. iwork has 8 min(m, n).
inline void gesdd(index_t m, index_t n, float* a, index_t lda, float* s, float* u, index_t ldu, float* vt, index_t ldvt,
                  float* work, index_t lwork, lapack_int* iwork) {
  require_success(LAPACKE_sgesdd_work(LAPACK_COL_MAJOR, 'S', blas_int(m), blas_int(n), a, blas_int(lda), s, u,
                                      blas_int(ldu), vt, blas_int(ldvt), work, blas_int(lwork), iwork),
                  "sgesdd");
}
inline void gesdd(index_t m, index_t n, double* a, index_t lda, double* s, double* u, index_t ldu, double* vt,
                  index_t ldvt, double* work, index_t lwork, lapack_int* iwork) {
  require_success(LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', blas_int(m), blas_int(n), a, blas_int(lda), s, u,
                                      blas_int(ldu), vt, blas_int(ldvt), work, blas_int(lwork), iwork),
                  "dgesdd");
}

/// Eigenvalues, ascending, of the symmetric tridiagonal matrix over its diagonal d; e, of n - 1, is destroyed. Where z
/// is not null its eigenvectors become the columns of z, n x n.
inline void stev(index_t n, double* d, double* e, double* z) {
  require_success(LAPACKE_dstev(LAPACK_COL_MAJOR, z != nullptr ? 'V' : 'N', blas_int(n), d, e, z, blas_int(n)),
                  "dstev");
}

/// Eigenvalues, ascending, of the symmetric matrix whose lower triangle is a's, column-major; its eigenvectors become
/// the columns of a.
inline void syevd(index_t n, float* a, float* w) {
  require_success(LAPACKE_ssyevd(LAPACK_COL_MAJOR, 'V', 'L', blas_int(n), a, blas_int(n), w), "ssyevd");
}
inline void syevd(index_t n, double* a, double* w) {
  require_success(LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', blas_int(n), a, blas_int(n), w), "dsyevd");
}

/// a, symmetric and given by its lower triangle, column-major, becomes Q of a = Q T Q' as the reflectors that ormtr()
/// takes; d is the diagonal of T, e, of n - 1 elements, what is beside it. tau has n - 1.
inline void sytrd(index_t n, double* a, double* d, double* e, double* tau) {
  require_success(LAPACKE_dsytrd(LAPACK_COL_MAJOR, 'L', blas_int(n), a, blas_int(n), d, e, tau), "dsytrd");
}

/// Eigenvalues, ascending, of the tridiagonal matrix, over d; e is destroyed.
inline void sterf(index_t n, double* d, double* e) { require_success(LAPACKE_dsterf(blas_int(n), d, e), "dsterf"); }

/// b = Q b for transposed = 'N', Q' b for 'T', with the Q of sytrd().
inline void ormtr(char transposed, index_t n, const double* a, const double* tau, double* b) {
  require_success(
      LAPACKE_dormtr(LAPACK_COL_MAJOR, 'L', 'L', transposed, blas_int(n), 1, a, blas_int(n), tau, b, blas_int(n)),
      "dormtr");
}

/// b = T^-1 b for the positive definite tridiagonal T; d and e are destroyed.
inline void ptsv(index_t n, double* d, double* e, double* b) {
  require_success(LAPACKE_dptsv(LAPACK_COL_MAJOR, blas_int(n), 1, d, e, b, blas_int(n)), "dptsv");
}

}  // namespace seesaw::cpu
