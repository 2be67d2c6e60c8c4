#include <cmath>
#include <stdexcept>

#include "test_device.hpp"

namespace {

using host_cuda::KernelError;
using seesaw::cuda::dynamic_shared;
using seesaw::cuda::launch;

__global__ void reverse_in_shared(const int* in, int* out) {
  int* shared = dynamic_shared<int>();
  const unsigned t = threadIdx.x;
  shared[t] = in[blockIdx.x * blockDim.x + t];
  __syncthreads();
  out[blockIdx.x * blockDim.x + t] = shared[blockDim.x - 1 - t];
}

TEST(Barrier, EveryThreadSeesWhatCameBefore) {
  const DeviceArray<int> in({1, 2, 3, 4, 5, 6});
  DeviceArray<int> out(6);
  launch(reverse_in_shared, 2, 3, 3 * sizeof(int), nullptr, in.data(), out.data());
  EXPECT_EQ(out.host(), (std::vector<int>{3, 2, 1, 6, 5, 4}));
}

// Inclusive prefix sums, log2(threads) rounds of two barriers each.
__global__ void prefix_sums(int* values) {
  int* shared = dynamic_shared<int>();
  const unsigned t = threadIdx.x;
  shared[t] = values[t];
  for (unsigned distance = 1; distance < blockDim.x; distance *= 2) {
    __syncthreads();
    const int left = t >= distance ? shared[t - distance] : 0;
    __syncthreads();
    shared[t] += left;
  }
  values[t] = shared[t];
}

TEST(Barrier, InALoop) {
  std::vector<int> ones(1024, 1);
  DeviceArray<int> values(ones);
  launch(prefix_sums, 1, 1024, 1024 * sizeof(int), nullptr, values.data());
  EXPECT_EQ(values.host()[0], 1);
  EXPECT_EQ(values.host()[1023], 1024);
}

__global__ void most_leave(int* out) {
  if (threadIdx.x >= 3) {
    atomicAdd(out + 1, 1);
    return;
  }
  int* shared = dynamic_shared<int>();
  shared[threadIdx.x] = static_cast<int>(threadIdx.x);
  __syncthreads();
  atomicAdd(out, shared[2 - threadIdx.x] + 10);
}

// Threads that exited are not waited for, and do not come again.
TEST(Barrier, ThreadsMayExitEarly) {
  DeviceArray<int> out({0, 0});
  launch(most_leave, 4, 64, 64 * sizeof(int), nullptr, out.data());
  EXPECT_EQ(out.host()[0], 4 * (0 + 1 + 2 + 30));
  EXPECT_EQ(out.host()[1], 4 * 61);
}

__global__ void votes(int* out) {
  const int t = static_cast<int>(threadIdx.x);
  if (t == 39) return;
  const int count = __syncthreads_count(t % 2);
  const int all = __syncthreads_and(t != 39);
  const int not_all = __syncthreads_and(t != 38);
  const int any = __syncthreads_or(t == 38);
  const int none = __syncthreads_or(t == 39);
  if (t == 20) *out = 10000 * count + 1000 * all + 100 * not_all + 10 * any + none;
}

TEST(Barrier, CountsVotesOfTheThreadsLeft) {
  DeviceArray<int> out(1);
  launch(votes, 1, 40, 0, nullptr, out.data());
  EXPECT_EQ(out.host()[0], 10000 * 19 + 1000 + 10);  // 20 odd threads, but 39 has left
}

__global__ void divergent(int) {
  if (threadIdx.x % 2 == 0) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

TEST(Barrier, ThreadsAtDifferentOnesAreAnError) {
  const std::string error = kernel_error([] { launch(divergent, 1, 64, 0, nullptr, 0); });
  EXPECT_TRUE(contains(error, "divergent"));
  EXPECT_TRUE(contains(error, "block (0, 0, 0)"));
  EXPECT_TRUE(contains(error, "32 thread(s) from 0 on: __syncthreads at "));
  EXPECT_TRUE(contains(error, "32 thread(s) from 1 on: __syncthreads at "));
}

template <int K>
__global__ void divergent_by_rank(int) {
  if (threadIdx.x < K) __syncthreads();
  __syncthreads();
}

TEST(Barrier, TheErrorNamesTheInstanceOfATemplate) {
  EXPECT_TRUE(
      contains(kernel_error([] { launch(divergent_by_rank<7>, 1, 64, 0, nullptr, 0); }), "divergent_by_rank<7>"));
}

struct CountsItsEnd {
  int* count;
  ~CountsItsEnd() { ++*count; }
};
int ended = 0;

__global__ void waits_for_ever(int) {
  const CountsItsEnd local{&ended};
  if (threadIdx.x == 0) return;
  if (threadIdx.x == 1) __syncwarp(3u);
  __syncthreads();
}

TEST(Barrier, AnErrorUnwindsEveryThread) {
  const host_cuda::ScheduleScope forward(host_cuda::Schedules::forward_only());
  ended = 0;
  EXPECT_THROW(launch(waits_for_ever, 1, 32, 0, nullptr, 0), KernelError);
  EXPECT_EQ(ended, 2);  // thread 1 finds thread 0 gone at once, before the others began
  ended = 0;
  host_cuda::set_schedule({{host_cuda::Schedule::reverse}});
  EXPECT_THROW(launch(waits_for_ever, 1, 32, 0, nullptr, 0), KernelError);
  EXPECT_EQ(ended, 32);
}

__global__ void throws_in_thread(int thread) {
  __syncthreads();
  if (static_cast<int>(threadIdx.x) == thread) throw std::out_of_range("thread");
  __syncthreads();
}

TEST(Barrier, AnExceptionLeavesTheLaunchAndTheNextOneRuns) {
  EXPECT_THROW(launch(throws_in_thread, 1, 64, 0, nullptr, 40), std::out_of_range);
  EXPECT_NO_THROW(launch(throws_in_thread, 2, 64, 0, nullptr, 64));
}

__global__ void sum_of_uninitialized(float* out) {
  float* shared = dynamic_shared<float>();
  out[blockIdx.x] = shared[7];
  shared[7] = 1.0f;
}

TEST(SharedMemory, IsNotANumberInEachNewBlock) {
  DeviceArray<float> out(3);
  launch(sum_of_uninitialized, 3, 1, 8 * sizeof(float), nullptr, out.data());
  for (const float value : out.host()) EXPECT_TRUE(std::isnan(value));
}

template <bool Wait>
__global__ void copy_by_shared(const float* in, float* out, int shift) {
  float* shared = dynamic_shared<float>();
  host_cuda::copy_later(shared + 2 * threadIdx.x, in + 2 * threadIdx.x + shift, 8);
  if constexpr (Wait) host_cuda::finish_copies();
  __syncthreads();
  out[threadIdx.x] = shared[2 * blockDim.x - 1 - threadIdx.x];
}

TEST(SharedMemory, CopiesArriveByTheWaitAndNotWithoutIt) {
  const DeviceArray<float> in({1, 2, 3, 4, 5, 6}), out(2);
  launch(copy_by_shared<true>, 2, 2, 4 * sizeof(float), nullptr, in.data(), out.data(), 2);
  EXPECT_EQ(out.host(), (std::vector<float>{6, 5}));
  launch(copy_by_shared<false>, 1, 2, 4 * sizeof(float), nullptr, in.data(), out.data(), 2);
  EXPECT_TRUE(std::isnan(out.host()[0]));
  EXPECT_TRUE(contains(
      kernel_error([&] { launch(copy_by_shared<true>, 1, 2, 4 * sizeof(float), nullptr, in.data(), out.data(), 1); }),
      "not aligned to the 8 bytes"));
}

[[maybe_unused]] __global__ void writes_at(unsigned index) { dynamic_shared<unsigned char>()[index] = 1; }

TEST(SharedMemory, AddressSanitizerSeesTheFirstByteBeyond) {
#ifdef __SANITIZE_ADDRESS__
  EXPECT_DEATH(launch(writes_at, 1, 1, 100, nullptr, 100u), "heap-buffer-overflow");
  launch(writes_at, 1, 1, 100, nullptr, 99u);
#else
  GTEST_SKIP() << "needs a build with AddressSanitizer";
#endif
}

__global__ void uses_stack(int* out, int depth) {
  volatile char local[1024];
  for (int i = 0; i < 1024; ++i) local[i] = static_cast<char>(depth);
  __syncthreads();
  atomicAdd(out, local[threadIdx.x]);
}

TEST(Fiber, ThreadsHaveStacksOfTheirOwn) {
  DeviceArray<int> out({0});
  launch(uses_stack, 3, 1024, 0, nullptr, out.data(), 1);
  EXPECT_EQ(out.host()[0], 3 * 1024);
}

}  // namespace
