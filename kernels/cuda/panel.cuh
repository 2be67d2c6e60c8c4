#pragma once
#include "copy_async.cuh"
#include "seesaw/sparse.hpp"

// The part that every Gram kernel shares: vectors gathered into shared memory in panels, and outer products summed in
// register tiles.
//
// A panel holds vectors of K elements. The K elements are cut into tiles of kTile, a tile into chunks of 16 bytes, and
// chunk c of tile t stands at chunk position c * K / kTile + t: lanes that own consecutive tiles then read consecutive
// chunks, which is free of bank conflicts.
namespace seesaw::cuda {

inline constexpr int kTile = 8;  // a thread owns kTile x kTile elements of a Gram matrix

template <class T>
inline constexpr int kChunk = 16 / static_cast<int>(sizeof(T));

template <class T>
struct alignas(16) Chunk {
  T element[kChunk<T>];
};

/// Where element f of a vector of K stands in a panel.
template <class T, int K>
__device__ __forceinline__ int panel_position(int f) {
  return (f % kTile / kChunk<T> * (K / kTile) + f / kTile) * kChunk<T> + f % kChunk<T>;
}

template <class T, int K>
__device__ __forceinline__ void load_tile(const T* vector, int tile, T (&out)[kTile]) {
#pragma unroll
  for (int c = 0; c < kTile / kChunk<T>; ++c) {
    const auto chunk = *reinterpret_cast<const Chunk<T>*>(vector + (c * (K / kTile) + tile) * kChunk<T>);
#pragma unroll
    for (int e = 0; e < kChunk<T>; ++e) out[c * kChunk<T> + e] = chunk.element[e];
  }
}

template <class T, int K>
__device__ __forceinline__ void store_tile(T* vector, int tile, const T (&in)[kTile]) {
#pragma unroll
  for (int c = 0; c < kTile / kChunk<T>; ++c) {
    Chunk<T> chunk;
#pragma unroll
    for (int e = 0; e < kChunk<T>; ++e) chunk.element[e] = in[c * kChunk<T> + e];
    *reinterpret_cast<Chunk<T>*>(vector + (c * (K / kTile) + tile) * kChunk<T>) = chunk;
  }
}

template <class T>
__device__ __forceinline__ void clear(T (&sums)[kTile][kTile]) {
#pragma unroll
  for (int r = 0; r < kTile; ++r)
#pragma unroll
    for (int c = 0; c < kTile; ++c) sums[r][c] = T(0);
}

/// sums += scale a b', for tile `left` of one vector and tile `right` of another, or the same. `left` is read chunk by
/// chunk to save registers.
template <class T, int K>
__device__ __forceinline__ void add_outer(const T* left_vector, int left, const T* right_vector, int right, T scale,
                                          T (&sums)[kTile][kTile]) {
  T b[kTile];
  load_tile<T, K>(right_vector, right, b);
#pragma unroll
  for (int q = 0; q < kTile / kChunk<T>; ++q) {
    const auto a = *reinterpret_cast<const Chunk<T>*>(left_vector + (q * (K / kTile) + left) * kChunk<T>);
#pragma unroll
    for (int e = 0; e < kChunk<T>; ++e) {
      const T scaled = scale * a.element[e];
#pragma unroll
      for (int c = 0; c < kTile; ++c) sums[q * kChunk<T> + e][c] += scaled * b[c];
    }
  }
}

/// y, and whether every vector of it begins at a multiple of 16 bytes.
template <class T>
struct Vectors {
  MatrixView<const T> y;
  bool aligned;
};

template <class T>
__device__ __forceinline__ Vectors<T> make_vectors(const MatrixView<const T>& y) {
  return {y, reinterpret_cast<unsigned long long>(y.data) % 16 == 0 && y.stride % kChunk<T> == 0};
}

/// Starts copying elements first_feature to first_feature + K - 1 of `count` vectors into `panel`: those of rows
/// columns[0], columns[1], ... of y (`columns` lies in shared memory), or, where it is null, first, first + 1, ... By
/// Team threads of which this one is number `lane`. Elements beyond the width of y are not written.
template <class T, int K, int Team>
__device__ __forceinline__ void gather_panel(const Vectors<T>& from, const column_t* columns, offset_t first, int count,
                                             index_t first_feature, T* panel, int lane) {
  constexpr int kChunks = K / kChunk<T>;
  const index_t width = from.y.cols - first_feature;
#pragma unroll 1
  for (int item = lane; item < count * kChunks; item += Team) {
    const int p = item / kChunks, q = item % kChunks;
    const int f = q % (K / kTile) * kTile + q / (K / kTile) * kChunk<T>;
    const index_t j = columns != nullptr ? columns[p] : first + p;
    const T* vector = from.y.data + j * from.y.stride + first_feature + f;
    T* to = panel + p * K + q * kChunk<T>;
    if (from.aligned && f + kChunk<T> <= width) {
      copy_async<16>(to, vector);
    } else {
#pragma unroll
      for (int c = 0; c < kChunk<T>; ++c)
        if (f + c < width) copy_async<sizeof(T)>(to + c, vector + c);
    }
  }
}

/// Zeroes what gather_panel leaves alone, once for `vectors` vectors: the elements beyond `width`.
template <class T, int K, int Team>
__device__ __forceinline__ void clear_padding(index_t width, int vectors, T* panels, int lane) {
  if (width >= K) return;
  for (int item = lane; item < vectors * K; item += Team)
    if (item % K >= width) panels[item / K * K + panel_position<T, K>(item % K)] = T(0);
}

/// Starts copying an entry's number for each of `count` entries, or writes 1 where there are none.
template <int Team, class T>
__device__ __forceinline__ void gather_numbers(const T* numbers, offset_t first, int count, T* to, int lane) {
  for (int p = lane; p < count; p += Team) {
    if (numbers != nullptr)
      copy_async<sizeof(T)>(to + p, numbers + first + p);
    else
      to[p] = T(1);
  }
}

}  // namespace seesaw::cuda
