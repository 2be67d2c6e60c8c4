// launch() and check(), over the shim.
#include "test_device.hpp"

namespace {

using seesaw::CsrView;
using seesaw::CudaError;
using seesaw::Error;
using seesaw::index_t;
using seesaw::MatrixView;
using seesaw::OutOfMemory;
using seesaw::SparseTensorView;
using seesaw::cuda::check;
using seesaw::cuda::Grid;
using seesaw::cuda::launch;

/// The message of the seesaw::Error that `body` throws; empty where it throws none.
template <class Body>
std::string error_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

__global__ void nothing() {}
__global__ void take_pointers(const float*, const float*, int) {}
__global__ void take_matrix(int, MatrixView<const float>) {}
struct Views {
  MatrixView<const float> first;
  const float* second;
  int third;

  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor(first);
    visitor(second);
  }
};
__global__ void take_views(int, Views) {}
__global__ void take_sparse(CsrView<float>, SparseTensorView<double>) {}
__global__ void count_blocks(int* count) { atomicAdd(count, 1); }
__global__ void store(double* out, index_t value, float scale) { *out = static_cast<double>(value) * scale; }
enum class Kind { one = 1 };
__global__ void store_kind(int* out, Kind kind) { *out = static_cast<int>(kind); }

TEST(Launch, PassesArgumentsByValue) {
  const DeviceArray<double> out(1);
  launch(store, 1, 1, 0, nullptr, out.data(), index_t{1} << 40, 0.5f);
  EXPECT_EQ(out.host()[0], static_cast<double>(index_t{1} << 39));
  const DeviceArray<int> kind(1);
  launch(store_kind, 1, 1, 0, nullptr, kind.data(), Kind::one);
  EXPECT_EQ(kind.host()[0], 1);
}

TEST(Launch, RunsEveryBlockOfEveryDirection) {
  const DeviceArray<int> count({0});
  launch(count_blocks, {2, 3, 4}, dim3(2, 2, 2), 0, nullptr, count.data());
  EXPECT_EQ(count.host()[0], 2 * 3 * 4 * 8);
}

TEST(Launch, OfNoBlocksDoesNothing) {
  const DeviceArray<int> count({0});
  launch(count_blocks, 0, 32, 0, nullptr, count.data());
  launch(count_blocks, {1, 0, 1}, 32, 0, nullptr, count.data());
  EXPECT_EQ(count.host()[0], 0);
}

TEST(Launch, SaysWhichShapeIsTooLarge) {
  EXPECT_TRUE(contains(error_of([] { launch(nothing, index_t{1} << 31, 1, 0, nullptr); }), "2147483648 x 1 x 1"));
  EXPECT_TRUE(contains(error_of([] { launch(nothing, (index_t{1} << 32) + 1, 1, 0, nullptr); }), "4294967297"));
  EXPECT_TRUE(contains(error_of([] { launch(nothing, {1, 65536}, 1, 0, nullptr); }), "1 x 65536 x 1"));
  EXPECT_TRUE(contains(error_of([] { launch(nothing, {1, 1, 65536}, 1, 0, nullptr); }), "65536"));
  EXPECT_TRUE(contains(error_of([] { launch(nothing, -1, 1, 0, nullptr); }), "-1 x 1 x 1"));
  EXPECT_TRUE(contains(error_of([] { launch(nothing, 1, 1025, 0, nullptr); }), "1025 x 1 x 1 threads"));
  EXPECT_TRUE(contains(error_of([] { launch(nothing, 1, 0, 0, nullptr); }), "0 x 1 x 1 threads"));
  EXPECT_TRUE(contains(error_of([] { launch(nothing, 1, 0, 0, nullptr); }), "launch_test.cpp"));
  EXPECT_NO_THROW(launch(nothing, 1, 1024, 0, nullptr));
}

TEST(Launch, RaisesTheLimitOfSharedMemoryUpToTheDevices) {
  (void)cudaGetLastError();
  EXPECT_NO_THROW(launch(nothing, 1, 1, (48 << 10) + 1, nullptr));
  EXPECT_NO_THROW(launch(nothing, 1, 1, 227 << 10, nullptr));
  EXPECT_THROW(launch(nothing, 1, 1, (227 << 10) + 1, nullptr), CudaError);
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

__global__ void asks_nothing() {}

TEST(CudaLaunchKernel, NeedsTheLimitRaisedFirst) {
  void* no_arguments[] = {nullptr};
  EXPECT_EQ(cudaLaunchKernel(asks_nothing, 1, 1, no_arguments, (48 << 10) + 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaLaunchKernel(asks_nothing, 0, 1, no_arguments), cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaLaunchKernel(asks_nothing, 1, dim3(1, 1, 65), no_arguments), cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST(Launch, TakesPointersToDeviceMemoryOnly) {
  const DeviceArray<float> a(4);
  const float host = 0;
  EXPECT_NO_THROW(launch(take_pointers, 1, 1, 0, nullptr, a.data(), nullptr, 1));
  EXPECT_TRUE(contains(error_of([&] { launch(take_pointers, 1, 1, 0, nullptr, &host, a.data(), 1); }), "argument 1 "));
  EXPECT_TRUE(contains(error_of([&] { launch(take_pointers, 1, 1, 0, nullptr, a.data(), &host, 1); }), "argument 2 "));
  EXPECT_THROW(launch(take_pointers, 1, 1, 0, nullptr, a.data() + 4, nullptr, 1), CudaError);
}

TEST(Launch, TakesMatricesThatLieInDeviceMemory) {
  const DeviceArray<float> a(11);
  const auto launched = [](MatrixView<const float> m) {
    return error_of([&] { launch(take_matrix, 1, 1, 0, nullptr, 7, m); });
  };
  EXPECT_EQ(launched({a.data(), 3, 3, 4}), "");  // the last row has no padding
  EXPECT_TRUE(contains(launched({a.data(), 3, 4, 4}), "argument 2 spans 48 bytes, of which 44 are allocated"));
  EXPECT_EQ(launched({nullptr, 0, 4}), "");
  EXPECT_EQ(launched({nullptr, 4, 0}), "");
  EXPECT_TRUE(contains(launched({nullptr, 1, 1}), "does not point to device memory"));
  const float host[4] = {};
  EXPECT_TRUE(contains(launched({host, 2, 2}), "argument 2 does not point to device memory"));
}

TEST(Launch, TakesSparseViewsThatLieInDeviceMemory) {
  const DeviceArray<seesaw::offset_t> offsets({0, 1, 2});
  const DeviceArray<seesaw::column_t> columns({0, 1});
  const DeviceArray<float> values({1, 2});
  const DeviceArray<double> tensor_values({1, 2});
  const CsrView<float> right{2, 2, 2, offsets.data(), columns.data(), values.data(), nullptr};
  const SparseTensorView<double> tensor{2, {2, 2}, 2, {columns.data(), columns.data()}, tensor_values.data(), nullptr};
  const auto launched = [&](CsrView<float> csr, SparseTensorView<double> t) {
    return error_of([&] { launch(take_sparse, 1, 1, 0, nullptr, csr, t); });
  };
  EXPECT_EQ(launched(right, tensor), "");
  EXPECT_EQ(launched({}, {}), "");

  const float host[2] = {};
  CsrView<float> wrong = right;
  wrong.weights = host;
  EXPECT_TRUE(contains(launched(wrong, tensor), "argument 1 does not"));
  wrong = right;
  wrong.rows = 3;
  EXPECT_TRUE(contains(launched(wrong, tensor), "argument 1 spans 32 bytes, of which 24"));
  SparseTensorView<double> wrong_tensor = tensor;
  wrong_tensor.entries = 3;
  EXPECT_TRUE(contains(launched(right, wrong_tensor), "argument 2 spans 12 bytes, of which 8"));
  wrong_tensor = tensor;
  wrong_tensor.order = 3;
  EXPECT_TRUE(contains(launched(right, wrong_tensor), "argument 2 does not"));
}

TEST(Launch, TakesAStructWhoseViewsLieInDeviceMemory) {
  const DeviceArray<float> a(6);
  const float host[6] = {};
  const auto launched = [](Views views) { return error_of([&] { launch(take_views, 1, 1, 0, nullptr, 7, views); }); };
  EXPECT_EQ(launched({{a.data(), 2, 3}, a.data(), 1}), "");
  EXPECT_EQ(launched({{}, nullptr, 1}), "");
  EXPECT_TRUE(contains(launched({{host, 2, 3}, a.data(), 1}), "argument 2 does not point to device memory"));
  EXPECT_TRUE(contains(launched({{a.data(), 3, 3}, a.data(), 1}), "argument 2 spans 36 bytes, of which 24"));
  EXPECT_TRUE(contains(launched({{a.data(), 2, 3}, host, 1}), "argument 2 does not point to device memory"));
}

TEST(Launch, OnADeadStreamFails) {
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  EXPECT_NO_THROW(launch(nothing, 1, 1, 0, stream));
  ASSERT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_TRUE(contains(error_of([&] { launch(nothing, 1, 1, 0, stream); }), "cudaErrorInvalidResourceHandle"));
}

TEST(Launch, FailsWhereTheRuntimeDoes) {
  host_cuda::fail_next(cudaErrorLaunchOutOfResources);
  EXPECT_TRUE(contains(error_of([&] { launch(nothing, 1, 1, 0, nullptr); }), "cudaErrorLaunchOutOfResources"));
  EXPECT_NO_THROW(launch(nothing, 1, 1, 0, nullptr));
}

TEST(Launch, IsNotBlamedForAnEarlierError) {
  EXPECT_EQ(cudaSetDevice(7), cudaErrorInvalidDevice);
  EXPECT_NO_THROW(launch(nothing, 1, 1, 0, nullptr));
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
}

TEST(Check, ThrowsTheTypeAndTheWords) {
  EXPECT_NO_THROW(check(cudaSuccess, "x"));
  EXPECT_NO_THROW(check(CUBLAS_STATUS_SUCCESS, "x"));
  EXPECT_NO_THROW(check(CUSOLVER_STATUS_SUCCESS, "x"));
  EXPECT_THROW(check(cudaErrorMemoryAllocation, "x"), OutOfMemory);
  EXPECT_THROW(check(CUBLAS_STATUS_ALLOC_FAILED, "x"), OutOfMemory);
  EXPECT_THROW(check(CUSOLVER_STATUS_ALLOC_FAILED, "x"), OutOfMemory);
  EXPECT_EQ(error_of([] { check(cudaErrorInvalidValue, "copy of y"); }),
            "copy of y: cudaErrorInvalidValue (invalid argument)");
  EXPECT_EQ(error_of([] { check(CUBLAS_STATUS_INVALID_VALUE, "gemm"); }), "gemm: CUBLAS_STATUS_INVALID_VALUE");
  EXPECT_EQ(error_of([] { check(CUSOLVER_STATUS_INVALID_VALUE, "potrf"); }), "potrf: cuSOLVER status 3");
}

TEST(Check, LeavesNoErrorBehind) {
  (void)cudaGetLastError();
  EXPECT_THROW(check(cudaSetDevice(7), "device 7"), CudaError);
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

}  // namespace
