// Warp operations against CUDA's documentation (C++ Programming Guide, "Warp Shuffle Functions", and shfl.sync in the
// PTX manual), worked out by hand.
#include <cmath>
#include <cstdint>

#include "test_device.hpp"

namespace {

using host_cuda::KernelError;
using seesaw::cuda::launch;

constexpr unsigned kFull = 0xffffffffu;

// One warp. Lane l brings 100 + l and stores what it gets.

__global__ void shuffle_index(int* out, int source, int width) {
  const int l = static_cast<int>(threadIdx.x);
  out[l] = __shfl_sync(kFull, 100 + l, source, width);
}
__global__ void shuffle_up(int* out, unsigned distance, int width) {
  const int l = static_cast<int>(threadIdx.x);
  out[l] = __shfl_up_sync(kFull, 100 + l, distance, width);
}
__global__ void shuffle_down(int* out, unsigned distance, int width) {
  const int l = static_cast<int>(threadIdx.x);
  out[l] = __shfl_down_sync(kFull, 100 + l, distance, width);
}
__global__ void shuffle_xor(int* out, int lanes, int width) {
  const int l = static_cast<int>(threadIdx.x);
  out[l] = __shfl_xor_sync(kFull, 100 + l, lanes, width);
}

/// The lanes that the first eight lanes of a warp read from: enough to write down by hand for widths up to 8.
template <class... P, class... A>
std::vector<int> sources(void (*kernel)(P...), A... arguments) {
  DeviceArray<int> out(32);
  launch(kernel, 1, 32, 0, nullptr, out.data(), arguments...);
  std::vector<int> lanes = out.host();
  for (int& lane : lanes) lane -= 100;
  return lanes;
}
std::vector<int> first_eight(std::vector<int> lanes) { return {lanes.begin(), lanes.begin() + 8}; }
using Lanes = std::vector<int>;

TEST(Shuffle, IndexStaysInTheSegment) {
  EXPECT_EQ(first_eight(sources(shuffle_index, 0, 1)), (Lanes{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(first_eight(sources(shuffle_index, 1, 2)), (Lanes{1, 1, 3, 3, 5, 5, 7, 7}));
  EXPECT_EQ(first_eight(sources(shuffle_index, 2, 4)), (Lanes{2, 2, 2, 2, 6, 6, 6, 6}));
  EXPECT_EQ(first_eight(sources(shuffle_index, 5, 8)), (Lanes{5, 5, 5, 5, 5, 5, 5, 5}));
  EXPECT_EQ(sources(shuffle_index, 3, 8)[31], 27);
  EXPECT_EQ(sources(shuffle_index, 3, 16)[31], 19);
  EXPECT_EQ(sources(shuffle_index, 3, 16)[15], 3);
  EXPECT_EQ(sources(shuffle_index, 31, 32), Lanes(32, 31));
}

TEST(Shuffle, IndexBeyondTheWidthCountsModuloIt) {
  EXPECT_EQ(first_eight(sources(shuffle_index, 6, 4)), (Lanes{2, 2, 2, 2, 6, 6, 6, 6}));
  EXPECT_EQ(first_eight(sources(shuffle_index, -1, 4)), (Lanes{3, 3, 3, 3, 7, 7, 7, 7}));
  EXPECT_EQ(sources(shuffle_index, 33, 32), Lanes(32, 1));
}

TEST(Shuffle, UpKeepsTheLowestLanesOfEachSegment) {
  EXPECT_EQ(first_eight(sources(shuffle_up, 1u, 1)), (Lanes{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(first_eight(sources(shuffle_up, 1u, 2)), (Lanes{0, 0, 2, 2, 4, 4, 6, 6}));
  EXPECT_EQ(first_eight(sources(shuffle_up, 1u, 4)), (Lanes{0, 0, 1, 2, 4, 4, 5, 6}));
  EXPECT_EQ(first_eight(sources(shuffle_up, 3u, 8)), (Lanes{0, 1, 2, 0, 1, 2, 3, 4}));
  EXPECT_EQ(first_eight(sources(shuffle_up, 5u, 4)), (Lanes{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(sources(shuffle_up, 8u, 16)[17], 17);
  EXPECT_EQ(sources(shuffle_up, 8u, 16)[31], 23);
  EXPECT_EQ(sources(shuffle_up, 8u, 32)[17], 9);
}

TEST(Shuffle, DownKeepsTheHighestLanesOfEachSegment) {
  EXPECT_EQ(first_eight(sources(shuffle_down, 1u, 1)), (Lanes{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(first_eight(sources(shuffle_down, 1u, 2)), (Lanes{1, 1, 3, 3, 5, 5, 7, 7}));
  EXPECT_EQ(first_eight(sources(shuffle_down, 2u, 4)), (Lanes{2, 3, 2, 3, 6, 7, 6, 7}));
  EXPECT_EQ(first_eight(sources(shuffle_down, 3u, 8)), (Lanes{3, 4, 5, 6, 7, 5, 6, 7}));
  EXPECT_EQ(sources(shuffle_down, 8u, 16)[7], 15);
  EXPECT_EQ(sources(shuffle_down, 8u, 16)[8], 8);
  EXPECT_EQ(sources(shuffle_down, 16u, 32)[15], 31);
  EXPECT_EQ(sources(shuffle_down, 16u, 32)[16], 16);
}

TEST(Shuffle, XorMayReadEarlierSegmentsButNotLater) {
  EXPECT_EQ(first_eight(sources(shuffle_xor, 1, 2)), (Lanes{1, 0, 3, 2, 5, 4, 7, 6}));
  EXPECT_EQ(first_eight(sources(shuffle_xor, 3, 4)), (Lanes{3, 2, 1, 0, 7, 6, 5, 4}));
  // Lanes 0 to 3 would read 4 to 7, a later segment: they keep their own. Lanes 4 to 7 read 0 to 3, an earlier one.
  EXPECT_EQ(first_eight(sources(shuffle_xor, 4, 4)), (Lanes{0, 1, 2, 3, 0, 1, 2, 3}));
  EXPECT_EQ(first_eight(sources(shuffle_xor, 1, 1)), (Lanes{0, 0, 2, 2, 4, 4, 6, 6}));
  EXPECT_EQ(first_eight(sources(shuffle_xor, 7, 8)), (Lanes{7, 6, 5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(sources(shuffle_xor, 16, 32)[3], 19);
  EXPECT_EQ(sources(shuffle_xor, 16, 32)[19], 3);
  EXPECT_EQ(sources(shuffle_xor, 16, 16)[3], 3);
  EXPECT_EQ(sources(shuffle_xor, 16, 16)[19], 3);
}

TEST(Shuffle, AWidthThatIsNoPowerOfTwoIsAnError) {
  for (const int width : {0, 3, 33, 64, -1}) {
    DeviceArray<int> out(32);
    EXPECT_TRUE(contains(kernel_error([&] { launch(shuffle_index, 1, 32, 0, nullptr, out.data(), 0, width); }),
                         "width " + std::to_string(width)));
  }
}

template <class T>
__global__ void shuffle_type(T* out, T base) {
  const T mine = base + static_cast<T>(threadIdx.x);
  out[threadIdx.x] = __shfl_xor_sync(kFull, mine, 1);
}

template <class T>
void expect_type_passes(T base) {
  DeviceArray<T> out(32);
  launch(shuffle_type<T>, 1, 32, 0, nullptr, out.data(), base);
  EXPECT_EQ(out.host()[4], base + T{5});
  EXPECT_EQ(out.host()[5], base + T{4});
}

TEST(Shuffle, CarriesEveryBitOfEachType) {
  expect_type_passes<int>(-(1 << 30));
  expect_type_passes<unsigned>(3u << 30);
  expect_type_passes<std::int64_t>(-(std::int64_t{1} << 60));
  expect_type_passes<unsigned long long>(7ull << 60);
  expect_type_passes<float>(0.125f);
  expect_type_passes<double>(1e-9);
}

__global__ void shuffle_in_lower_half(float* out) {
  const unsigned l = threadIdx.x;
  if (l < 16) out[l] = __shfl_down_sync(0x0000ffffu, static_cast<float>(l), 8);
}

TEST(Shuffle, FromALaneOutsideTheMaskIsNotANumber) {
  DeviceArray<float> out(16);
  launch(shuffle_in_lower_half, 1, 32, 0, nullptr, out.data());
  EXPECT_EQ(out.host()[7], 15.0f);
  EXPECT_TRUE(std::isnan(out.host()[8]));  // reads lane 16, which takes no part
}

__global__ void halves_apart(int* out) {
  const int l = static_cast<int>(threadIdx.x);
  int value = l;
  if (l < 16) {
    for (int round = 0; round < 3; ++round) value = __shfl_sync(0x0000ffffu, value, 5) + 1;
  } else {
    value = __shfl_sync(0xffff0000u, value, 20);
  }
  out[l] = value;
}

TEST(Shuffle, PartsOfAWarpNeedNotWaitForEachOther) {
  DeviceArray<int> out(32);
  launch(halves_apart, 1, 32, 0, nullptr, out.data());
  EXPECT_EQ(out.host()[0], 8);
  EXPECT_EQ(out.host()[15], 8);
  EXPECT_EQ(out.host()[16], 20);
}

__global__ void pairs_then_all(int* out) {
  const int l = static_cast<int>(threadIdx.x);
  const unsigned pair = 3u << (l & ~1);
  int value = l;
  for (int round = 0; round < l / 2; ++round) value += __shfl_xor_sync(pair, 1, 1);
  out[l] = __shfl_xor_sync(kFull, value, 1);
}

// Some lanes are many operations ahead of others: what a lane was given must not be overwritten meanwhile.
TEST(Shuffle, LanesMayRunAhead) {
  DeviceArray<int> out(32);
  launch(pairs_then_all, 1, 32, 0, nullptr, out.data());
  EXPECT_EQ(out.host()[30], 31 + 15);
  EXPECT_EQ(out.host()[31], 30 + 15);
  EXPECT_EQ(out.host()[0], 1);
}

__global__ void votes(unsigned* out) {
  const unsigned l = threadIdx.x;
  const unsigned ballot = __ballot_sync(kFull, l % 3 == 0);
  const int any = __any_sync(kFull, l == 31);
  const int none = __any_sync(kFull, l == 32);
  const int all = __all_sync(kFull, l < 32);
  const int not_all = __all_sync(kFull, l != 7);
  unsigned half = 0;
  if (l >= 16) half = __ballot_sync(0xffff0000u, 1);
  if (l == 16) {
    out[0] = ballot;
    out[1] = static_cast<unsigned>(any * 1000 + none * 100 + all * 10 + not_all);
    out[2] = half;
  }
}

TEST(Vote, CountsTheLanesOfTheMask) {
  DeviceArray<unsigned> out(3);
  launch(votes, 1, 32, 0, nullptr, out.data());
  EXPECT_EQ(out.host()[0], 0x49249249u);  // bits 0, 3, 6, ..., 30
  EXPECT_EQ(out.host()[1], 1010u);
  EXPECT_EQ(out.host()[2], 0xffff0000u);
}

// The last warp of two, so that a warp operation that took the whole block for its warp would hang or mix lanes.
__global__ void second_warp_only(int* out) {
  const int t = static_cast<int>(threadIdx.x);
  if (t < 32) return;
  out[t - 32] = __shfl_sync(kFull, t, 4);
  __syncwarp();
}

TEST(Warp, AnOperationWaitsForNoOtherWarp) {
  DeviceArray<int> out(32);
  launch(second_warp_only, 1, 64, 0, nullptr, out.data());
  EXPECT_EQ(out.host(), std::vector<int>(32, 36));
}

__global__ void warps_of_a_plane(int* out) {  // blockDim (8, 4, 2): lanes count through x, then y, then z
  const int t = static_cast<int>(threadIdx.x + 8 * (threadIdx.y + 4 * threadIdx.z));
  out[t] = __shfl_sync(kFull, t, 9);
}

TEST(Warp, LanesCountThroughXThenYThenZ) {
  DeviceArray<int> out(64);
  launch(warps_of_a_plane, 1, dim3(8, 4, 2), 0, nullptr, out.data());
  EXPECT_EQ(out.host()[31], 9);
  EXPECT_EQ(out.host()[32], 41);
}

__global__ void half_left(int* out) {
  if (threadIdx.x >= 16) return;
  out[threadIdx.x] = __shfl_sync(kFull, 1, 0);
}
__global__ void different_sites(int* out) {
  if (threadIdx.x < 16)
    out[threadIdx.x] = __shfl_sync(kFull, 1, 0);
  else
    out[threadIdx.x] = __shfl_sync(kFull, 2, 0);
}
__global__ void different_masks(int* out) {
  out[threadIdx.x] = __shfl_sync(threadIdx.x < 16 ? 0x0001ffffu : kFull, 1, 16);
}
__global__ void stranger_to_its_mask(int* out) { out[threadIdx.x] = __shfl_sync(1u, 1, 0); }
__global__ void waits_at_the_barrier_instead(int* out) {
  if (threadIdx.x < 16) {
    __syncthreads();
  }
  out[threadIdx.x] = __shfl_sync(kFull, 1, 0);
}

std::string error_of(void (*kernel)(int*), unsigned threads = 32) {
  DeviceArray<int> out(64);
  return kernel_error([&] { launch(kernel, 1, threads, 0, nullptr, out.data()); });
}

TEST(Warp, ALaneOfTheMaskThatExitedIsAnError) {
  const host_cuda::ScheduleScope forward(host_cuda::Schedules::forward_only());
  EXPECT_TRUE(contains(error_of(half_left), "kernel (anonymous namespace)::half_left"));
  EXPECT_TRUE(contains(error_of(half_left), "16 thread(s) from 16 on: exited"));
  host_cuda::set_schedule({{host_cuda::Schedule::reverse}});
  EXPECT_TRUE(contains(error_of(half_left), "has exited"));
}
TEST(Warp, ALaneThatTheBlockDoesNotHaveIsAnError) {
  EXPECT_EQ(error_of(stranger_to_its_mask, 1), "");  // mask 1 is right for a lane alone
  EXPECT_TRUE(contains(error_of(different_masks, 8), "lane 8 is not in this block"));
}
TEST(Warp, LanesAtDifferentCallsAreAnError) {
  EXPECT_TRUE(contains(error_of(different_sites), "wait at different places"));
  EXPECT_TRUE(contains(error_of(different_sites), "warp_test.cpp"));
}
TEST(Warp, LanesWithDifferentMasksAreAnError) {
  EXPECT_TRUE(contains(error_of(different_masks), "for lanes 0x1ffff"));
  EXPECT_TRUE(contains(error_of(different_masks), "for lanes 0xffffffff"));
}
TEST(Warp, ALaneOutsideItsOwnMaskIsAnError) {
  EXPECT_TRUE(contains(error_of(stranger_to_its_mask), "not in its own mask"));
}
TEST(Warp, ALaneAtTheBlocksBarrierIsAnError) {
  EXPECT_TRUE(contains(error_of(waits_at_the_barrier_instead), "16 thread(s) from 0 on: __syncthreads"));
}
TEST(Warp, OutsideOfAKernelIsAnError) { EXPECT_THROW(__syncwarp(), KernelError); }

}  // namespace
