// What device code finds without a header, by hand.
#include <cmath>

#include "test_device.hpp"

namespace {

using seesaw::cuda::launch;

template <class T>
__global__ void atomics(T* out, T* old) {
  const T t = static_cast<T>(threadIdx.x);
  old[0] = atomicAdd(out + 0, T{2});
  atomicMax(out + 1, t);
  atomicMin(out + 2, t);
  atomicOr(out + 3, T{1} << threadIdx.x);
  atomicCAS(out + 4, T{9}, t);
  if (threadIdx.x == 3) old[1] = atomicExch(out + 5, t);
}

template <class T>
void expect_atomics() {
  const DeviceArray<T> out({1, 2, 2, 32, 8, 7}), old({0, 0});
  const host_cuda::ScheduleScope forward(host_cuda::Schedules::forward_only());
  launch(atomics<T>, 1, 4, 0, nullptr, out.data(), old.data());
  EXPECT_EQ(out.host(), (std::vector<T>{9, 3, 0, 47, 8, 3}));
  EXPECT_EQ(old.host(), (std::vector<T>{7, 7}));
}

TEST(Atomics, Integers) {
  expect_atomics<int>();
  expect_atomics<unsigned>();
  expect_atomics<unsigned long long>();
}

__global__ void claim(int* owner, int* wins) {
  if (atomicCAS(owner, -1, 5) == -1) atomicAdd(wins, 1);
}

TEST(Atomics, CompareAndSwapSucceedsOnce) {
  const DeviceArray<int> owner({-1}), wins({0});
  launch(claim, 2, 40, 0, nullptr, owner.data(), wins.data());
  EXPECT_EQ(owner.host()[0], 5);
  EXPECT_EQ(wins.host()[0], 1);
}

__global__ void float_atomics(float* f, double* d) {
  atomicAdd(f, 0.5f);
  atomicAdd(d, 0.25);
}

TEST(Atomics, FloatingPoint) {
  const DeviceArray<float> f({1});
  const DeviceArray<double> d({1});
  launch(float_atomics, 1, 4, 0, nullptr, f.data(), d.data());
  EXPECT_EQ(f.host()[0], 3);
  EXPECT_EQ(d.host()[0], 2);
}

TEST(Bits, AreCountedAsDocumented) {
  EXPECT_EQ(__popc(0xf0u), 4);
  EXPECT_EQ(__popcll(~0ull), 64);
  EXPECT_EQ(__clz(1), 31);
  EXPECT_EQ(__clz(0), 32);
  EXPECT_EQ(__clz(-1), 0);
  EXPECT_EQ(__clzll(1), 63);
  EXPECT_EQ(__ffs(0), 0);
  EXPECT_EQ(__ffs(8), 4);
  EXPECT_EQ(__ffsll(1ll << 40), 41);
  EXPECT_EQ(__float_as_int(1.0f), 0x3f800000);
  EXPECT_EQ(__int_as_float(0x40000000), 2.0f);
}

TEST(Arithmetic, IsWhatItsNameSays) {
  const float e = std::ldexp(1.0f, -12);  // (1 + e)^2 - 1 - 2e = e^2, lost without fusing
  EXPECT_EQ(__fmaf_rn(1 + e, 1 + e, -1 - 2 * e), e * e);
  EXPECT_EQ(rsqrtf(4.0f), 0.5f);
  EXPECT_EQ(rsqrt(16.0), 0.25);
  EXPECT_EQ(min(2, 3), 2);
  EXPECT_EQ(max(std::int64_t{2}, std::int64_t{1} << 40), std::int64_t{1} << 40);
  EXPECT_EQ(max(NAN, 1.0f), 1.0f);  // as CUDA's: a number where there is one
}

TEST(VectorTypes, HaveTheToolkitsAlignment) {
  static_assert(alignof(float4) == 16 && alignof(double2) == 16 && alignof(int4) == 16 && alignof(uint4) == 16);
  static_assert(alignof(float2) == 8 && alignof(int2) == 8 && alignof(uint2) == 8 && sizeof(uint3) == 12);
  const float4 v = make_float4(1, 2, 3, 4);
  EXPECT_EQ(v.w, 4);
}

[[maybe_unused]] __global__ void recurse(int* out, int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  if (depth > 0) recurse(out, depth - 1);
  *out += frame[0];
}

TEST(Fiber, AStackTooDeepDiesAtItsGuardPage) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const DeviceArray<int> out({0});
  EXPECT_DEATH(launch(recurse, 1, 2, 0, nullptr, out.data(), 1000), "");
}

}  // namespace
