// Thrust through with_thrust, over its C++ backend.
#include "kernels/cuda/thrust.cuh"

#include <thrust/reduce.h>
#include <thrust/scan.h>
#include <thrust/sort.h>

#include <cstdint>

#include "test_device.hpp"

namespace {

using seesaw::cuda::with_thrust;

TEST(Thrust, SortsByKeyStably) {
  const DeviceArray<std::int64_t> keys({3, 1, 2, 1});
  const DeviceArray<float> values({30, 10, 20, 11});
  with_thrust(nullptr,
              [&](auto policy) { thrust::stable_sort_by_key(policy, keys.data(), keys.data() + 4, values.data()); });
  EXPECT_EQ(keys.host(), (std::vector<std::int64_t>{1, 1, 2, 3}));
  EXPECT_EQ(values.host(), (std::vector<float>{10, 11, 20, 30}));
}

TEST(Thrust, ScansIn64Bits) {
  const DeviceArray<int> counts({2000000000, 2000000000, 1});
  const DeviceArray<std::int64_t> offsets(3);
  with_thrust(nullptr, [&](auto policy) {
    thrust::exclusive_scan(policy, counts.data(), counts.data() + 3, offsets.data(), std::int64_t{0});
  });
  EXPECT_EQ(offsets.host(), (std::vector<std::int64_t>{0, 2000000000, 4000000000}));
}

TEST(Thrust, ReturnsAReductionsValue) {
  const DeviceArray<double> values({1, 2, 4});
  const double sum =
      with_thrust(nullptr, [&](auto policy) { return thrust::reduce(policy, values.data(), values.data() + 3, 0.0); });
  EXPECT_EQ(sum, 7);
}

TEST(Thrust, TakesTemporariesFromDeviceMemoryAndReturnsThem) {
  std::vector<int> many(5000);
  for (int i = 0; i < 5000; ++i) many[static_cast<std::size_t>(i)] = 5000 - i;
  const DeviceArray<int> keys(many);
  const std::size_t before = host_cuda::memory_in_use();
  const auto sort = [&] {
    with_thrust(nullptr, [&](auto policy) { thrust::sort(policy, keys.data(), keys.data() + 5000); });
  };
  host_cuda::fail_next(cudaErrorMemoryAllocation);
  EXPECT_THROW(sort(), seesaw::OutOfMemory);
  sort();
  EXPECT_EQ(keys.host()[4999], 5000);
  EXPECT_EQ(host_cuda::memory_in_use(), before);
}

TEST(Thrust, LeavesDeviceMemoryClosed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const DeviceArray<int> a({1});
  with_thrust(nullptr, [&](auto policy) { thrust::sort(policy, a.data(), a.data() + 1); });
  EXPECT_DEATH({ *a.data() = 2; }, "");
}

}  // namespace
