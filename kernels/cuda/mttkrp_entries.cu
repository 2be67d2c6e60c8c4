#include "entry_parts.cuh"
#include "masked_gradient.hpp"
#include "mttkrp.hpp"

// The problems come here with the modes in the order of own_mode_first(): mode 0 is the one that the entries are by.
namespace seesaw::cuda {
namespace {

/// The chunks first, first + kLanes, ... of the sum over the entries in `range`: team t of the warp takes every
/// kWarpTeams-th of them.
template <int kOrder, int C, class T>
__device__ __forceinline__ Part<T, C> sum_entries(const SparseMttkrp<T>& problem, EntryRange range, index_t first,
                                                  bool aligned) {
  const ModeView<T>& entries = problem.entries;
  const index_t k = problem.rank();
  Part<T, C> sum;
  clear(sum);
#pragma unroll 2
  for (offset_t e = range.first + static_cast<int>(threadIdx.x) % kWarp / kLanes; e < range.last; e += kWarpTeams) {
    Part<T, C> h = load_part<C>(problem.factors[1].row(entries.indices[1][e]), first, kLanes, k, aligned);
#pragma unroll
    for (int m = 2; m < kOrder; ++m) {
      if (m >= entries.order) break;
      const Part<T, C> a = load_part<C>(problem.factors[m].row(entries.indices[m][e]), first, kLanes, k, aligned);
#pragma unroll
      for (int c = 0; c < C; ++c)
#pragma unroll
        for (int n = 0; n < kChunk<T>; ++n) h.chunk[c].element[n] *= a.chunk[c].element[n];
    }
    add_multiple(entries.values[e], h, sum);
  }
  add_teams(sum);
  return sum;
}

// A warp takes a task, then the one gridDim.x * kWarps further on. The first `slots` tasks are segments of long rows
// (long_rows.cuh), the sum over the one in slot s goes to partials + s * k; the others are rows, and one that is cut is
// left to add_segments_kernel. Block y takes the elements from y C kLanes kChunk on. Bound by memory: the sum stays in
// registers, an entry costs the loads of the other modes' rows, 16 bytes a lane. No shared memory. kOrder 2 to 4, or
// kMaxOrder for any.
template <int kOrder, int C, class T>
__global__ void __launch_bounds__(kThreads, 2)
    entries_kernel(SparseMttkrp<T> problem, offset_t chunk, offset_t slots, T* partials) {
  const offset_t* offsets = problem.entries.offsets;
  const index_t rows = problem.out.rows, k = problem.rank();
  const index_t first = static_cast<index_t>(blockIdx.y) * C * kLanes + threadIdx.x % kLanes;
  bool aligned = true;
#pragma unroll
  for (int m = 1; m < kOrder; ++m)
    if (m < problem.entries.order) aligned = aligned && make_vectors(problem.factors[m]).aligned;
#pragma unroll 1
  for (index_t task = static_cast<index_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp; task < slots + rows;
       task += static_cast<index_t>(gridDim.x) * kWarps) {
    EntryRange range;
    T* out;
    if (task < slots) {
      range = segment_in_slot(offsets, rows, chunk, task);
      if (range.first == range.last) continue;
      out = partials + task * k;
    } else {
      const index_t i = task - slots;
      if (segments_of(offsets, i, chunk).count > 0) continue;
      range = {offsets[i], offsets[i + 1]};
      out = problem.out.row(i);
    }
    const Part<T, C> sum = sum_entries<kOrder, C>(problem, range, first, aligned);
    if (threadIdx.x % kWarp >= kLanes) continue;
    const bool to_aligned = reinterpret_cast<unsigned long long>(out) % 16 == 0;
#pragma unroll
    for (int c = 0; c < C; ++c) store_chunk(sum.chunk[c], out, first + c * kLanes, k, to_aligned);
  }
}

// A block a slot: the long rows are the sums of their segments.
template <class T>
__global__ void __launch_bounds__(kThreads)
    add_segments_kernel(const offset_t* offsets, offset_t chunk, const T* partials, MatrixView<T> out) {
  add_segments(offsets, chunk, partials, out, [](index_t, index_t) { return T(0); });
}

template <int kOrder, class T>
void sum_rows(Resources& gpu, const SparseMttkrp<T>& problem) {
  constexpr index_t kElements = kLanes * kChunk<T>;  // that a team has in a chunk a lane
  constexpr index_t kMostBlocks = 16384;             // a warp then takes several rows
  const index_t k = problem.rank(), rows = problem.out.rows;
  const offset_t chunk = segment_entries<T>(problem.entries.entries, k);
  const offset_t slots = problem.entries.entries / chunk >= 2 ? problem.entries.entries / chunk : 0;
  T* partials = slots > 0 ? gpu.scratch<T>(Scratch::partials, static_cast<std::size_t>(slots * k)) : nullptr;
  const index_t blocks = std::min((slots + rows + kWarps - 1) / kWarps, kMostBlocks);
  const auto run = [&](auto* kernel, index_t chunks) {
    const index_t slices = (k + chunks * kElements - 1) / (chunks * kElements);
    launch(kernel, Grid(blocks, slices), kThreads, 0, gpu.stream(), problem, chunk, slots, partials);
  };
  if (k <= kElements)
    run(entries_kernel<kOrder, 1, T>, 1);
  else
    run(entries_kernel<kOrder, 2, T>, 2);
  launch(add_segments_kernel<T>, slots, kThreads, 0, gpu.stream(), problem.entries.offsets, chunk, partials,
         problem.out);
}

}  // namespace

template <class T>
void mttkrp(Resources& gpu, const SparseMttkrp<T>& given) {
  const DeviceScope scope(gpu.device());
  const SparseMttkrp<T> problem = own_mode_first(given);
  switch (problem.entries.order) {
    case 2:
      return sum_rows<2>(gpu, problem);
    case 3:
      return sum_rows<3>(gpu, problem);
    case 4:
      return sum_rows<4>(gpu, problem);
    default:
      return sum_rows<kMaxOrder>(gpu, problem);
  }
}

template void mttkrp(Resources&, const SparseMttkrp<float>&);
template void mttkrp(Resources&, const SparseMttkrp<double>&);

}  // namespace seesaw::cuda
