#include "device.cuh"
#include "mode_gram.hpp"
#include "resources.cuh"
#include "triangle.cuh"

namespace seesaw::cuda {
namespace {

constexpr int kTile = 32;   // of the Gram, by kTile
constexpr int kPanel = 32;  // elements of each vector at a time
constexpr int kRows = 8;    // of threads: kTile x kRows to a block

// Block t * parts + p sums tile t of the lower triangle over part p of the vectors' elements, to partials + p * n * n.
// Thread (x, y) owns the tile's elements (y + 8 q, x). Shared: the panels of the vectors of the tile's rows and of
// those of its columns, kPanel elements of each, vectors one element apart from a bank.
//   1. gather   thread (x, y) element x of the panels' vectors y + 8 q, or, where a vector's elements are apart in
//               memory and the vectors are not, of vector x the elements y + 8 q
//   2. sums     over the panel
template <class T>
__global__ void __launch_bounds__(kTile* kRows)
    partial_kernel(ModeGram<T> problem, index_t parts, index_t chunk, T* partials) {
  T* const left = dynamic_shared<T>();
  T* const right = left + kTile * (kPanel + 1);
  const index_t n = problem.size(), length = problem.length(), part = blockIdx.x % parts;
  const TriangleTile tile(blockIdx.x / parts);
  const index_t first = part * chunk, last = min(first + chunk, length);
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  const bool vectors_together = problem.of_columns || problem.right == 1;
  T sums[kTile / kRows] = {};
  for (index_t base = first; base < last; base += kPanel) {
    for (int q = 0; q < kTile / kRows; ++q) {
      const int i = vectors_together ? x : y + kRows * q, c = vectors_together ? y + kRows * q : x;
      const index_t e = base + c, a = tile.row * kTile + i, b = tile.column * kTile + i;
      left[i * (kPanel + 1) + c] = e < last && a < n ? problem.data[problem.at(a, e)] : T(0);
      right[i * (kPanel + 1) + c] = e < last && b < n ? problem.data[problem.at(b, e)] : T(0);
    }
    __syncthreads();
    for (int c = 0; c < kPanel; ++c) {
      const T other = right[x * (kPanel + 1) + c];
#pragma unroll
      for (int q = 0; q < kTile / kRows; ++q) sums[q] += left[(y + kRows * q) * (kPanel + 1) + c] * other;
    }
    __syncthreads();
  }
  const index_t j = tile.column * kTile + x;
#pragma unroll
  for (int q = 0; q < kTile / kRows; ++q) {
    const index_t i = tile.row * kTile + y + kRows * q;
    if (i < n && j <= i) partials[part * n * n + i * n + j] = sums[q];
  }
}

// Thread t adds the parts of element t of the lower triangle, in their order, and writes it and its mirror image.
template <class T>
__global__ void __launch_bounds__(128) add_kernel(const T* partials, index_t parts, ModeGram<T> problem) {
  const index_t n = problem.size(), t = static_cast<index_t>(blockIdx.x) * 128 + threadIdx.x, i = t / n, j = t % n;
  if (i >= n || j > i) return;
  T sum = T(0);
  for (index_t part = 0; part < parts; ++part) sum += partials[part * n * n + t];
  problem.out[i * n + j] = sum;
  problem.out[j * n + i] = sum;
}

}  // namespace

template <class T>
void mode_gram(Resources& gpu, const ModeGram<T>& given) {
  constexpr index_t kLength = 1024, kMostParts = 1024, kMostElements = index_t{1} << 24;
  const DeviceScope scope(gpu.device());
  const ModeGram<T> problem = by_rows_where_it_can(given);
  const index_t n = problem.size(), length = problem.length(), side = (n + kTile - 1) / kTile;
  const index_t most = std::clamp<index_t>(kMostElements / (n * n), 1, kMostParts);
  const index_t chunk = std::max(kLength, (length + most - 1) / most), parts = (length + chunk - 1) / chunk;
  T* partials = gpu.scratch<T>(Scratch::partials, static_cast<std::size_t>(parts * n * n));
  launch(partial_kernel<T>, side * (side + 1) / 2 * parts, dim3(kTile, kRows), 2 * kTile * (kPanel + 1) * sizeof(T),
         gpu.stream(), problem, parts, chunk, partials);
  launch(add_kernel<T>, (n * n + 127) / 128, 128, 0, gpu.stream(), partials, parts, problem);
}

template void mode_gram(Resources&, const ModeGram<float>&);
template void mode_gram(Resources&, const ModeGram<double>&);

}  // namespace seesaw::cuda
