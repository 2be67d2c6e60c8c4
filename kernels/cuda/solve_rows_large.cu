#include <algorithm>

#include "large_gram.cuh"
#include "solve_rows.cuh"
#include "solve_spd.hpp"

namespace seesaw::cuda {
namespace {

constexpr double kGramBytes = 256 << 20;     // Gram matrices at a time
constexpr double kPartialBytes = 256 << 20;  // sums of the long rows' segments

template <class T>
__device__ __forceinline__ LargeEntries<T> entries_of(const SolveRows<T>& problem) {
  const CsrView<T>& ratings = problem.ratings;
  return {problem.y, ratings.columns, ratings.values, ratings.weights, problem.shared};
}

// Phases 1 and 2 for the segments of long rows: block (t, s) sums block t of the lower triangle over the segment in
// slot s, if there is one, to partials + s * (k * k + k): column-major, its lower blocks; then b.
template <class T>
__global__ void __launch_bounds__(kLargeThreads)
    sum_large_segments_kernel(SolveRows<T> problem, offset_t chunk, T* partials) {
  const index_t k = problem.y.cols;
  const EntryRange range = segment_in_slot(problem.ratings.offsets, problem.ratings.rows, chunk, blockIdx.x);
  if (range.first == range.last) return;
  const LargeBlock block(blockIdx.y);
  T sums[kTile][kTile], b = T(0);
  clear(sums);
  sum_large(entries_of(problem), range, block, sums, b);
  T* out = partials + static_cast<index_t>(blockIdx.x) * (k * k + k);
  store_large(sums, block, k, out);
  const index_t f = block.row * kLargeTile + threadIdx.x;
  if (block.row == block.column && f < k) out[k * k + f] = b;
}

// Block (n, t) computes block t of the Gram matrix of row first_row + n, to grams + n * k * k, column-major, and where
// t is on the diagonal also its part of b, to x. See large_gram.cuh for the threads.
//   1. gather and 2. accumulate, or, where the row is cut, add its segments' sums in their order
//   3. penalty on the diagonal; a row without entries gets the identity
template <class T>
__global__ void __launch_bounds__(kLargeThreads)
    large_grams_kernel(SolveRows<T> problem, offset_t chunk, const T* partials, index_t first_row, T* grams) {
  const CsrView<T>& ratings = problem.ratings;
  const index_t k = problem.y.cols, i = first_row + blockIdx.x;
  const EntryRange range{ratings.offsets[i], ratings.offsets[i + 1]};
  const LargeBlock block(blockIdx.y);
  const index_t f = block.row * kLargeTile + threadIdx.x;
  T sums[kTile][kTile], b = T(0);
  clear(sums);
  const Segments segments = segments_of(ratings.offsets, i, chunk);
  if (segments.count == 0) {
    sum_large(entries_of(problem), range, block, sums, b);
  } else {
    for (offset_t s = 0; s < segments.count; ++s) {
      const T* partial = partials + (segments.first_slot + s) * (k * k + k);
      add_large(sums, block, k, partial);
      if (f < k) b += partial[k * k + f];
    }
  }
  if (block.row == block.column && threadIdx.x % 8 == threadIdx.x / 8) {
    const bool empty = range.first == range.last;
    const T ridge = problem.ridge(i);
    const index_t first = block.row * kLargeTile + threadIdx.x % 8 * kTile;
#pragma unroll
    for (int r = 0; r < kTile; ++r)
      if (first + r < k) sums[r][r] += empty ? T(1) : problem.diagonal(ridge, first + r);
  }
  store_large(sums, block, k, grams + blockIdx.x * k * k);
  if (block.row == block.column && f < k) problem.x.data[i * problem.x.stride + f] = b;
}

// Block n, the system n of a batch: the pointers that the batched factorization wants, and its pivots' threshold.
template <class T>
__global__ void __launch_bounds__(kLargeThreads)
    prepare_batch_kernel(T* grams, index_t k, MatrixView<T> x, index_t first_row, T threshold_factor, T** systems,
                         T** solutions, T* thresholds) {
  const index_t n = blockIdx.x;
  T* largest = dynamic_shared<T>();
  T mine = T(0);
  for (index_t f = threadIdx.x; f < k; f += kLargeThreads) mine = max(mine, grams[n * k * k + f * k + f]);
  largest[threadIdx.x] = mine;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int t = 1; t < kLargeThreads; ++t) mine = max(mine, largest[t]);
  thresholds[n] = threshold_factor * mine;
  systems[n] = grams + n * k * k;
  solutions[n] = x.data + (first_row + n) * x.stride;
}

// Block n: whether row first_row + n is singular, by its number of entries, the factorization's verdict and its pivots.
template <class T>
__global__ void __launch_bounds__(kLargeThreads)
    flag_batch_kernel(SolveRows<T> problem, const T* grams, index_t first_row, const T* thresholds, const int* info,
                      unsigned char* flags) {
  const index_t n = blockIdx.x, k = problem.y.cols;
  bool singular = info[n] != 0 || problem.too_short(first_row + n);
  for (index_t f = threadIdx.x; f < k && !singular; f += kLargeThreads) {
    const T l = grams[n * k * k + f * k + f];
    singular = !(l * l > thresholds[n]);
  }
  singular = __syncthreads_or(singular) != 0;
  if (threadIdx.x == 0) flags[first_row + n] = singular ? 1 : 0;
}

void factor(cusolverDnHandle_t handle, int k, float** systems, int* info, int count) {
  check(cusolverDnSpotrfBatched(handle, CUBLAS_FILL_MODE_LOWER, k, systems, k, info, count), "cusolverDnSpotrfBatched");
}
void factor(cusolverDnHandle_t handle, int k, double** systems, int* info, int count) {
  check(cusolverDnDpotrfBatched(handle, CUBLAS_FILL_MODE_LOWER, k, systems, k, info, count), "cusolverDnDpotrfBatched");
}
void solve(cusolverDnHandle_t handle, int k, float** systems, float** x, int* info, int count) {
  check(cusolverDnSpotrsBatched(handle, CUBLAS_FILL_MODE_LOWER, k, 1, systems, k, x, k, info, count),
        "cusolverDnSpotrsBatched");
}
void solve(cusolverDnHandle_t handle, int k, double** systems, double** x, int* info, int count) {
  check(cusolverDnDpotrsBatched(handle, CUBLAS_FILL_MODE_LOWER, k, 1, systems, k, x, k, info, count),
        "cusolverDnDpotrsBatched");
}

/// How the rows are cut and batched under the budgets.
struct Plan {
  offset_t chunk;      ///< entries of a segment
  offset_t slots;      ///< of segments
  index_t batch_rows;  ///< whose systems are there at a time

  Plan(const SolveRowsSize& size, std::size_t element) {
    const auto k = static_cast<double>(size.rank), bytes = static_cast<double>(element);
    constexpr double kLeast = 2, kMost = 2048;
    chunk = segment_entries(size.entries,
                            static_cast<offset_t>(std::clamp(kPartialBytes / ((k * k + k) * bytes), kLeast, kMost)));
    slots = size.entries / chunk;
    batch_rows = std::min(size.rows, static_cast<index_t>(std::max(1.0, kGramBytes / (k * k * bytes))));
  }
};

/// The workspace of one batch of rows.
template <class T>
struct Batch {
  T* grams;
  T* thresholds;
  T** pointers;
  int* info;

  Batch(Resources& gpu, index_t k, index_t rows)
      : grams(gpu.scratch<T>(Scratch::grams, static_cast<std::size_t>(rows * k * k))),
        thresholds(gpu.scratch<T>(Scratch::sums, static_cast<std::size_t>(rows))),
        pointers(gpu.scratch<T*>(Scratch::pointers, static_cast<std::size_t>(2 * rows))),
        info(gpu.scratch<int>(Scratch::info, static_cast<std::size_t>(rows + 1))) {}
};

template <class T>
void solve_batch(Resources& gpu, const SolveRows<T>& problem, offset_t chunk, const T* partials, index_t first_row,
                 index_t count, const Batch<T>& batch, unsigned char* flags) {
  const index_t k = problem.y.cols;
  const int n = static_cast<int>(count), order = static_cast<int>(k);
  launch(large_grams_kernel<T>, Grid(count, large_blocks(k)), kLargeThreads, sizeof(LargeMemory<T>), gpu.stream(),
         problem, chunk, partials, first_row, batch.grams);
  launch(prepare_batch_kernel<T>, count, kLargeThreads, kLargeThreads * sizeof(T), gpu.stream(), batch.grams, k,
         problem.x, first_row, singular_threshold(k, T{1}), batch.pointers, batch.pointers + count, batch.thresholds);
  factor(gpu.cusolver(), order, batch.pointers, batch.info, n);
  solve(gpu.cusolver(), order, batch.pointers, batch.pointers + count, batch.info + n, n);
  launch(flag_batch_kernel<T>, count, kLargeThreads, 0, gpu.stream(), problem, batch.grams, first_row, batch.thresholds,
         batch.info, flags);
}

}  // namespace

// Ranks beyond the fused kernel's. In batches of rows under a memory budget:
//   1. to 3.  Gram matrices, b and penalty   4. factor and 5. solve   by cuSOLVER, and the singular rows are flagged
template <class T>
void solve_rows_large(Resources& gpu, const SolveRows<T>& problem, unsigned char* flags) {
  const CsrView<T>& ratings = problem.ratings;
  const index_t k = problem.y.cols;
  const Plan plan({ratings.rows, ratings.cols, ratings.entries, k}, sizeof(T));
  T* partials = nullptr;
  if (plan.slots >= 2) {
    partials = gpu.scratch<T>(Scratch::partials, static_cast<std::size_t>(plan.slots * (k * k + k)));
    launch(sum_large_segments_kernel<T>, Grid(plan.slots, large_blocks(k)), kLargeThreads, sizeof(LargeMemory<T>),
           gpu.stream(), problem, plan.chunk, partials);
  }
  const Batch<T> batch(gpu, k, plan.batch_rows);
  for (index_t first = 0; first < ratings.rows; first += plan.batch_rows)
    solve_batch(gpu, problem, plan.chunk, partials, first, std::min(plan.batch_rows, ratings.rows - first), batch,
                flags);
}

// What Batch has for each system, and the segments' sums.
template <class T>
double solve_rows_large_workspace(const SolveRowsSize& size) {
  const Plan plan(size, sizeof(T));
  const auto k = static_cast<double>(size.rank);
  const double system = k * k * sizeof(T) + sizeof(T) + 2 * sizeof(T*) + sizeof(int);
  return static_cast<double>(plan.batch_rows) * system +
         (plan.slots >= 2 ? static_cast<double>(plan.slots) * (k * k + k) * sizeof(T) : 0);
}

template double solve_rows_large_workspace<float>(const SolveRowsSize&);
template double solve_rows_large_workspace<double>(const SolveRowsSize&);

template void solve_rows_large(Resources&, const SolveRows<float>&, unsigned char*);
template void solve_rows_large(Resources&, const SolveRows<double>&, unsigned char*);

}  // namespace seesaw::cuda
