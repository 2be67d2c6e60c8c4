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
  const TriangleTile block(blockIdx.y);
  T sums[kTile][kTile], b = T(0);
  clear(sums);
  sum_large(entries_of(problem), range, block, sums, b);
  T* out = partials + static_cast<index_t>(blockIdx.x) * (k * k + k);
  store_large(sums, block, k, out);
  const index_t f = block.row * kLargeTile + threadIdx.x;
  if (block.row == block.column && f < k) out[k * k + f] = b;
}

/// The systems of a batch: rows first to first + count - 1 of the bin.
template <class T>
struct Batch {
  RowBin bin;
  index_t first;
  T* grams;       ///< k x k each, column-major
  T* solutions;   ///< k each
  T* thresholds;  ///< that pivots must be above
  int* info;      ///< the factorization's verdicts; one more for solving
  T** pointers;   ///< to the systems, and then to the solutions

  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor(bin);
    visitor(grams);
    visitor(solutions);
    visitor(thresholds);
    visitor(info);
    visitor(pointers);
  }
};

// Block (n, t) computes block t of the Gram matrix of row n of the batch, and where t is on the diagonal also its part
// of b. See large_gram.cuh for the threads.
//   1. gather and 2. accumulate, or, where the row is cut, add its segments' sums in their order
//   3. penalty on the diagonal
// Where the bin ends before row n, all that is written is a first pivot of 0, at which the factorization gives up.
template <class T>
__global__ void __launch_bounds__(kLargeThreads)
    large_grams_kernel(SolveRows<T> problem, Batch<T> batch, offset_t chunk, const T* partials) {
  const CsrView<T>& ratings = problem.ratings;
  const index_t k = problem.y.cols, n = blockIdx.x, i = batch.bin.row(batch.first + n);
  T* gram = batch.grams + n * k * k;
  if (i < 0) {
    if (blockIdx.y == 0 && threadIdx.x == 0) gram[0] = T(0);
    return;
  }
  const TriangleTile block(blockIdx.y);
  const index_t f = block.row * kLargeTile + threadIdx.x;
  T sums[kTile][kTile], b = T(0);
  clear(sums);
  const Segments segments = segments_of(ratings.offsets, i, chunk);
  if (segments.count == 0) {
    sum_large(entries_of(problem), {ratings.offsets[i], ratings.offsets[i + 1]}, block, sums, b);
  } else {
    for (offset_t s = 0; s < segments.count; ++s) {
      const T* partial = partials + (segments.first_slot + s) * (k * k + k);
      add_large(sums, block, k, partial);
      if (f < k) b += partial[k * k + f];
    }
  }
  if (block.row == block.column && threadIdx.x % 8 == threadIdx.x / 8) {
    const T ridge = problem.ridge(i);
    const index_t first = block.row * kLargeTile + threadIdx.x % 8 * kTile;
#pragma unroll
    for (int r = 0; r < kTile; ++r)
      if (first + r < k) sums[r][r] += problem.diagonal(ridge, first + r);
  }
  store_large(sums, block, k, gram);
  if (block.row == block.column && f < k) batch.solutions[n * k + f] = b;
}

// Block n, the system n of a batch: the pointers that the batched factorization wants, and its pivots' threshold.
// Shared: each thread's largest element of the diagonal.
template <class T>
__global__ void __launch_bounds__(kLargeThreads) prepare_batch_kernel(index_t k, index_t count, Batch<T> batch) {
  const index_t n = blockIdx.x;
  T* gram = batch.grams + n * k * k;
  T* largest = dynamic_shared<T>();
  T mine = T(0);
  for (index_t f = threadIdx.x; f < k; f += kLargeThreads) mine = max(mine, gram[f * k + f]);
  largest[threadIdx.x] = mine;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int t = 1; t < kLargeThreads; ++t) mine = max(mine, largest[t]);
  batch.thresholds[n] = singular_threshold(k, mine);
  batch.pointers[n] = gram;
  batch.pointers[count + n] = batch.solutions + n * k;
}

// Block n: whether row n of the batch is singular, by the factorization's verdict and its pivots; else its solution.
template <class T>
__global__ void __launch_bounds__(kLargeThreads)
    finish_batch_kernel(SolveRows<T> problem, Batch<T> batch, unsigned char* flags) {
  const index_t k = problem.y.cols, n = blockIdx.x, i = batch.bin.row(batch.first + n);
  if (i < 0) return;
  bool singular = batch.info[n] != 0;
  for (index_t f = threadIdx.x; f < k && !singular; f += kLargeThreads) {
    const T l = batch.grams[n * k * k + f * k + f];
    singular = !(l * l > batch.thresholds[n]);
  }
  singular = __syncthreads_or(singular) != 0;
  if (singular) {
    if (threadIdx.x == 0) flags[i] = 1;
    return;
  }
  T* x = problem.x.row(i);
  for (index_t f = threadIdx.x; f < k; f += kLargeThreads) x[f] = batch.solutions[n * k + f];
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

/// How the rows are cut and batched under the budgets, at most `rows` of them in the bin.
struct Plan {
  offset_t chunk;      ///< entries of a segment
  offset_t slots;      ///< of segments
  index_t batch_rows;  ///< whose systems are there at a time

  Plan(index_t rows, offset_t entries, index_t rank, std::size_t element) {
    const auto k = static_cast<double>(rank), bytes = static_cast<double>(element);
    constexpr double kLeast = 2, kMost = 2048;
    chunk = segment_entries(entries,
                            static_cast<offset_t>(std::clamp(kPartialBytes / ((k * k + k) * bytes), kLeast, kMost)));
    slots = entries / chunk;
    batch_rows = std::min(rows, static_cast<index_t>(std::max(1.0, kGramBytes / (k * k * bytes))));
  }
};

/// The workspace of batches of so many rows.
template <class T>
Batch<T> make_batch(Resources& gpu, RowBin bin, index_t k, index_t rows) {
  const auto count = static_cast<std::size_t>(rows), order = static_cast<std::size_t>(k);
  return {bin,
          0,
          gpu.scratch<T>(Scratch::grams, count * order * order),
          gpu.scratch<T>(Scratch::solutions, count * order),
          gpu.scratch<T>(Scratch::sums, count),
          gpu.scratch<int>(Scratch::info, count + 1),
          gpu.scratch<T*>(Scratch::pointers, 2 * count)};
}

template <class T>
void solve_batch(Resources& gpu, const SolveRows<T>& problem, offset_t chunk, const T* partials, const Batch<T>& batch,
                 index_t count, unsigned char* flags) {
  const index_t k = problem.y.cols;
  const int n = static_cast<int>(count), order = static_cast<int>(k);
  launch(large_grams_kernel<T>, Grid(count, large_blocks(k)), kLargeThreads, sizeof(LargeMemory<T>), gpu.stream(),
         problem, batch, chunk, partials);
  launch(prepare_batch_kernel<T>, count, kLargeThreads, kLargeThreads * sizeof(T), gpu.stream(), k, count, batch);
  factor(gpu.cusolver(), order, batch.pointers, batch.info, n);
  solve(gpu.cusolver(), order, batch.pointers, batch.pointers + count, batch.info + n, n);
  launch(finish_batch_kernel<T>, count, kLargeThreads, 0, gpu.stream(), problem, batch, flags);
}

}  // namespace

// Ranks beyond the fused kernel's. In batches of rows under a memory budget:
//   1. to 3.  Gram matrices, b and penalty   4. factor and 5. solve   by cuSOLVER, and the singular rows are flagged
// How many rows the bin has the host does not know: batches are as many as it may have.
template <class T>
void solve_rows_large(Resources& gpu, const SolveRows<T>& problem, const RowBins& bins, unsigned char* flags) {
  const CsrView<T>& ratings = problem.ratings;
  const index_t k = problem.y.cols, rows = bins.most(kPrimalBin);
  const Plan plan(rows, ratings.entries, k, sizeof(T));
  T* partials = nullptr;
  if (plan.slots >= 2) {
    partials = gpu.scratch<T>(Scratch::partials, static_cast<std::size_t>(plan.slots * (k * k + k)));
    launch(sum_large_segments_kernel<T>, Grid(plan.slots, large_blocks(k)), kLargeThreads, sizeof(LargeMemory<T>),
           gpu.stream(), problem, plan.chunk, partials);
  }
  Batch<T> batch = make_batch<T>(gpu, bins.bin(kPrimalBin), k, plan.batch_rows);
  for (; batch.first < rows; batch.first += plan.batch_rows)
    solve_batch(gpu, problem, plan.chunk, partials, batch, std::min(plan.batch_rows, rows - batch.first), flags);
}

// What Batch has for each system, and the segments' sums.
template <class T>
double solve_rows_large_workspace(const SolveRowsSize& size) {
  const Plan plan(size.rows, size.entries, size.rank, sizeof(T));
  const auto k = static_cast<double>(size.rank);
  const double system = (k * k + k + 1) * sizeof(T) + 2 * sizeof(T*) + sizeof(int);
  return static_cast<double>(plan.batch_rows) * system +
         (plan.slots >= 2 ? static_cast<double>(plan.slots) * (k * k + k) * sizeof(T) : 0);
}

template double solve_rows_large_workspace<float>(const SolveRowsSize&);
template double solve_rows_large_workspace<double>(const SolveRowsSize&);

template void solve_rows_large(Resources&, const SolveRows<float>&, const RowBins&, unsigned char*);
template void solve_rows_large(Resources&, const SolveRows<double>&, const RowBins&, unsigned char*);

}  // namespace seesaw::cuda
