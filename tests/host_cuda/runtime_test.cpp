// Devices, streams, events, and what a test may plan to go wrong.
#include <barrier>
#include <string>
#include <thread>

#include "test_device.hpp"

namespace {

using seesaw::cuda::launch;

TEST(Device, IsOneAndAnswers) {
  int value = -1;
  EXPECT_EQ(cudaGetDeviceCount(&value), cudaSuccess);
  EXPECT_EQ(value, 1);
  EXPECT_EQ(cudaGetDevice(&value), cudaSuccess);
  EXPECT_EQ(value, 0);
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  cudaDeviceProp properties{};
  EXPECT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  EXPECT_EQ(std::string(properties.name), "host_cuda");
  EXPECT_EQ(cudaGetDeviceProperties(&properties, 1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaDeviceGetAttribute(&value, cudaDevAttrMultiProcessorCount, 0), cudaSuccess);
  EXPECT_EQ(value, properties.multiProcessorCount);
  EXPECT_EQ(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0), cudaSuccess);
  EXPECT_EQ(value, 227 * 1024);
  cudaGetLastError();
}

TEST(Device, MayBeAbsent) {
  host_cuda::set_device_count(0);
  int count = -1;
  void* p = nullptr;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaErrorNoDevice);
  EXPECT_EQ(count, 0);
  EXPECT_EQ(cudaMalloc(&p, 1), cudaErrorNoDevice);
  EXPECT_EQ(cudaSetDevice(0), cudaErrorNoDevice);
  host_cuda::set_device_count(1);
  cudaGetLastError();
}

TEST(Device, ErrorsHaveNames) {
  EXPECT_STREQ(cudaGetErrorName(cudaErrorNoDevice), "cudaErrorNoDevice");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory");
}

TEST(Stream, LivesFromCreationToDestruction) {
  cudaStream_t stream = nullptr;
  EXPECT_EQ(cudaStreamCreateWithFlags(&stream, 99), cudaErrorInvalidValue);
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  EXPECT_NE(stream, nullptr);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorInvalidResourceHandle);
  int* p = nullptr;
  EXPECT_EQ(cudaMallocAsync(&p, 4, stream), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

__global__ void nothing() {}

TEST(Stream, CountsWhatGoesToTheDefaultOne) {
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  const std::size_t before = host_cuda::default_stream_calls();
  launch(nothing, 1, 1, 0, stream);
  EXPECT_EQ(host_cuda::default_stream_calls(), before);
  launch(nothing, 1, 1, 0, nullptr);
  EXPECT_EQ(host_cuda::default_stream_calls(), before + 1);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
}

TEST(Event, MeasuresBetweenTwoRecords) {
  cudaEvent_t start = nullptr, end = nullptr, untimed = nullptr;
  float ms = -1;
  ASSERT_EQ(cudaEventCreate(&start), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&end), cudaSuccess);
  ASSERT_EQ(cudaEventCreateWithFlags(&untimed, cudaEventDisableTiming), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&ms, start, end), cudaErrorInvalidResourceHandle);  // not recorded
  EXPECT_EQ(cudaEventRecord(start), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(end), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(untimed), cudaSuccess);
  EXPECT_EQ(cudaEventSynchronize(end), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&ms, start, end), cudaSuccess);
  EXPECT_GE(ms, 0.0f);
  EXPECT_EQ(cudaEventElapsedTime(&ms, start, untimed), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamWaitEvent(nullptr, end), cudaSuccess);
  for (cudaEvent_t event : {start, end, untimed}) EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(end), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamWaitEvent(nullptr, end), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST(PlannedFailure, ComesAfterSoManyCallsAndOnce) {
  void *a = nullptr, *b = nullptr;
  host_cuda::fail_next(cudaErrorMemoryAllocation, 1);
  EXPECT_EQ(cudaMalloc(&a, 8), cudaSuccess);
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);  // does not count
  EXPECT_EQ(cudaMalloc(&b, 8), cudaErrorMemoryAllocation);
  EXPECT_EQ(b, nullptr);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMalloc(&b, 8), cudaSuccess);
  host_cuda::fail_next(cudaErrorUnknown);
  EXPECT_EQ(cudaFree(a), cudaSuccess);  // does not count
  EXPECT_EQ(cudaFree(b), cudaSuccess);
  EXPECT_TRUE(host_cuda::cancel_failure());
  EXPECT_FALSE(host_cuda::cancel_failure());
}

__global__ void add_one(int* value) { atomicAdd(value, 1); }

TEST(Runtime, MayBeCalledFromSeveralThreads) {
  const DeviceArray<int> value({0});
  std::barrier together(2);
  const auto work = [&] {
    together.arrive_and_wait();
    for (int i = 0; i < 100; ++i) {
      const DeviceArray<int> own({i});
      launch(add_one, 1, 32, 0, nullptr, value.data());
      EXPECT_EQ(own.host()[0], i);
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(value.host()[0], 2 * 100 * 32);
}

}  // namespace
