#include <algorithm>

#include "panel.cuh"
#include "resources.cuh"
#include "top_k.cuh"
#include "top_k.hpp"

namespace seesaw::cuda {
namespace {

constexpr int kSide = 64;        // rows of x, and of y, whose scores one block computes
constexpr int kDepth = 16;       // elements of them in shared memory at a time
constexpr int kRowsOfWarps = 8;  // rows that a block of leave_out_kernel looks after
constexpr index_t kNoFlaw = 0x7f7f7f7f7f7f7f7f;

// Block (s, t) computes the scores of rows 64 t to 64 t + 63 of x and 64 s to 64 s + 63 of y, as keys[i * stride + j].
// Thread t owns the 8 x 8 tile (t / 8, t % 8) in registers. Shared: panels of kDepth elements of the rows of x, then of
// y, transposed, each vector of 64 laid out as panel.cuh says; 8 KB in float. Each score is one sum in the order of the
// elements, whatever the tile that it is in.
//   1. load       thread t the row t of x and of y, zeros beyond their ends
//   2. multiply   outer products
//   3. store      keys
template <class T>
__global__ void __launch_bounds__(kSide)
    score_kernel(MatrixView<const T> x, MatrixView<const T> y, Key<T>* keys, index_t stride) {
  T* left = dynamic_shared<T>();
  T* right = left + kDepth * kSide;
  const int thread = static_cast<int>(threadIdx.x), position = panel_position<T, kSide>(thread);
  const index_t first_row = static_cast<index_t>(blockIdx.y) * kSide;
  const index_t first_item = static_cast<index_t>(blockIdx.x) * kSide;
  const bool has_row = first_row + thread < x.rows, has_item = first_item + thread < y.rows;
  const T* x_row = x.data + (has_row ? first_row + thread : 0) * x.stride;
  const T* y_row = y.data + (has_item ? first_item + thread : 0) * y.stride;
  T sums[kTile][kTile];
  clear(sums);
#pragma unroll 1
  for (index_t f = 0; f < x.cols; f += kDepth) {
#pragma unroll
    for (int p = 0; p < kDepth; ++p) {
      left[p * kSide + position] = has_row && f + p < x.cols ? x_row[f + p] : T(0);
      right[p * kSide + position] = has_item && f + p < x.cols ? y_row[f + p] : T(0);
    }
    __syncthreads();
#pragma unroll 1
    for (int p = 0; p < kDepth; ++p)
      add_outer<T, kSide>(left + p * kSide, thread / 8, right + p * kSide, thread % 8, T(1), sums);
    __syncthreads();  // the panels are done with
  }
  const index_t row = first_row + thread / 8 * kTile, item = first_item + thread % 8 * kTile;
#pragma unroll
  for (int r = 0; r < kTile; ++r)
#pragma unroll
    for (int c = 0; c < kTile; ++c)
      if (row + r < x.rows && item + c < y.rows) keys[(row + r) * stride + item + c] = key_of(sums[r][c]);
}

// A warp a row: what row i has seen of the items first_item to first_item + count - 1 becomes absent.
template <class T>
__global__ void __launch_bounds__(32 * kRowsOfWarps)
    leave_out_kernel(const offset_t* offsets, const column_t* columns, index_t rows, index_t first_item, index_t count,
                     Key<T>* keys, index_t stride) {
  const index_t i = static_cast<index_t>(blockIdx.x) * kRowsOfWarps + threadIdx.x / 32;
  if (i >= rows) return;
  for (offset_t e = offsets[i] + threadIdx.x % 32; e < offsets[i + 1]; e += 32) {
    const index_t j = columns[e] - first_item;
    if (j >= 0 && j < count) keys[i * stride + j] = kAbsent<T>;
  }
}

// Block i chooses the best `keep` for row i of a tile of rows. Its candidates stand in keys: what was chosen of earlier
// tiles, best first, at 0 .. carried - 1, then those of the `count` items from first_item on. So of equal keys the one
// at the lower position has the lower item. Shared: SelectMemory, then the list, which is in `lists` where it is too
// long for that.
//   1. choose   the least of the best, digit by digit, and note the first score that is not finite
//   2. collect  all that are not less
//   3. sort
//   4. store    their items and scores, and their keys for the next tile
template <class T>
__global__ void __launch_bounds__(kSelectThreads)
    select_kernel(Key<T>* keys, index_t carried, index_t stride, index_t first_item, index_t count, index_t keep,
                  Element<T>* lists, index_t list_size, MatrixView<column_t> items, MatrixView<T> scores,
                  index_t first_score, index_t n, long long* flaw) {
  auto& memory = *dynamic_shared<SelectMemory<T>>();
  const index_t i = blockIdx.x;
  Key<T>* row_keys = keys + i * stride;
  Element<T>* list = lists != nullptr ? lists + i * list_size : reinterpret_cast<Element<T>*>(&memory + 1);
  const Candidates<T> candidates{row_keys, first_item > 0 ? 0 : carried, carried + count};
  choose(candidates, static_cast<unsigned>(keep), memory);
  for (index_t j = threadIdx.x; j < count; j += kSelectThreads)
    if (row_keys[carried + j] == kNotFinite<T>)
      atomicMin(flaw, static_cast<long long>(first_score + i * n + first_item + j));
  collect(candidates, list, list_size, memory);
  sort_list(list, list_size);

  column_t* row_items = items.data + i * items.stride;
  T* row_scores = scores.data + i * scores.stride;
  for (index_t p = threadIdx.x; p < keep; p += kSelectThreads) {
    if (list[p].key == kAbsent<T>) continue;
    const index_t position = position_of(list[p]);
    const index_t item = position < carried ? row_items[position] : first_item + position - carried;
    list[p].place = static_cast<Key<T>>(item);
  }
  __syncthreads();  // row_items has been read
  for (index_t p = threadIdx.x; p < items.cols; p += kSelectThreads) {
    const bool there = p < keep && list[p].key != kAbsent<T>;
    row_items[p] = there ? static_cast<column_t>(list[p].place) : -1;
    row_scores[p] = there ? score_of<T>(list[p].key) : T(-INFINITY);
    if (p < carried) row_keys[p] = list[p].key;
  }
}

/// How the rows and the items are cut.
template <class T>
struct Cut {
  index_t keep;      ///< items chosen for a row
  index_t list;      ///< keep, rounded up to a power of two
  bool list_shared;  ///< whether the list is in shared memory
  index_t items;     ///< in a tile
  index_t carried;   ///< keys that a tile passes on to the next; 0 where there is only one
  index_t rows;      ///< in a tile

  Cut(index_t m, index_t n, index_t asked) : keep(std::min(n, asked)), list(1) {
    constexpr index_t kTileBytes = index_t{64} << 20, kSharedBytes = 32768, kMostRows = 4096;
    constexpr index_t kItems = index_t{1} << 16;  // some 256 rows a tile: enough for every multiprocessor
    while (list < keep) list *= 2;
    const index_t list_bytes = list * static_cast<index_t>(sizeof(Element<T>));
    list_shared = list_bytes <= kSharedBytes;
    items = std::min(n, std::max(kItems, keep));
    carried = items < n ? keep : 0;
    const index_t row_bytes = stride() * static_cast<index_t>(sizeof(Key<T>)) + (list_shared ? 0 : list_bytes);
    rows = std::min(m, std::clamp<index_t>(kTileBytes / std::max<index_t>(row_bytes, 1), 1, kMostRows));
  }
  index_t stride() const { return carried + items; }
  std::size_t shared_bytes() const {
    return sizeof(SelectMemory<T>) + (list_shared ? static_cast<std::size_t>(list) * sizeof(Element<T>) : 0);
  }
};

}  // namespace

// Tiles of rows under a memory budget, and for each of them tiles of items: scores, what was seen left out, and the
// best of them and of the tiles before.
template <class T>
index_t top_k(Resources& gpu, MatrixView<const T> x, MatrixView<const T> y, CsrView<T> seen, MatrixView<column_t> items,
              MatrixView<T> scores) {
  const DeviceScope scope(gpu.device());
  const index_t n = y.rows;
  const Cut<T> cut(x.rows, n, items.cols);
  Key<T>* keys = gpu.scratch<Key<T>>(Scratch::grams, static_cast<std::size_t>(cut.rows * cut.stride()));
  Element<T>* lists = cut.list_shared
                          ? nullptr
                          : gpu.scratch<Element<T>>(Scratch::partials, static_cast<std::size_t>(cut.rows * cut.list));
  auto* flaw = gpu.scratch<long long>(Scratch::info, 1);
  check(cudaMemsetAsync(flaw, static_cast<int>(kNoFlaw & 0xff), sizeof *flaw, gpu.stream()), "cudaMemsetAsync");
  for (index_t row = 0; row < x.rows; row += cut.rows) {
    const index_t rows = std::min(cut.rows, x.rows - row);
    for (index_t item = 0; item < n || item == 0; item += cut.items) {  // without items, to say so
      const index_t count = std::min(cut.items, n - item);
      launch(score_kernel<T>, Grid((count + kSide - 1) / kSide, (rows + kSide - 1) / kSide), kSide,
             2 * kDepth * kSide * sizeof(T), gpu.stream(), x.slice(row, row + rows), y.slice(item, item + count),
             keys + cut.carried, cut.stride());
      if (seen.offsets != nullptr)
        launch(leave_out_kernel<T>, (rows + kRowsOfWarps - 1) / kRowsOfWarps, 32 * kRowsOfWarps, 0, gpu.stream(),
               seen.offsets + row, seen.columns, rows, item, count, keys + cut.carried, cut.stride());
      launch(select_kernel<T>, rows, kSelectThreads, cut.shared_bytes(), gpu.stream(), keys, cut.carried, cut.stride(),
             item, count, cut.keep, lists, cut.list, items.slice(row, row + rows), scores.slice(row, row + rows),
             row * n, n, flaw);
      if (n == 0) break;
    }
  }
  long long found = 0;
  check(cudaMemcpyAsync(&found, flaw, sizeof found, cudaMemcpyDeviceToHost, gpu.stream()), "cudaMemcpyAsync");
  gpu.synchronize();
  return found == kNoFlaw ? kAllFinite : found;
}

template index_t top_k(Resources&, MatrixView<const float>, MatrixView<const float>, CsrView<float>,
                       MatrixView<column_t>, MatrixView<float>);
template index_t top_k(Resources&, MatrixView<const double>, MatrixView<const double>, CsrView<double>,
                       MatrixView<column_t>, MatrixView<double>);

}  // namespace seesaw::cuda
