#pragma once
#include "device.cuh"
#include "long_rows.cuh"
#include "panel.cuh"
#include "solve_rows.hpp"
#include "triangle.cuh"

// A block of a Gram matrix that is too large for one thread block: kLargeTile x kLargeTile of its elements, by
// kLargeThreads threads. Thread t owns the 8 x 8 tile (t % 8, t / 8) in registers. Shared (LargeMemory): two panels of
// each of the two runs of kLargeTile elements of the gathered vectors (one where they are the same), and the values.
// By scripts/gpu-report.sh 16 warps are resident on a multiprocessor in float and 8 in double, and 64 of the 86 to 96
// instructions for an entry are fused multiply-adds.
namespace seesaw::cuda {

inline constexpr int kLargeTile = 64;
inline constexpr int kLargeThreads = kLargeTile;
inline constexpr int kLargePanel = 16;

template <class T>
struct LargeMemory {
  alignas(16) T panel[2][2][kLargePanel * kLargeTile];
  T value[2][kLargePanel];
  T weight[2][kLargePanel];
  column_t column_index[2][kLargePanel];
};

/// What is summed: a run of entries of y's rows. columns null: entry e has row e; values null: there is no b.
template <class T>
struct LargeEntries {
  MatrixView<const T> y;
  const column_t* columns;
  const T* values;
  const T* weights;
  Shared<T> shared = {};
};

inline index_t large_blocks(index_t k) {
  const index_t side = (k + kLargeTile - 1) / kLargeTile;
  return side * (side + 1) / 2;
}

/// sums += the outer products' elements that this thread owns; b (where the block is on the diagonal) += the
/// right-hand side's element kLargeTile * block.row + t.
template <class T>
__device__ __forceinline__ void sum_large(const LargeEntries<T>& entries, EntryRange range, const TriangleTile& block,
                                          T (&sums)[kTile][kTile], T& b) {
  auto& memory = *dynamic_shared<LargeMemory<T>>();
  const int lane = static_cast<int>(threadIdx.x);
  const bool diagonal = block.row == block.column;
  const int right = diagonal ? 0 : 1;
  const Vectors<T> vectors = make_vectors(entries.y);
  auto panel_size = [&](offset_t first) {
    const offset_t left = range.last - first;
    return static_cast<int>(left < kLargePanel ? (left > 0 ? left : 0) : kLargePanel);
  };
  auto gather_columns = [&](offset_t first, int buffer) {
    if (entries.columns != nullptr)
      gather_numbers<kLargeThreads>(entries.columns, first, panel_size(first), memory.column_index[buffer], lane);
  };
  auto gather = [&](offset_t first, int buffer) {
    const column_t* columns = entries.columns != nullptr ? memory.column_index[buffer] : nullptr;
    const int count = panel_size(first);
    for (int side = 0; side <= right; ++side)
      gather_panel<T, kLargeTile, kLargeThreads>(vectors, columns, first, count,
                                                 (side == 0 ? block.row : block.column) * kLargeTile,
                                                 memory.panel[side][buffer], lane);
    gather_numbers<kLargeThreads>(entries.values, first, count, memory.value[buffer], lane);
    gather_numbers<kLargeThreads>(entries.weights, first, count, memory.weight[buffer], lane);
  };
  for (int side = 0; side <= right; ++side)
    clear_padding<T, kLargeTile, kLargeThreads>(entries.y.cols - (side == 0 ? block.row : block.column) * kLargeTile,
                                                2 * kLargePanel, memory.panel[side][0], lane);
  gather_columns(range.first, 0);
  wait_copies();
  __syncthreads();
  gather(range.first, 0);
  gather_columns(range.first + kLargePanel, 1);
  const int position = panel_position<T, kLargeTile>(lane);
  int buffer = 0;
#pragma unroll 1
  for (offset_t first = range.first; first < range.last; first += kLargePanel, buffer ^= 1) {
    wait_copies();
    __syncthreads();  // this panel is there, and the other one is done with
    const offset_t next = first + kLargePanel;
    gather(next, buffer ^ 1);
    gather_columns(next + kLargePanel, buffer);
    const int count = panel_size(first);
#pragma unroll 1
    for (int p = 0; p < count; ++p)
      add_outer<T, kLargeTile>(memory.panel[0][buffer] + p * kLargeTile, lane % 8,
                               memory.panel[right][buffer] + p * kLargeTile, lane / 8,
                               entries.shared.weight(memory.value[buffer][p], memory.weight[buffer][p]), sums);
    if (diagonal)
      for (int p = 0; p < count; ++p)
        b += entries.shared.coefficient(memory.value[buffer][p], memory.weight[buffer][p]) *
             memory.panel[0][buffer][p * kLargeTile + position];
  }
  wait_copies();
  __syncthreads();  // so that the panels can be used again
}

/// Calls body(element, place) for this thread's elements within the k x k matrix at `matrix`, column-major.
template <class T, class Pointer, class Body>
__device__ __forceinline__ void each_element(T (&sums)[kTile][kTile], const TriangleTile& block, index_t k,
                                             Pointer matrix, Body body) {
  const index_t row = block.row * kLargeTile + threadIdx.x % 8 * kTile;
  const index_t column = block.column * kLargeTile + threadIdx.x / 8 * kTile;
  const int rows = static_cast<int>(min(k - row, index_t{kTile}));
  const int columns = static_cast<int>(min(k - column, index_t{kTile}));
  Pointer place = matrix + column * k + row;
#pragma unroll
  for (int c = 0; c < kTile; ++c) {
    if (c < columns) {
#pragma unroll
      for (int r = 0; r < kTile; ++r)
        if (r < rows) body(sums[r][c], place[r]);
    }
    place += k;
  }
}

template <class T>
__device__ __forceinline__ void store_large(T (&sums)[kTile][kTile], const TriangleTile& block, index_t k, T* matrix) {
  each_element(sums, block, k, matrix, [](T sum, T& place) { place = sum; });
}

template <class T>
__device__ __forceinline__ void add_large(T (&sums)[kTile][kTile], const TriangleTile& block, index_t k,
                                          const T* matrix) {
  each_element(sums, block, k, matrix, [](T& sum, T place) { sum += place; });
}

}  // namespace seesaw::cuda
