// The cuSOLVER subset: results worked out by hand, and the arguments it must refuse. Matrices are column-major.
#include <algorithm>
#include <cmath>

#include "test_device.hpp"

namespace {

class Solver : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cusolverDnCreate(&handle), CUSOLVER_STATUS_SUCCESS); }
  void TearDown() override { EXPECT_EQ(cusolverDnDestroy(handle), CUSOLVER_STATUS_SUCCESS); }

  cusolverDnHandle_t handle = nullptr;
  static constexpr cublasFillMode_t lower = CUBLAS_FILL_MODE_LOWER;
  static constexpr cublasFillMode_t upper = CUBLAS_FILL_MODE_UPPER;
};

// [4 2; 2 10] = L L' with L = [2 0; 1 3]
const std::vector<float> kA = {4, 2, 2, 10};

TEST_F(Solver, PotrfFactorsTheTriangleAskedFor) {
  const DeviceArray<float> a(kA);
  const DeviceArray<int> info(1);
  int length = 0;
  ASSERT_EQ(cusolverDnSpotrf_bufferSize(handle, lower, 2, a.data(), 2, &length), CUSOLVER_STATUS_SUCCESS);
  ASSERT_GT(length, 0);
  const DeviceArray<float> work(static_cast<std::size_t>(length));
  EXPECT_EQ(cusolverDnSpotrf(handle, lower, 2, a.data(), 2, work.data(), length, info.data()), CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(a.host(), (std::vector<float>{2, 1, 2, 3}));
  EXPECT_EQ(info.host()[0], 0);

  const DeviceArray<float> b({10, 23});
  EXPECT_EQ(cusolverDnSpotrs(handle, lower, 2, 1, a.data(), 2, b.data(), 2, info.data()), CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(b.host(), (std::vector<float>{1.5f, 2}));  // 4 * 1.5 + 2 * 2 = 10, 2 * 1.5 + 10 * 2 = 23
}

TEST_F(Solver, PotrfInDoubleByTheUpperTriangleWithPadding) {
  const DeviceArray<double> a({4, -7, -7, 2, 10, -7}), work(2), b({10, 23, -7, 4, 2});
  const DeviceArray<int> info(1);
  EXPECT_EQ(cusolverDnDpotrf(handle, upper, 2, a.data(), 3, work.data(), 2, info.data()), CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(a.host(), (std::vector<double>{2, -7, -7, 1, 3, -7}));
  EXPECT_EQ(cusolverDnDpotrs(handle, upper, 2, 2, a.data(), 3, b.data(), 3, info.data()), CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(b.host(), (std::vector<double>{1.5, 2, -7, 1, 0}));
}

TEST_F(Solver, PotrfSaysWhichMinorFails) {
  const DeviceArray<float> a({1, 0, 0, -1}), work(2);
  const DeviceArray<int> info(1);
  EXPECT_EQ(cusolverDnSpotrf(handle, lower, 2, a.data(), 2, work.data(), 2, info.data()), CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(info.host()[0], 2);
}

TEST_F(Solver, PotrfRefusesWrongArguments) {
  const DeviceArray<float> a(kA), work(2);
  const DeviceArray<int> info(1);
  int host_info = 0, length = 0;
  const auto potrf = [&](int n, float* pa, int lda, float* pw, int lw, int* pi) {
    return cusolverDnSpotrf(handle, lower, n, pa, lda, pw, lw, pi);
  };
  EXPECT_EQ(potrf(2, a.data(), 1, work.data(), 2, info.data()), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(potrf(2, a.data(), 3, work.data(), 2, info.data()), CUSOLVER_STATUS_INVALID_VALUE);  // a ends before
  EXPECT_EQ(potrf(-1, a.data(), 2, work.data(), 2, info.data()), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(potrf(2, a.data(), 2, work.data(), 1, info.data()), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(potrf(2, a.data(), 2, nullptr, 2, info.data()), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(potrf(2, a.data(), 2, work.data(), 2, &host_info), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(cusolverDnSpotrf_bufferSize(handle, lower, 2, a.data(), 1, &length), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(cusolverDnSpotrs(handle, lower, 2, 1, a.data(), 2, work.data(), 1, info.data()),
            CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(a.host(), kA);
}

// [3 0; 0 4; 0 0] = e_1 3 e_1' + e_2 4 e_2': singular values 4 and 3, vectors unit vectors up to their signs.
TEST_F(Solver, GesvdGivesValuesInOrderAndBothSidesWithPadding) {
  const DeviceArray<double> a({3, 0, 0, -7, 0, 4, 0, -7}), s(2), u(8), vt(6);
  const DeviceArray<int> info(1);
  int length = 0;
  ASSERT_EQ(cusolverDnDgesvd_bufferSize(handle, 3, 2, &length), CUSOLVER_STATUS_SUCCESS);
  const DeviceArray<double> work(static_cast<std::size_t>(length));
  ASSERT_EQ(cusolverDnDgesvd(handle, 'S', 'S', 3, 2, a.data(), 4, s.data(), u.data(), 4, vt.data(), 3, work.data(),
                             length, nullptr, info.data()),
            CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(info.host()[0], 0);
  EXPECT_EQ(s.host(), (std::vector<double>{4, 3}));
  const std::vector<double> left = u.host(), right = vt.host(), left_over = a.host();
  EXPECT_EQ(std::abs(left[1]), 1);   // column 0 of U is e_2
  EXPECT_EQ(std::abs(left[4]), 1);   // column 1 is e_1
  EXPECT_EQ(std::abs(right[3]), 1);  // row 0 of V' is e_2'
  EXPECT_EQ(std::abs(right[1]), 1);  // row 1 is e_1'
  EXPECT_EQ(left[1] * right[3], 1);  // the signs of a pair go together
  EXPECT_TRUE(std::isnan(left_over[0]));
  EXPECT_EQ(left_over[3], -7);
}

TEST_F(Solver, GesvdRefusesWrongArguments) {
  const DeviceArray<float> a({3, 0, 0, 4}), s(2), u(4), vt(4), work(64);
  const DeviceArray<int> info(1);
  std::vector<float> host(4);
  int host_info = 0, length = 0;
  const auto gesvd = [&](signed char job, int m, int n, float* pa, int lda, float* ps, float* pu, int lw, int* pi) {
    return cusolverDnSgesvd(handle, job, 'S', m, n, pa, lda, ps, pu, std::max(m, 1), vt.data(), std::max(n, 1),
                            work.data(), lw, nullptr, pi);
  };
  EXPECT_EQ(gesvd('O', 2, 2, a.data(), 2, s.data(), u.data(), 64, info.data()), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(gesvd('S', 1, 2, a.data(), 2, s.data(), u.data(), 64, info.data()), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(gesvd('S', 2, 2, a.data(), 1, s.data(), u.data(), 64, info.data()), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(gesvd('S', 3, 2, a.data(), 3, s.data(), u.data(), 64, info.data()), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(gesvd('S', 2, 2, a.data(), 2, host.data(), u.data(), 64, info.data()), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(gesvd('S', 2, 2, a.data(), 2, s.data(), host.data(), 64, info.data()), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(gesvd('S', 2, 2, a.data(), 2, s.data(), u.data(), 11, info.data()), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(gesvd('S', 2, 2, a.data(), 2, s.data(), u.data(), 64, &host_info), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(cusolverDnSgesvd_bufferSize(handle, 1, 2, &length), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(a.host(), (std::vector<float>{3, 0, 0, 4}));
  EXPECT_EQ(gesvd('S', 2, 2, a.data(), 2, s.data(), u.data(), 12, info.data()), CUSOLVER_STATUS_SUCCESS);
}

/// Three systems: [4 2; 2 10], [1 0; 0 -1] (not definite), [9 0; 0 1].
struct Batch {
  DeviceArray<float> first{4, 2, 2, 10}, second{1, 0, 0, -1}, third{9, 0, 0, 1};
  DeviceArray<float> b1{10, 23}, b2{1, 1}, b3{9, 2};
  DeviceArray<float*> a{first.data(), second.data(), third.data()};
  DeviceArray<float*> b{b1.data(), b2.data(), b3.data()};
  DeviceArray<int> info{-7, -7, -7};
};

TEST_F(Solver, BatchedFactorsLeaveTheFailedSystemToItsCaller) {
  const Batch batch;
  EXPECT_EQ(cusolverDnSpotrfBatched(handle, lower, 2, batch.a.data(), 2, batch.info.data(), 3),
            CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(batch.info.host(), (std::vector<int>{0, 2, 0}));
  const std::vector<float> factor = batch.first.host();
  EXPECT_EQ(factor[0], 2);
  EXPECT_EQ(factor[1], 1);
  EXPECT_EQ(factor[3], 3);
  EXPECT_TRUE(std::isnan(factor[2]));  // cuSOLVER's workspace

  const DeviceArray<int> info(1);
  EXPECT_EQ(cusolverDnSpotrsBatched(handle, lower, 2, 1, batch.a.data(), 2, batch.b.data(), 2, info.data(), 3),
            CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(info.host()[0], 0);
  EXPECT_EQ(batch.b1.host(), (std::vector<float>{1.5f, 2}));
  EXPECT_EQ(batch.b3.host(), (std::vector<float>{1, 2}));
}

TEST_F(Solver, BatchesRefuseWrongArguments) {
  const Batch batch;
  const DeviceArray<int> info(3);
  const std::vector<float> host(4);
  const DeviceArray<float*> with_host{batch.first.data(), const_cast<float*>(host.data()), batch.third.data()};
  float* host_array[] = {batch.first.data(), batch.second.data(), batch.third.data()};
  int host_info[3] = {};
  const auto potrf = [&](int n, float** a, int lda, int* pi, int batches) {
    return cusolverDnSpotrfBatched(handle, lower, n, a, lda, pi, batches);
  };
  EXPECT_EQ(potrf(2, host_array, 2, info.data(), 3), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(potrf(2, with_host.data(), 2, info.data(), 3), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(potrf(2, batch.a.data(), 1, info.data(), 3), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(potrf(3, batch.a.data(), 3, info.data(), 3), CUSOLVER_STATUS_INVALID_VALUE);  // the matrices end before
  EXPECT_EQ(potrf(2, batch.a.data(), 2, host_info, 3), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(potrf(2, batch.a.data(), 2, info.data(), 4), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(potrf(2, batch.a.data(), 2, info.data(), 0), CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(batch.first.host(), (std::vector<float>{4, 2, 2, 10}));

  const auto potrs = [&](int nrhs, float** b, int ldb) {
    return cusolverDnSpotrsBatched(handle, lower, 2, nrhs, batch.a.data(), 2, b, ldb, info.data(), 3);
  };
  const DeviceArray<float> wide(4);
  const DeviceArray<float*> wide_b{wide.data(), wide.data(), wide.data()};
  EXPECT_EQ(potrs(1, wide_b.data(), 2), CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(potrs(2, wide_b.data(), 2), CUSOLVER_STATUS_INVALID_VALUE);  // one right-hand side, as the real one
  EXPECT_EQ(potrs(1, batch.b.data(), 1), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(potrs(1, host_array, 2), CUSOLVER_STATUS_INVALID_VALUE);
}

TEST_F(Solver, RunsOnALiveStreamWithALiveHandle) {
  const Batch batch;
  const auto potrf = [&](cusolverDnHandle_t h) {
    return cusolverDnSpotrfBatched(h, lower, 2, batch.a.data(), 2, batch.info.data(), 3);
  };
  cudaStream_t stream = nullptr, found = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  EXPECT_EQ(cusolverDnSetStream(handle, stream), CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(cusolverDnGetStream(handle, &found), CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(found, stream);
  host_cuda::fail_next(cudaErrorUnknown);
  EXPECT_EQ(potrf(handle), CUSOLVER_STATUS_EXECUTION_FAILED);
  EXPECT_EQ(potrf(handle), CUSOLVER_STATUS_SUCCESS);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(potrf(handle), CUSOLVER_STATUS_EXECUTION_FAILED);
  EXPECT_EQ(potrf(nullptr), CUSOLVER_STATUS_NOT_INITIALIZED);
}

}  // namespace
