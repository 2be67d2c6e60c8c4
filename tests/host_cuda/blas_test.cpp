// The cuBLAS subset: results worked out by hand, and the arguments it must refuse. Matrices are column-major.
#include <cmath>
#include <limits>

#include "test_device.hpp"

namespace {

class Blas : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cublasCreate(&handle), CUBLAS_STATUS_SUCCESS); }
  void TearDown() override { EXPECT_EQ(cublasDestroy(handle), CUBLAS_STATUS_SUCCESS); }

  cublasHandle_t handle = nullptr;
  const float one = 1, two = 2, zero = 0;
};

// a = [1 3 5; 2 4 6], b = [1 0; 0 1; 1 1]
const std::vector<float> kA = {1, 2, 3, 4, 5, 6};
const std::vector<float> kB = {1, 0, 1, 0, 1, 1};

TEST_F(Blas, GemmMultiplies) {
  const DeviceArray<float> a(kA), b(kB), c(4);  // c begins as NaN: beta = 0 does not read it
  EXPECT_EQ(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 3, &one, a.data(), 2, b.data(), 3, &zero, c.data(), 2),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.host(), (std::vector<float>{6, 8, 8, 10}));
  EXPECT_EQ(
      cublasSgemm_64(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 3, &two, a.data(), 2, b.data(), 3, &one, c.data(), 2),
      CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.host(), (std::vector<float>{18, 24, 24, 30}));
}

TEST_F(Blas, GemmTransposesBothAndKeepsToItsLeadingDimensions) {
  // b' a' = (a b)' = [6 8; 8 10], c with a row between
  const DeviceArray<float> a(kA), b(kB), c({-1, -1, -1, -1, -1, -1});
  EXPECT_EQ(cublasSgemm(handle, CUBLAS_OP_T, CUBLAS_OP_T, 2, 2, 3, &one, b.data(), 3, a.data(), 2, &zero, c.data(), 3),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.host(), (std::vector<float>{6, 8, -1, 8, 10, -1}));
}

TEST_F(Blas, GemmInDoubleAndWithoutTermsScales) {
  const DeviceArray<double> c({1, 2});
  const double alpha = 1, beta = 3;
  EXPECT_EQ(cublasDgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 1, 0, &alpha, nullptr, 2, nullptr, 1, &beta, c.data(), 2),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.host(), (std::vector<double>{3, 6}));
}

TEST_F(Blas, GemmRefusesWrongArguments) {
  const DeviceArray<float> a(kA), b(kB), c(4);
  const std::vector<float> host(6);
  const auto gemm = [&](int m, int k, const float* pa, int lda, float* pc, int ldc, const float* alpha) {
    return cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, 2, k, alpha, pa, lda, b.data(), 3, &zero, pc, ldc);
  };
  EXPECT_EQ(gemm(2, 3, a.data(), 2, c.data(), 2, &one), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(gemm(-1, 3, a.data(), 2, c.data(), 2, &one), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(gemm(2, 3, a.data(), 1, c.data(), 2, &one), CUBLAS_STATUS_INVALID_VALUE);      // lda < m
  EXPECT_EQ(gemm(2, 3, a.data(), 3, c.data(), 2, &one), CUBLAS_STATUS_INVALID_VALUE);      // a ends before
  EXPECT_EQ(gemm(2, 3, a.data(), 2, c.data(), 3, &one), CUBLAS_STATUS_INVALID_VALUE);      // c ends before
  EXPECT_EQ(gemm(2, 3, host.data(), 2, c.data(), 2, &one), CUBLAS_STATUS_INVALID_VALUE);   // a on the host
  EXPECT_EQ(gemm(2, 3, a.data(), 2, c.data(), 2, a.data()), CUBLAS_STATUS_INVALID_VALUE);  // alpha on the device
  EXPECT_EQ(gemm(2, 3, a.data(), 2, c.data(), 2, nullptr), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(gemm(0, 3, nullptr, 1, nullptr, 1, &one), CUBLAS_STATUS_SUCCESS);
  const auto big = std::int64_t{1} << 40;
  EXPECT_EQ(cublasSgemm_64(handle, CUBLAS_OP_N, CUBLAS_OP_N, big, 1, 1, &one, a.data(), big, b.data(), 1, &zero,
                           c.data(), big),
            CUBLAS_STATUS_NOT_SUPPORTED);
}

TEST_F(Blas, StridedBatchesFollowTheirStrides) {
  // [1 2] b and [3 4] b with one b; the products stand three apart.
  const DeviceArray<float> a({1, 2, 3, 4}), b({10, 1}), c({-1, -1, -1, -1});
  EXPECT_EQ(cublasSgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 2, &one, a.data(), 1, 2, b.data(), 2, 0,
                                      &zero, c.data(), 1, 3, 2),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.host(), (std::vector<float>{12, -1, -1, 34}));
  EXPECT_EQ(cublasSgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 2, &one, a.data(), 1, 2, b.data(), 2, 0,
                                      &zero, c.data(), 1, 0, 2),
            CUBLAS_STATUS_INVALID_VALUE);  // both products in one place
  EXPECT_EQ(cublasSgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 2, &one, a.data(), 1, 2, b.data(), 2, 0,
                                      &zero, c.data(), 1, 3, 3),
            CUBLAS_STATUS_INVALID_VALUE);  // the third lies beyond the arrays
}

TEST_F(Blas, SyrkWritesOneTriangle) {
  // a a' = [35 44; 44 56], a' a = [5 11 17; 11 25 39; 17 39 61]
  const DeviceArray<float> a(kA), c({-1, -1, -1, -1}), d(9);
  EXPECT_EQ(cublasSsyrk(handle, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N, 2, 3, &one, a.data(), 2, &zero, c.data(), 2),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(c.host(), (std::vector<float>{35, 44, -1, 56}));
  EXPECT_EQ(cublasSsyrk_64(handle, CUBLAS_FILL_MODE_UPPER, CUBLAS_OP_T, 3, 2, &one, a.data(), 2, &zero, d.data(), 3),
            CUBLAS_STATUS_SUCCESS);
  const std::vector<float> upper = d.host();
  EXPECT_EQ(upper[3], 11);
  EXPECT_EQ(upper[7], 39);
  EXPECT_TRUE(std::isnan(upper[1]));
  EXPECT_EQ(cublasSsyrk(handle, CUBLAS_FILL_MODE_UPPER, CUBLAS_OP_T, 3, 2, &one, a.data(), 1, &zero, d.data(), 3),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasSsyrk(handle, CUBLAS_FILL_MODE_FULL, CUBLAS_OP_T, 3, 2, &one, a.data(), 2, &zero, d.data(), 3),
            CUBLAS_STATUS_INVALID_VALUE);
}

TEST_F(Blas, TrsmSolvesFromEitherSide) {
  const DeviceArray<float> l({2, 1, 99, 4});  // [2 0; 1 4], the upper triangle is not read
  const DeviceArray<float> b({2, 9});
  EXPECT_EQ(cublasStrsm(handle, CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N, CUBLAS_DIAG_NON_UNIT, 2, 1, &one,
                        l.data(), 2, b.data(), 2),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(b.host(), (std::vector<float>{1, 2}));
  const DeviceArray<float> row({4, 8});  // x l' = [4 8]: x = [2 1.5]
  EXPECT_EQ(cublasStrsm(handle, CUBLAS_SIDE_RIGHT, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_T, CUBLAS_DIAG_NON_UNIT, 1, 2,
                        &one, l.data(), 2, row.data(), 1),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(row.host(), (std::vector<float>{2, 1.5f}));
  EXPECT_EQ(cublasStrsm(handle, CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N, CUBLAS_DIAG_NON_UNIT, 2, 1, &one,
                        l.data(), 1, b.data(), 2),
            CUBLAS_STATUS_INVALID_VALUE);
}

TEST_F(Blas, RunsOnALiveStreamWithALiveHandle) {
  const DeviceArray<float> a(kA), c(4);
  const auto syrk = [&](cublasHandle_t h) {
    return cublasSsyrk(h, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N, 2, 3, &one, a.data(), 2, &zero, c.data(), 2);
  };
  cudaStream_t stream = nullptr, found = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  EXPECT_EQ(cublasSetStream(handle, stream), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cublasGetStream(handle, &found), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(found, stream);
  const std::size_t before = host_cuda::default_stream_calls();
  EXPECT_EQ(syrk(handle), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(host_cuda::default_stream_calls(), before);
  host_cuda::fail_next(cudaErrorUnknown);
  EXPECT_EQ(syrk(handle), CUBLAS_STATUS_EXECUTION_FAILED);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(syrk(handle), CUBLAS_STATUS_EXECUTION_FAILED);
  EXPECT_EQ(syrk(nullptr), CUBLAS_STATUS_NOT_INITIALIZED);
  EXPECT_EQ(cublasSetMathMode(handle, CUBLAS_PEDANTIC_MATH), CUBLAS_STATUS_SUCCESS);
  EXPECT_STREQ(cublasGetStatusName(CUBLAS_STATUS_NOT_SUPPORTED), "CUBLAS_STATUS_NOT_SUPPORTED");
}

}  // namespace
