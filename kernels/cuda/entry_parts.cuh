#pragma once
#include <algorithm>

#include "long_rows.cuh"
#include "team_sums.cuh"

// Sums of vectors over the entries of a row, by a warp: its teams take the entries in turn, and a lane of a team keeps
// chunks of 16 bytes of each vector in registers.
namespace seesaw::cuda {

inline constexpr int kWarp = 32;
inline constexpr int kWarps = kThreads / kWarp;
inline constexpr int kWarpTeams = kWarp / kLanes;

/// What one lane has of a vector of k elements: C chunks of 16 bytes.
template <class T, int C>
struct Part {
  Chunk<T> chunk[C];
};

template <class T, int C>
__device__ __forceinline__ void clear(Part<T, C>& part) {
#pragma unroll
  for (int c = 0; c < C; ++c)
#pragma unroll
    for (int n = 0; n < kChunk<T>; ++n) part.chunk[c].element[n] = T(0);
}

template <int C, class T>
__device__ __forceinline__ Part<T, C> load_part(const T* row, index_t first, index_t step, index_t k, bool aligned) {
  Part<T, C> part;
#pragma unroll
  for (int c = 0; c < C; ++c) part.chunk[c] = load_chunk(row, first + c * step, k, aligned);
  return part;
}

template <class T, int C>
__device__ __forceinline__ void add_multiple(T scale, const Part<T, C>& from, Part<T, C>& to) {
#pragma unroll
  for (int c = 0; c < C; ++c)
#pragma unroll
    for (int n = 0; n < kChunk<T>; ++n) to.chunk[c].element[n] += scale * from.chunk[c].element[n];
}

/// The sum of the teams' sums, in their lanes of the same number; the same in each team.
template <class T, int C>
__device__ __forceinline__ void add_teams(Part<T, C>& sum) {
#pragma unroll
  for (int c = 0; c < C; ++c)
#pragma unroll
    for (int n = 0; n < kChunk<T>; ++n) {
      T& element = sum.chunk[c].element[n];
#pragma unroll
      for (int distance = kLanes; distance < kWarp; distance *= 2)
        element += __shfl_xor_sync(0xffffffffu, element, distance);
    }
}

/// Entries of a segment: the segments' sums stay below some memory.
template <class T>
offset_t segment_entries(offset_t entries, index_t k) {
  constexpr offset_t kLeast = 512, kMostSegments = 16384, kMostBytes = 64 << 20;
  const offset_t most =
      std::clamp<offset_t>(kMostBytes / (k * static_cast<index_t>(sizeof(T))), offset_t{2}, kMostSegments);
  return std::max(kLeast, (entries + most - 1) / most);
}

/// For the block of slot s: where the first segment of a row is in it, the row's sum is start(row, element) and those
/// of its segments, in their order. A thread takes the elements threadIdx.x, threadIdx.x + kThreads, ...
template <class T, class Start>
__device__ __forceinline__ void add_segments(const offset_t* offsets, offset_t chunk, const T* partials,
                                             const MatrixView<T>& out, Start start) {
  const offset_t slot = blockIdx.x;
  const index_t i = row_of_entry(offsets, offsets[0] + (slot + 1) * chunk - 1, 0, out.rows - 1);
  const Segments segments = segments_of(offsets, i, chunk);
  if (segments.count == 0 || segments.first_slot != slot) return;
  for (index_t f = threadIdx.x; f < out.cols; f += kThreads) {
    T sum = start(i, f);
    for (offset_t s = 0; s < segments.count; ++s) sum += partials[(slot + s) * out.cols + f];
    out.row(i)[f] = sum;
  }
}

}  // namespace seesaw::cuda
