// The two memories, and that the shim knows them apart.
#include <cmath>
#include <cstdint>
#include <cstring>

#include "test_device.hpp"

namespace {

using seesaw::CudaError;
using seesaw::cuda::launch;

TEST(DeviceMemory, IsNotANumberWhenFresh) {
  const DeviceArray<float> a(3);
  for (const float value : a.host()) EXPECT_TRUE(std::isnan(value));
}

TEST(DeviceMemory, IsNotANumberAgainWhenReused) {
  float* first = nullptr;
  {
    const DeviceArray<float> a({1.0f});
    first = a.data();
  }
  const DeviceArray<float> b(1);
  EXPECT_EQ(b.data(), first);  // first fit: addresses repeat from run to run
  EXPECT_TRUE(std::isnan(b.host()[0]));
}

TEST(DeviceMemory, TheHostMayNotTouchIt) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const DeviceArray<int> a({1});
  EXPECT_DEATH({ [[maybe_unused]] const volatile int value = *a.data(); }, "");
  EXPECT_DEATH({ *a.data() = 2; }, "");
  const host_cuda::DeviceAccess access;
  EXPECT_EQ(*a.data(), 1);
}

__global__ void increment(int* value) { *value += 1; }

TEST(DeviceMemory, TheHostMayNotTouchItAfterALaunchEither) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const DeviceArray<int> a({1});
  launch(increment, 1, 1, 0, nullptr, a.data());
  EXPECT_EQ(a.host()[0], 2);
  EXPECT_DEATH({ *a.data() = 2; }, "");
}

__global__ void throws(int*) { throw std::runtime_error("kernel"); }

TEST(DeviceMemory, TheHostMayNotTouchItAfterAFailedLaunch) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const DeviceArray<int> a({1});
  EXPECT_THROW(launch(throws, 1, 1, 0, nullptr, a.data()), std::runtime_error);
  EXPECT_DEATH({ *a.data() = 2; }, "");
}

TEST(DeviceMemory, FreesWhatWasAllocatedOnce) {
  int* p = nullptr;
  int host = 0;
  ASSERT_EQ(cudaMalloc(&p, 100), cudaSuccess);
  EXPECT_EQ(cudaFree(reinterpret_cast<char*>(p) + 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(p), cudaSuccess);
  EXPECT_EQ(cudaFree(p), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(&host), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
}

TEST(DeviceMemory, AllocatesNothingForNothing) {
  int* p = reinterpret_cast<int*>(8);
  EXPECT_EQ(cudaMalloc(&p, 0), cudaSuccess);
  EXPECT_EQ(p, nullptr);
}

TEST(DeviceMemory, AllocationsDoNotMeetAndMayBeOfAnySize) {
  const std::size_t before = host_cuda::memory_in_use(), count = host_cuda::live_allocations();
  {
    const DeviceArray<char> a(1), b(255), c(256), d(257), e(100000);
    for (const auto* array : {&a, &b, &c, &d, &e}) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(array->data()) % 256, 0u);
    EXPECT_GE(b.data() - a.data(), 1 + 255);
    EXPECT_EQ(host_cuda::memory_in_use() - before, 1u + 255 + 256 + 257 + 100000);
    EXPECT_EQ(host_cuda::live_allocations() - count, 5u);
    EXPECT_EQ(host_cuda::device_extent(e.data() + 99000), 1000u);
    EXPECT_EQ(host_cuda::device_extent(e.data() + 100000), 0u);
    EXPECT_EQ(host_cuda::device_extent(e.data() - 1), 0u);
  }
  EXPECT_EQ(host_cuda::memory_in_use(), before);
  EXPECT_EQ(host_cuda::live_allocations(), count);
}

TEST(DeviceMemory, FreedNeighboursBecomeOneHole) {
  char *a = nullptr, *b = nullptr, *c = nullptr, *wide = nullptr;
  const DeviceArray<char> floor(1);
  ASSERT_EQ(cudaMalloc(&a, 1000), cudaSuccess);
  ASSERT_EQ(cudaMalloc(&b, 1000), cudaSuccess);
  ASSERT_EQ(cudaMalloc(&c, 1000), cudaSuccess);
  const DeviceArray<char> ceiling(1);
  for (char* p : {a, c, b}) EXPECT_EQ(cudaFree(p), cudaSuccess);
  ASSERT_EQ(cudaMalloc(&wide, 3000), cudaSuccess);
  EXPECT_EQ(wide, a);
  EXPECT_EQ(cudaFree(wide), cudaSuccess);
}

class MemoryLimit : public ::testing::Test {
 protected:
  void SetUp() override { host_cuda::set_memory_limit(host_cuda::memory_in_use() + 1000); }
  void TearDown() override { host_cuda::set_memory_limit(before_); }

 private:
  std::size_t before_ = host_cuda::memory_limit();
};

TEST_F(MemoryLimit, AnAllocationBeyondItFails) {
  const DeviceArray<char> a(600);
  char* p = nullptr;
  EXPECT_EQ(cudaMalloc(&p, 401), cudaErrorMemoryAllocation);
  EXPECT_EQ(p, nullptr);
  EXPECT_EQ(cudaMallocAsync(&p, std::size_t{1} << 62, nullptr), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMalloc(&p, 400), cudaSuccess);
  std::size_t free_bytes = 1, total = 0;
  EXPECT_EQ(cudaMemGetInfo(&free_bytes, &total), cudaSuccess);
  EXPECT_EQ(free_bytes, 0u);
  EXPECT_EQ(total, host_cuda::memory_limit());
  EXPECT_EQ(cudaFreeAsync(p, nullptr), cudaSuccess);
  EXPECT_THROW(seesaw::cuda::check(cudaMalloc(&p, 401), "x"), seesaw::OutOfMemory);
}

TEST(Copy, ChecksTheSideOfBothEnds) {
  const DeviceArray<int> a({1, 2}), b({3, 4});
  int host[2] = {5, 6}, other[2] = {7, 8};
  constexpr std::size_t n = sizeof host;
  EXPECT_EQ(cudaMemcpy(a.data(), b.data(), n, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host, other, n, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host, other, n, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(a.data(), b.data(), n, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(a.data(), host, n, cudaMemcpyDeviceToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host, a.data(), n, cudaMemcpyDeviceToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host, a.data(), n, cudaMemcpyHostToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(nullptr, a.data(), n, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(host, 0, n), cudaErrorInvalidValue);
  EXPECT_EQ(host[0], 5);

  EXPECT_EQ(cudaMemcpy(a.data(), b.data(), n, cudaMemcpyDeviceToDevice), cudaSuccess);
  EXPECT_EQ(a.host(), (std::vector<int>{3, 4}));
  EXPECT_EQ(cudaMemcpy(host, a.data(), n, cudaMemcpyDefault), cudaSuccess);
  EXPECT_EQ(host[1], 4);
  EXPECT_EQ(cudaMemsetAsync(a.data(), 0, sizeof(int)), cudaSuccess);
  EXPECT_EQ(a.host(), (std::vector<int>{0, 4}));
  EXPECT_EQ(cudaMemcpy(host, other, n, cudaMemcpyHostToHost), cudaSuccess);
  EXPECT_EQ(host[0], 7);
}

TEST(Copy, StaysInOneAllocation) {
  const DeviceArray<char> a(100), b(100);
  char host[300] = {};
  EXPECT_EQ(cudaMemcpy(a.data(), host, 101, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(a.data() + 1, host, 100, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host, a.data(), 101, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(a.data() + 50, 0, 51), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(a.data() + 50, 0, 50), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(a.data() + 1, host, 99, cudaMemcpyHostToDevice), cudaSuccess);
}

TEST(Copy, MovesRowsByTheirPitch) {
  const DeviceArray<int> a({0, 0, 0, 0, 0, 0, 0, 0});  // rows of 3, the last without its padding
  const int host[4] = {1, 2, 3, 4};
  constexpr std::size_t i = sizeof(int);
  EXPECT_EQ(cudaMemcpy2DAsync(a.data(), 3 * i, host, 2 * i, 2 * i, 2, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(a.host(), (std::vector<int>{1, 2, 0, 3, 4, 0, 0, 0}));
  int back[4] = {};
  EXPECT_EQ(cudaMemcpy2D(back, 2 * i, a.data(), 3 * i, 2 * i, 2, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(back[3], 4);
  EXPECT_EQ(cudaMemcpy2D(a.data(), 3 * i, host, 0, 2 * i, 2, cudaMemcpyHostToDevice), cudaErrorInvalidPitchValue);
  int many[9] = {};
  EXPECT_EQ(cudaMemcpy2D(many, 3 * i, a.data(), 3 * i, 3 * i, 3, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy2D(many, 3 * i, a.data(), 3 * i, 2 * i, 3, cudaMemcpyDeviceToHost), cudaSuccess);
}

TEST(PointerAttributes, TellTheMemoriesApart) {
  const DeviceArray<int> a({1, 2});
  int host = 0;
  int* pinned = nullptr;
  ASSERT_EQ(cudaMallocHost(&pinned, 2 * sizeof(int)), cudaSuccess);
  const auto type = [](const void* p) {
    cudaPointerAttributes attributes{};
    EXPECT_EQ(cudaPointerGetAttributes(&attributes, p), cudaSuccess);
    return attributes.type;
  };
  EXPECT_EQ(type(a.data() + 1), cudaMemoryTypeDevice);
  EXPECT_EQ(type(a.data() + 2), cudaMemoryTypeUnregistered);
  EXPECT_EQ(type(&host), cudaMemoryTypeUnregistered);
  EXPECT_EQ(type(pinned + 1), cudaMemoryTypeHost);
  EXPECT_EQ(type(pinned + 2), cudaMemoryTypeUnregistered);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  EXPECT_EQ(cudaFreeHost(pinned), cudaErrorInvalidValue);
}

[[maybe_unused]] __global__ void write_at(char* p, int index) { p[index] = 1; }

TEST(DeviceMemory, AKernelThatWritesBeyondTheEndIsFound) {
  const DeviceArray<char> a(100);
#ifdef __SANITIZE_ADDRESS__
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(launch(write_at, 1, 1, 0, nullptr, a.data(), 100), "use-after-poison");
#else
  EXPECT_TRUE(contains(kernel_error([&] { launch(write_at, 1, 1, 0, nullptr, a.data(), 100); }),
                       "(of 100 bytes) was written at byte 100"));
#endif
}

}  // namespace
