#include <algorithm>

#include "device.cuh"
#include "masked_residual.hpp"
#include "panel.cuh"
#include "resources.cuh"
#include "row_of_entry.cuh"

namespace seesaw::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kLanes = 8;  // threads of a team
constexpr int kTeams = kThreads / kLanes;
constexpr index_t kMostBlocks = 4096;  // of a device-independent cut

/// Sums in double, in shared memory some for each team.
struct Sums {
  double squared;
  double weighted;
  double plain;

  __device__ void add(const Sums& other) {
    squared += other.squared;
    weighted += other.weighted;
    plain += other.plain;
  }
};

/// Sum over the lanes of a team, the same in each; every lane of the warp must call it.
template <class U>
__device__ __forceinline__ U team_sum(U value) {
#pragma unroll
  for (int distance = kLanes / 2; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffu, value, distance);
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

/// The teams' sums, in their order, to *out.
__device__ inline void store_block_sums(Sums mine, Sums* out) {
  Sums* teams = dynamic_shared<Sums>();
  if (threadIdx.x % kLanes == 0) teams[threadIdx.x / kLanes] = mine;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int t = 1; t < kTeams; ++t) mine.add(teams[t]);
  *out = mine;
}

// Block c takes the entries c * chunk to (c + 1) * chunk - 1, its team t every kTeams-th of them from the t-th on; a
// lane the chunks of 16 bytes lane, lane + kLanes, ... of x_i and y_j.
//   1. row       by binary search, for the block's first and last entry, then between those
//   2. residual  a_ij - x_i.y_j
//   3. sums      in double: by team, then over the teams of the block
template <class T>
__global__ void __launch_bounds__(kThreads)
    residual_kernel(CsrView<T> ratings, MatrixView<const T> x, MatrixView<const T> y, offset_t chunk, T* residuals,
                    Sums* partials) {
  const offset_t begin = ratings.offsets[0];
  const offset_t first = begin + blockIdx.x * chunk, last = min(first + chunk, ratings.offsets[ratings.rows]);
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const bool aligned = make_vectors(x).aligned && make_vectors(y).aligned;
  const index_t chunks = (x.cols + kChunk<T> - 1) / kChunk<T>;
  index_t row = row_of_entry(ratings.offsets, first, 0, ratings.rows - 1);
  const index_t last_row = row_of_entry(ratings.offsets, last - 1, row, ratings.rows - 1);
  Sums sums{0, 0, 0};
  for (offset_t base = first; base < last; base += kTeams) {
    const offset_t e = base + threadIdx.x / kLanes;
    const bool active = e < last;
    T dot = T(0);
    if (active) {
      if (e >= ratings.offsets[row + 1]) row = row_of_entry(ratings.offsets, e, row + 1, last_row);
      const T* left = x.data + row * x.stride;
      const T* right = y.data + static_cast<index_t>(ratings.columns[e]) * y.stride;
      for (index_t q = lane; q < chunks; q += kLanes) {
        const Chunk<T> a = load_chunk(left, q, x.cols, aligned), b = load_chunk(right, q, x.cols, aligned);
#pragma unroll
        for (int n = 0; n < kChunk<T>; ++n) dot += a.element[n] * b.element[n];
      }
    }
    dot = team_sum(dot);
    if (!active || lane != 0) continue;
    const T residual = (ratings.values != nullptr ? ratings.values[e] : T(1)) - dot;
    const double squared = static_cast<double>(residual) * static_cast<double>(residual);
    sums.squared += squared;
    sums.weighted += ratings.weights != nullptr ? static_cast<double>(ratings.weights[e]) * squared : squared;
    sums.plain += static_cast<double>(residual);
    if (residuals != nullptr) residuals[e - begin] = residual;
  }
  store_block_sums(sums, partials + blockIdx.x);
}

// Block c takes the rows c * chunk to (c + 1) * chunk - 1 of x, a team a row.
template <class T>
__global__ void __launch_bounds__(kThreads)
    penalty_kernel(MatrixView<const T> x, const offset_t* offsets, Weighting weighting, double exponent, double offset,
                   index_t chunk, Sums* partials) {
  const Penalty penalty{1, weighting, exponent, offset};
  const index_t first = blockIdx.x * chunk, last = min(first + chunk, x.rows);
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  Sums sums{0, 0, 0};
  for (index_t base = first; base < last; base += kTeams) {
    const index_t i = base + threadIdx.x / kLanes;
    double squared = 0;
    if (i < last)
      for (index_t f = lane; f < x.cols; f += kLanes) {
        const auto element = static_cast<double>(x.data[i * x.stride + f]);
        squared += element * element;
      }
    squared = team_sum(squared);
    if (i < last) sums.squared += row_weight(penalty, offsets != nullptr ? offsets[i + 1] - offsets[i] : 0) * squared;
  }
  store_block_sums(sums, partials + blockIdx.x);
}

// One block: thread t adds the partial sums t, t + kThreads, ...; thread 0 adds those, to the first of them.
__global__ void __launch_bounds__(kThreads) add_sums_kernel(Sums* partials, index_t count) {
  Sums* all = dynamic_shared<Sums>();
  Sums mine{0, 0, 0};
  for (index_t n = threadIdx.x; n < count; n += kThreads) mine.add(partials[n]);
  all[threadIdx.x] = mine;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int t = 1; t < kThreads; ++t) mine.add(all[t]);
  partials[0] = mine;
}

/// How many elements a block takes, and how many blocks that makes.
struct Cut {
  index_t chunk;
  index_t blocks;

  explicit Cut(index_t count) {
    chunk = std::max<index_t>(1024, (count + kMostBlocks - 1) / kMostBlocks);
    blocks = (count + chunk - 1) / chunk;
  }
};

/// Waits for the sum of the blocks' sums.
Sums total(Resources& gpu, Sums* partials, index_t blocks) {
  launch(add_sums_kernel, 1, kThreads, kThreads * sizeof(Sums), gpu.stream(), partials, blocks);
  Sums sums{0, 0, 0};
  check(cudaMemcpyAsync(&sums, partials, sizeof sums, cudaMemcpyDeviceToHost, gpu.stream()), "cudaMemcpyAsync");
  gpu.synchronize();
  return sums;
}

}  // namespace

template <class T>
ResidualSums masked_residual(Resources& gpu, CsrView<T> ratings, MatrixView<const T> x, MatrixView<const T> y,
                             T* residuals) {
  if (ratings.entries == 0) return {};
  const DeviceScope scope(gpu.device());
  const Cut cut(ratings.entries);
  Sums* partials = gpu.scratch<Sums>(Scratch::sums, static_cast<std::size_t>(cut.blocks));
  launch(residual_kernel<T>, cut.blocks, kThreads, kTeams * sizeof(Sums), gpu.stream(), ratings, x, y, cut.chunk,
         residuals, partials);
  const Sums sums = total(gpu, partials, cut.blocks);
  return {sums.squared, sums.weighted, sums.plain};
}

template <class T>
double penalty_term(Resources& gpu, MatrixView<const T> x, const offset_t* offsets, Penalty penalty) {
  if (x.empty()) return 0;
  const DeviceScope scope(gpu.device());
  const Cut cut(x.rows);
  Sums* partials = gpu.scratch<Sums>(Scratch::sums, static_cast<std::size_t>(cut.blocks));
  launch(penalty_kernel<T>, cut.blocks, kThreads, kTeams * sizeof(Sums), gpu.stream(), x,
         penalty.weighting == Weighting::by_count ? offsets : nullptr, penalty.weighting, penalty.exponent,
         penalty.offset, cut.chunk, partials);
  return 0.5 * penalty.lambda * total(gpu, partials, cut.blocks).squared;
}

template ResidualSums masked_residual(Resources&, CsrView<float>, MatrixView<const float>, MatrixView<const float>,
                                      float*);
template ResidualSums masked_residual(Resources&, CsrView<double>, MatrixView<const double>, MatrixView<const double>,
                                      double*);
template double penalty_term(Resources&, MatrixView<const float>, const offset_t*, Penalty);
template double penalty_term(Resources&, MatrixView<const double>, const offset_t*, Penalty);

}  // namespace seesaw::cuda
