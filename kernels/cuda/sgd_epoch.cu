#include <utility>

#include "sgd_epoch.hpp"
#include "team_sums.cuh"

namespace seesaw::cuda {
namespace {

constexpr int kWarp = 32;
constexpr unsigned kAll = 0xffffffffu;

template <class U>
__device__ __forceinline__ U from_lane(U value, int lane) {
  return __shfl_sync(kAll, value, lane);
}

/// An entry as its step needs it.
template <class T>
struct Step {
  column_t i, j;
  T value, gain, keep_x, keep_y;

  __device__ __forceinline__ Step of_lane(int lane) const {
    return {from_lane(i, lane),    from_lane(j, lane),      from_lane(value, lane),
            from_lane(gain, lane), from_lane(keep_x, lane), from_lane(keep_y, lane)};
  }
};

template <class T>
__device__ __forceinline__ Step<T> load_step(const SgdEpoch<T>& epoch, offset_t e) {
  const column_t i = epoch.grid.row_indices[e], j = epoch.grid.column_indices[e];
  return {i, j, epoch.grid.values[e], epoch.gain(e), epoch.keep_x(i), epoch.keep_y(j)};
}

/// What a lane has of a vector of k elements: lane, lane + 32, ..., 0 from k on.
template <class T, int N>
struct Part {
  T element[N];

  __device__ __forceinline__ void load(const T* row, index_t k) {
#pragma unroll
    for (int n = 0; n < N; ++n) {
      const index_t f = threadIdx.x + n * kWarp;
      element[n] = f < k ? row[f] : T(0);
    }
  }
  __device__ __forceinline__ void store(T* row, index_t k) const {
#pragma unroll
    for (int n = 0; n < N; ++n) {
      const index_t f = threadIdx.x + n * kWarp;
      if (f < k) row[f] = element[n];
    }
  }
};

/// One step from the vectors in registers, which become what it made of them.
template <class T, int N>
__device__ __forceinline__ void take_step(const SgdEpoch<T>& epoch, const Step<T>& step, Part<T, N>& x, Part<T, N>& y) {
  T product = T(0);
#pragma unroll
  for (int n = 0; n < N; ++n) product += x.element[n] * y.element[n];
  const T gain = step.gain * (step.value - team_sum<kWarp>(product));
#pragma unroll
  for (int n = 0; n < N; ++n) {
    const T before = x.element[n];
    if (epoch.moves_x()) x.element[n] = step.keep_x * before + gain * y.element[n];
    if (epoch.moves_y()) y.element[n] = step.keep_y * y.element[n] + gain * before;
  }
  if (epoch.moves_x()) x.store(epoch.x.row(step.i), epoch.x.cols);
  if (epoch.moves_y()) y.store(epoch.y.row(step.j), epoch.x.cols);
}

// A warp takes one block of a stratum, entry after entry; its lane l owns the elements l, l + 32, ... of every vector,
// at most N of them, and no other lane touches those: what a lane reads it has written itself, and only sums go over
// the warp. A lane loads every 32nd entry with what its step needs, which all lanes then have by shuffles. The vectors
// of the next entry are on their way while those of one are in use, taken from there where they are the same: an entry
// takes the longer of a load from the L2 cache and a sum over the warp, not both. One warp a block, as what fills the
// device are the blocks of the grid: 1,024 of them are 8 to each multiprocessor of an H100, and an epoch of nnz entries
// has nnz / 1,024 steps one after another and 1,024 launches.
template <class T, int N>
__global__ void __launch_bounds__(kWarp) sgd_epoch_kernel(SgdEpoch<T> epoch, index_t stratum) {
  const index_t k = epoch.x.cols;
  const offset_t* block = epoch.grid.blocks + stratum * epoch.grid.size + blockIdx.x;
  const offset_t last = block[1];
  for (offset_t base = block[0]; base < last; base += kWarp) {
    const int count = static_cast<int>(min(offset_t{kWarp}, last - base));
    const Step<T> mine = load_step(epoch, min(base + threadIdx.x, last - 1));
    Step<T> step = mine.of_lane(0);
    Part<T, N> x, y;
    x.load(epoch.x.row(step.i), k);
    y.load(epoch.y.row(step.j), k);
#pragma unroll 1
    for (int n = 0; n < count; ++n) {
      const Step<T> next = mine.of_lane(min(n + 1, count - 1));
      Part<T, N> next_x, next_y;
      next_x.load(epoch.x.row(next.i), k);
      next_y.load(epoch.y.row(next.j), k);
      take_step(epoch, step, x, y);
      if (next.i != step.i) x = next_x;
      if (next.j != step.j) y = next_y;
      step = next;
    }
  }
}

// The same where a vector is longer than a lane's registers hold: it is read twice, the second time from the L1 cache.
template <class T>
__global__ void __launch_bounds__(kWarp) long_vectors_kernel(SgdEpoch<T> epoch, index_t stratum) {
  const index_t k = epoch.x.cols;
  const offset_t* block = epoch.grid.blocks + stratum * epoch.grid.size + blockIdx.x;
  for (offset_t e = block[0]; e < block[1]; ++e) {
    const Step<T> step = load_step(epoch, e);
    T *x = epoch.x.row(step.i), *y = epoch.y.row(step.j);
    T product = T(0);
    for (index_t f = threadIdx.x; f < k; f += kWarp) product += x[f] * y[f];
    const T gain = step.gain * (step.value - team_sum<kWarp>(product));
    for (index_t f = threadIdx.x; f < k; f += kWarp) {
      const T before = x[f], other = y[f];
      if (epoch.moves_x()) x[f] = step.keep_x * before + gain * other;
      if (epoch.moves_y()) y[f] = step.keep_y * other + gain * before;
    }
  }
}

template <class T>
using Kernel = void (*)(SgdEpoch<T>, index_t);

/// That of the fewest elements a lane that hold k.
template <class T, int... N>
Kernel<T> kernel_for(index_t k, std::integer_sequence<int, N...>) {
  Kernel<T> kernel = long_vectors_kernel<T>;
  (void)((k <= N * kWarp ? (kernel = sgd_epoch_kernel<T, N>, true) : false) || ...);
  return kernel;
}

}  // namespace

// Strata one after another in the stream's order.
template <class T>
void sgd_epoch(Resources& gpu, const SgdEpoch<T>& epoch, const std::vector<index_t>& strata) {
  const DeviceScope scope(gpu.device());
  const Kernel<T> kernel = kernel_for<T>(epoch.x.cols, std::integer_sequence<int, 1, 2, 4, 8>{});
  for (const index_t stratum : strata) launch(kernel, epoch.grid.size, kWarp, 0, gpu.stream(), epoch, stratum);
}

template void sgd_epoch(Resources&, const SgdEpoch<float>&, const std::vector<index_t>&);
template void sgd_epoch(Resources&, const SgdEpoch<double>&, const std::vector<index_t>&);

}  // namespace seesaw::cuda
