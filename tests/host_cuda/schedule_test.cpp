// The mistakes that a fixed order of threads hides, planted.
#include <cstdlib>

#include "test_device.hpp"

namespace {

using host_cuda::KernelError;
using host_cuda::Schedule;
using host_cuda::Schedules;
using host_cuda::ScheduleScope;
using seesaw::cuda::dynamic_shared;
using seesaw::cuda::launch;

constexpr Schedule kForward{Schedule::forward};
constexpr Schedule kReverse{Schedule::reverse};
constexpr Schedule kRandom{Schedule::random, 1};

template <bool Barrier>
__global__ void shift_by_shared(float* out) {  // thread t stores what thread t - 1 put down
  float* shared = dynamic_shared<float>();
  const unsigned t = threadIdx.x;
  shared[t] = static_cast<float>(t);
  if constexpr (Barrier) __syncthreads();
  out[t] = t == 0 ? 0.0f : shared[t - 1];
}

std::vector<float> run(void (*kernel)(float*), Schedules schedules, unsigned threads = 64) {
  const ScheduleScope scope(std::move(schedules));
  DeviceArray<float> out(threads);
  launch(kernel, 1, threads, threads * sizeof(float), nullptr, out.data());
  return out.host();
}

TEST(Schedules, AMissingBarrierHidesInOneOrderAndIsFoundByAll) {
  const std::vector<float> right = run(shift_by_shared<true>, Schedules::all());
  EXPECT_EQ(run(shift_by_shared<false>, {kForward}), right);
  EXPECT_NE(run(shift_by_shared<false>, {kReverse}), right);
  EXPECT_NE(run(shift_by_shared<false>, {kRandom}), right);
  const std::string error = kernel_error([] { run(shift_by_shared<false>, Schedules::all()); });
  EXPECT_TRUE(contains(error, "shift_by_shared<false>"));
  EXPECT_TRUE(contains(error, "schedule reverse: not the result of schedule forward"));
  EXPECT_TRUE(contains(error, "from byte"));
}

template <bool Sync>
__global__ void broadcast_from_lane_0(float* out) {
  float* shared = dynamic_shared<float>();
  if (threadIdx.x == 0) shared[0] = 3.0f;
  if constexpr (Sync) __syncwarp();
  out[threadIdx.x] = shared[0];
}

TEST(Schedules, AMissingWarpBarrierIsFound) {
  EXPECT_NO_THROW(run(broadcast_from_lane_0<true>, Schedules::all(), 32));
  EXPECT_NO_THROW(run(broadcast_from_lane_0<false>, {kForward}, 32));
  EXPECT_THROW(run(broadcast_from_lane_0<false>, Schedules::all(), 32), KernelError);
}

// Each round reads what the round before wrote; without the second barrier a fast thread overwrites what a slow one
// is still to read. Every order shows it wrong, so only different orders tell.
template <bool Barrier>
__global__ void rounds(float* out) {
  float* shared = dynamic_shared<float>();
  const unsigned t = threadIdx.x;
  float sum = 0;
  for (int round = 0; round < 3; ++round) {
    shared[t] = static_cast<float>(t) + 100.0f * static_cast<float>(round);
    __syncthreads();
    sum += shared[(t + 5) % blockDim.x];
    if constexpr (Barrier) __syncthreads();
  }
  out[t] = sum;
}

TEST(Schedules, AMissingBarrierAtTheEndOfALoopIsFound) {
  EXPECT_NO_THROW(run(rounds<true>, Schedules::all()));
  EXPECT_THROW(run(rounds<false>, Schedules::all()), KernelError);
}

__global__ void sum_by_atomics(float* sum, const float* terms) { atomicAdd(sum, terms[threadIdx.x]); }
__global__ void sum_over_blocks(float* sum, const float* terms) { atomicAdd(sum, terms[blockIdx.x]); }
__global__ void count_by_atomics(int* sum) { atomicAdd(sum, 1); }

const std::vector<float> kTerms = {1e8f, 1.0f, -1e8f, 1.0f};  // in order 1, in reverse 0

TEST(Schedules, AFloatSumThatDependsOnTheOrderOfThreadsIsFound) {
  const ScheduleScope scope(Schedules::all());
  DeviceArray<float> sum({0.0f});
  const DeviceArray<float> terms(kTerms);
  EXPECT_THROW(launch(sum_by_atomics, 1, 4, 0, nullptr, sum.data(), terms.data()), KernelError);
}

TEST(Schedules, AFloatSumThatDependsOnTheOrderOfBlocksIsFound) {
  const ScheduleScope scope(Schedules::all());
  DeviceArray<float> sum({0.0f});
  const DeviceArray<float> terms(kTerms);
  EXPECT_THROW(launch(sum_over_blocks, 4, 1, 0, nullptr, sum.data(), terms.data()), KernelError);
}

// Also: each schedule begins from the same memory, and the launch counts once.
TEST(Schedules, AnIntegerSumDoesNotDependOnTheOrder) {
  const ScheduleScope scope(Schedules::all());
  DeviceArray<int> sum({5});
  launch(count_by_atomics, 3, 100, 0, nullptr, sum.data());
  EXPECT_EQ(sum.host()[0], 305);
}

__global__ void record_order(int* out, int* next) {
  out[atomicAdd(next, 1)] = static_cast<int>(threadIdx.x);
  __syncthreads();
  out[atomicAdd(next, 1)] = static_cast<int>(threadIdx.x);
}

std::vector<int> order_of(Schedule schedule) {
  const ScheduleScope scope({schedule});
  DeviceArray<int> out(128), next({0});
  launch(record_order, 1, 64, 0, nullptr, out.data(), next.data());
  return out.host();
}

TEST(Schedules, OrdersAreWhatTheySay) {
  EXPECT_EQ(order_of(kForward)[0], 0);
  EXPECT_EQ(order_of(kForward)[63], 63);
  EXPECT_EQ(order_of(kReverse)[0], 63);
  EXPECT_EQ(order_of(kReverse)[127], 0);
}

TEST(Schedules, RandomOrdersRepeatDifferBySeedAndAreDrawnAgainAtABarrier) {
  const std::vector<int> order = order_of(kRandom);
  EXPECT_EQ(order_of(kRandom), order);
  EXPECT_NE(order_of({Schedule::random, 2}), order);
  const std::vector<int> before(order.begin(), order.begin() + 64), after(order.begin() + 64, order.end());
  EXPECT_NE(before, after);
}

__global__ void wait_order(int* out, int* next) {
  __syncwarp();
  out[atomicAdd(next, 1)] = static_cast<int>(threadIdx.x);
}

// A warp runs on to the next barrier before the other one has come to its first __syncwarp.
TEST(Schedules, AWarpRunsAheadOfTheOthers) {
  const ScheduleScope scope({kReverse});
  DeviceArray<int> out(64), next({0});
  launch(wait_order, 1, 64, 0, nullptr, out.data(), next.data());
  EXPECT_EQ(out.host()[0], 63);
  EXPECT_EQ(out.host()[31], 32);
  EXPECT_EQ(out.host()[32], 31);
}

TEST(Schedules, ScopeRestores) {
  const std::size_t before = host_cuda::current_schedule().size();
  {
    const ScheduleScope scope(Schedules::forward_only());
    EXPECT_EQ(host_cuda::current_schedule().size(), 1u);
  }
  EXPECT_EQ(host_cuda::current_schedule().size(), before);
  EXPECT_THROW(host_cuda::set_schedule({}), std::invalid_argument);
}

TEST(Schedules, TheEnvironmentChoosesTheFirst) {
  const auto fresh_size = [](const char* choice) {
    setenv("HOST_CUDA_SCHEDULES", choice, 1);
    std::exit(static_cast<int>(host_cuda::current_schedule().size()));
  };
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a fresh process, which has not asked yet
  EXPECT_EXIT(fresh_size("all"), ::testing::ExitedWithCode(5), "");
  EXPECT_EXIT(fresh_size("forward"), ::testing::ExitedWithCode(1), "");
}

}  // namespace
