#include <algorithm>

#include "device.cuh"
#include "long_rows.cuh"
#include "resources.cuh"
#include "spmv.hpp"

namespace seesaw::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kLanes = 32;
constexpr int kWarps = kThreads / kLanes;
constexpr offset_t kSegment = 2048;  // entries: 64 to a lane

/// The sum over a range of entries, lane l taking the entries l, l + 32, ...; the same in every lane.
template <class T>
__device__ double sum_entries(const CsrView<T>& s, const double* v, EntryRange range) {
  double sum = 0;
  for (offset_t e = range.first + static_cast<int>(threadIdx.x) % kLanes; e < range.last; e += kLanes) {
    const double product = static_cast<double>(s.values[e]) * v[s.columns[e]];
    sum += s.weights != nullptr ? static_cast<double>(s.weights[e]) * product : product;
  }
#pragma unroll
  for (int distance = kLanes / 2; distance > 0; distance /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, distance);
  return sum;
}

// A warp a row, but for the long ones. No shared memory.
template <class T>
__global__ void __launch_bounds__(kThreads) rows_kernel(CsrView<T> s, const double* v, double* out) {
  const index_t row = static_cast<index_t>(blockIdx.x) * kWarps + threadIdx.x / kLanes;
  if (row >= s.rows || segments_of(s.offsets, row, kSegment).count > 0) return;
  const double sum = sum_entries(s, v, {s.offsets[row], s.offsets[row + 1]});
  if (threadIdx.x % kLanes == 0) out[row] = sum;
}

// A warp a segment of a long row.
template <class T>
__global__ void __launch_bounds__(kThreads)
    segments_kernel(CsrView<T> s, const double* v, index_t slots, double* partials) {
  const index_t slot = static_cast<index_t>(blockIdx.x) * kWarps + threadIdx.x / kLanes;
  if (slot >= slots) return;
  const double sum = sum_entries(s, v, segment_in_slot(s.offsets, s.rows, kSegment, slot));
  if (threadIdx.x % kLanes == 0) partials[slot] = sum;
}

// A thread a row: the long ones are the sums of their segments, in their order.
__global__ void __launch_bounds__(kThreads)
    add_segments_kernel(const offset_t* offsets, index_t rows, const double* partials, double* out) {
  const index_t row = static_cast<index_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (row >= rows) return;
  const Segments segments = segments_of(offsets, row, kSegment);
  if (segments.count == 0) return;
  double sum = 0;
  for (offset_t n = 0; n < segments.count; ++n) sum += partials[segments.first_slot + n];
  out[row] = sum;
}

}  // namespace

// 1. rows, but for the long ones   2. the segments of those   3. their sums
template <class T>
void spmv(Resources& gpu, CsrView<T> s, const double* v, double* out) {
  const DeviceScope scope(gpu.device());
  if (s.rows == 0) return;
  launch(rows_kernel<T>, (s.rows + kWarps - 1) / kWarps, kThreads, 0, gpu.stream(), s, v, out);
  const index_t slots = s.entries / kSegment;
  if (slots < 2) return;
  double* partials = gpu.scratch<double>(Scratch::sums, static_cast<std::size_t>(slots));
  launch(segments_kernel<T>, (slots + kWarps - 1) / kWarps, kThreads, 0, gpu.stream(), s, v, slots, partials);
  launch(add_segments_kernel, (s.rows + kThreads - 1) / kThreads, kThreads, 0, gpu.stream(), s.offsets, s.rows,
         static_cast<const double*>(partials), out);
}

template void spmv(Resources&, CsrView<float>, const double*, double*);
template void spmv(Resources&, CsrView<double>, const double*, double*);

}  // namespace seesaw::cuda
