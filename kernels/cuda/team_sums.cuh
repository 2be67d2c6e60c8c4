#pragma once
#include <algorithm>

#include "device.cuh"
#include "panel.cuh"
#include "resources.cuh"

// Blocks of teams of kLanes threads, and sums over all of them: of the lanes of a team, of the teams of a block, of the
// blocks, each in a fixed order.
namespace seesaw::cuda {

inline constexpr int kThreads = 256;
inline constexpr int kLanes = 8;  // threads of a team
inline constexpr int kTeams = kThreads / kLanes;

/// Sum over kCount neighbouring lanes, the same in each; every lane of the warp must call it.
template <int kCount = kLanes, class U>
__device__ __forceinline__ U team_sum(U value) {
#pragma unroll
  for (int distance = kCount / 2; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffu, value, distance);
  return value;
}

/// Elements q * kChunk on of `row`, 0 beyond `width`.
template <class T>
__device__ __forceinline__ Chunk<T> load_chunk(const T* row, index_t q, index_t width, bool aligned) {
  const index_t f = q * kChunk<T>;
  if (aligned && f + kChunk<T> <= width) return *reinterpret_cast<const Chunk<T>*>(row + f);
  Chunk<T> chunk;
#pragma unroll
  for (int e = 0; e < kChunk<T>; ++e) chunk.element[e] = f + e < width ? row[f + e] : T(0);
  return chunk;
}

/// The other way, nothing beyond `width`.
template <class T>
__device__ __forceinline__ void store_chunk(const Chunk<T>& chunk, T* row, index_t q, index_t width, bool aligned) {
  const index_t f = q * kChunk<T>;
  if (aligned && f + kChunk<T> <= width) {
    *reinterpret_cast<Chunk<T>*>(row + f) = chunk;
    return;
  }
#pragma unroll
  for (int e = 0; e < kChunk<T>; ++e)
    if (f + e < width) row[f + e] = chunk.element[e];
}

/// One number, in double.
struct Sum {
  double value;

  __device__ void add(const Sum& other) { value += other.value; }
};

/// Those of residuals, in double.
struct Sums {
  double squared;
  double weighted;
  double plain;

  __device__ void add(const Sums& other) {
    squared += other.squared;
    weighted += other.weighted;
    plain += other.plain;
  }
  template <class T>
  __device__ __forceinline__ void add_residual(T residual, T weight) {
    const double square = static_cast<double>(residual) * static_cast<double>(residual);
    squared += square;
    weighted += static_cast<double>(weight) * square;
    plain += static_cast<double>(residual);
  }
};

/// The sums that the first lanes of the teams have, in the order of the teams, to *out. Shared: kTeams of S.
template <class S>
__device__ __forceinline__ void store_block_sums(S mine, S* out) {
  S* teams = dynamic_shared<S>();
  if (threadIdx.x % kLanes == 0) teams[threadIdx.x / kLanes] = mine;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int t = 1; t < kTeams; ++t) mine.add(teams[t]);
  *out = mine;
}

// One block: thread t adds the partial sums t, t + kThreads, ...; thread 0 adds those, to the first of them. Shared:
// kThreads of S.
template <class S>
__global__ void __launch_bounds__(kThreads) add_sums_kernel(S* partials, index_t count) {
  S* all = dynamic_shared<S>();
  S mine{};
  for (index_t n = threadIdx.x; n < count; n += kThreads) mine.add(partials[n]);
  all[threadIdx.x] = mine;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int t = 1; t < kThreads; ++t) mine.add(all[t]);
  partials[0] = mine;
}

/// How many elements a block takes, and how many blocks that makes: of the number of elements alone.
struct Cut {
  index_t chunk;
  index_t blocks;

  explicit Cut(index_t count) {
    constexpr index_t kMostBlocks = 4096;
    chunk = std::max<index_t>(1024, (count + kMostBlocks - 1) / kMostBlocks);
    blocks = (count + chunk - 1) / chunk;
  }
};

/// Waits for the sum of the blocks' sums.
template <class S>
S total(Resources& gpu, S* partials, index_t blocks) {
  launch(add_sums_kernel<S>, 1, kThreads, kThreads * sizeof(S), gpu.stream(), partials, blocks);
  S sums{};
  check(cudaMemcpyAsync(&sums, partials, sizeof sums, cudaMemcpyDeviceToHost, gpu.stream()), "cudaMemcpyAsync");
  gpu.synchronize();
  return sums;
}

}  // namespace seesaw::cuda
