#include <algorithm>

#include "gram.hpp"
#include "large_gram.cuh"
#include "resources.cuh"

namespace seesaw::cuda {
namespace {

// Block (s, t) sums block t of the lower triangle of Y'Y over part s of y's rows, to partials + s * k * k. See
// large_gram.cuh for the threads.
template <class T>
__global__ void __launch_bounds__(kLargeThreads, 4) partial_gram_kernel(MatrixView<const T> y, T* partials) {
  const index_t part = blockIdx.x, parts = gridDim.x;
  const index_t base = y.rows / parts, longer = y.rows % parts;
  const index_t first = part * base + min(part, longer);
  const TriangleTile block(blockIdx.y);
  T sums[kTile][kTile], unused = T(0);
  clear(sums);
  sum_large(LargeEntries<T>{y, nullptr, nullptr, nullptr}, {first, first + base + (part < longer ? 1 : 0)}, block, sums,
            unused);
  store_large(sums, block, y.cols, partials + part * y.cols * y.cols);
}

// Thread t adds the parts of element t of the lower triangle, in their order, and writes it and its mirror image.
template <class T>
__global__ void __launch_bounds__(128) add_gram_kernel(const T* partials, index_t parts, MatrixView<T> out) {
  const index_t k = out.cols, t = static_cast<index_t>(blockIdx.x) * 128 + threadIdx.x;
  const index_t j = t / k, i = t % k;
  if (j >= k || i < j) return;
  T sum = T(0);
  for (index_t part = 0; part < parts; ++part) sum += partials[part * k * k + t];
  out.data[i * out.stride + j] = sum;
  out.data[j * out.stride + i] = sum;
}

}  // namespace

template <class T>
void gram(Resources& gpu, MatrixView<const T> y, MatrixView<T> out) {
  constexpr index_t kRows = 512, kMostBytes = index_t{64} << 20;
  const DeviceScope scope(gpu.device());
  const index_t k = y.cols;
  if (k == 0) return;
  const index_t fit = std::clamp<index_t>(kMostBytes / (k * k * static_cast<index_t>(sizeof(T))), 1, 1024);
  const index_t parts = std::clamp<index_t>(y.rows / kRows, 1, fit);
  T* partials = gpu.scratch<T>(Scratch::partials, static_cast<std::size_t>(parts * k * k));
  launch(partial_gram_kernel<T>, Grid(parts, large_blocks(k)), kLargeThreads, sizeof(LargeMemory<T>), gpu.stream(), y,
         partials);
  launch(add_gram_kernel<T>, (k * k + 127) / 128, 128, 0, gpu.stream(), partials, parts, out);
}

template void gram(Resources&, MatrixView<const float>, MatrixView<float>);
template void gram(Resources&, MatrixView<const double>, MatrixView<double>);

}  // namespace seesaw::cuda
