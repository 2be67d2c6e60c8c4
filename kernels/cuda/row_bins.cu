#include <algorithm>

#include "device.cuh"
#include "form_of.hpp"
#include "row_bins.cuh"

namespace seesaw::cuda {
namespace {

constexpr int kThreads = 256;  // and rows of a strip
constexpr int kWarps = kThreads / 32;

index_t strips_of(index_t rows) { return (rows + kThreads - 1) / kThreads; }

/// The bin of row i; -1 where it is in none.
template <class T>
__device__ __forceinline__ int bin_of(const SolveRows<T>& problem, index_t i, Form form) {
  if (form == Form::primal) return kPrimalBin;
  if (form != Form::dual) return -1;
  int b = 0;
  while (problem.entries(i) > dual_order(b)) ++b;
  return b;
}

// A counting sort by bin, stable, so that the order is the same in every run: the rows are cut into strips of kThreads,
// thread t of block s has row t of strip s. Bound by memory: 16 bytes of offsets a row read, and 8 of order written.

// Counts the rows of strip s in bin b to counts[b * strips + s], and does what is to be done for rows in no bin: a
// warp's lanes write the zeros of a row without entries side by side. No shared memory.
template <class T>
__global__ void __launch_bounds__(kThreads)
    count_rows_kernel(SolveRows<T> problem, index_t longest_dual, index_t* counts, unsigned char* flags) {
  const index_t i = static_cast<index_t>(blockIdx.x) * kThreads + threadIdx.x;
  const bool there = i < problem.ratings.rows;
  const Form form = there ? form_of(problem, i, longest_dual) : Form::singular;
  if (there) flags[i] = form == Form::singular ? 1 : 0;
  const int mine = there ? bin_of(problem, i, form) : -1;
  for (int b = 0; b < kBins; ++b) {
    const int count = __syncthreads_count(mine == b);
    if (threadIdx.x == 0) counts[b * static_cast<index_t>(gridDim.x) + blockIdx.x] = count;
  }
  const index_t first = i - threadIdx.x % 32;
  for (unsigned empty = __ballot_sync(0xffffffffu, form == Form::empty); empty != 0; empty &= empty - 1) {
    T* x = problem.x.row(first + __ffs(static_cast<int>(empty)) - 1);
    for (index_t f = threadIdx.x % 32; f < problem.x.cols; f += 32) x[f] = T(0);
  }
}

// One block: counts[n] becomes the sum of those before it, for n = 0 to count, kThreads of them at a time. Shared: the
// sum of each warp's.
__global__ void __launch_bounds__(kThreads) sum_counts_kernel(index_t* counts, index_t count) {
  auto* sums = dynamic_shared<index_t>();
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  index_t before = 0;
  for (index_t first = 0; first <= count; first += kThreads) {
    const index_t n = first + threadIdx.x;
    const index_t mine = n < count ? counts[n] : 0;
    index_t sum = mine;  // of the warp's lanes up to this one
    for (int distance = 1; distance < 32; distance *= 2) {
      const index_t other = __shfl_up_sync(0xffffffffu, sum, static_cast<unsigned>(distance));
      if (lane >= distance) sum += other;
    }
    if (lane == 31) sums[warp] = sum;
    __syncthreads();
    index_t all = 0;
    for (int w = 0; w < kWarps; ++w) {
      if (w < warp) sum += sums[w];
      all += sums[w];
    }
    if (n <= count) counts[n] = before + sum - mine;
    before += all;
    __syncthreads();
  }
}

// Writes the number of each row to its place: the bin's rows of the strips before, of the warps before and of the lanes
// before it. Shared: for each bin how many rows of each warp are in it.
template <class T>
__global__ void __launch_bounds__(kThreads)
    place_rows_kernel(SolveRows<T> problem, index_t longest_dual, const index_t* places, index_t* order) {
  auto* counts = dynamic_shared<int>();
  const index_t i = static_cast<index_t>(blockIdx.x) * kThreads + threadIdx.x;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int mine = i < problem.ratings.rows ? bin_of(problem, i, form_of(problem, i, longest_dual)) : -1;
  int before = 0;
  for (int b = 0; b < kBins; ++b) {
    const unsigned same = __ballot_sync(0xffffffffu, mine == b);
    if (mine == b) before = __popc(same & ((1u << lane) - 1));
    if (lane == 0) counts[b * kWarps + warp] = __popc(same);
  }
  __syncthreads();
  if (mine < 0) return;
  for (int w = 0; w < warp; ++w) before += counts[mine * kWarps + w];
  order[places[mine * static_cast<index_t>(gridDim.x) + blockIdx.x] + before] = i;
}

}  // namespace

template <class T>
RowBins::RowBins(Resources& gpu, const SolveRows<T>& problem, index_t longest_dual, unsigned char* flags)
    : strips_(strips_of(problem.ratings.rows)),
      rows_(problem.ratings.rows),
      entries_(problem.ratings.entries),
      longest_dual_(longest_dual) {
  const index_t counts = kBins * strips_;
  auto* order = gpu.scratch<index_t>(Scratch::order, static_cast<std::size_t>(rows_));
  auto* places = gpu.scratch<index_t>(Scratch::places, static_cast<std::size_t>(counts + 1));
  launch(count_rows_kernel<T>, strips_, kThreads, 0, gpu.stream(), problem, longest_dual, places, flags);
  launch(sum_counts_kernel, 1, kThreads, kWarps * sizeof(index_t), gpu.stream(), places, counts);
  launch(place_rows_kernel<T>, strips_, kThreads, kBins * kWarps * sizeof(int), gpu.stream(), problem, longest_dual,
         places, order);
  order_ = order;
  places_ = places;
}

index_t RowBins::most(int b) const {
  const index_t shorter = b == kPrimalBin ? longest_dual_ : b == 0 ? 0 : dual_order(b - 1);  // than any of its rows
  if (b < kPrimalBin && shorter >= longest_dual_) return 0;
  return std::min(rows_, entries_ / (shorter + 1));
}

double row_bins_workspace(index_t rows) {
  return static_cast<double>(rows + kBins * strips_of(rows) + 1) * sizeof(index_t);
}

template RowBins::RowBins(Resources&, const SolveRows<float>&, index_t, unsigned char*);
template RowBins::RowBins(Resources&, const SolveRows<double>&, index_t, unsigned char*);

}  // namespace seesaw::cuda
