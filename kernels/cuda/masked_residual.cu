#include "masked_residual.hpp"
#include "row_of_entry.cuh"
#include "team_sums.cuh"

namespace seesaw::cuda {
namespace {

// Block c takes the entries c * chunk to (c + 1) * chunk - 1, its team t every kTeams-th of them from the t-th on; a
// lane the chunks of 16 bytes lane, lane + kLanes, ... of x_i and y_j.
//   1. row       by binary search, for the block's first and last entry, then between those
//   2. residual  a_ij - x_i.y_j
//   3. sums      in double: by team, then over the teams of the block
template <class T>
__global__ void __launch_bounds__(kThreads)
    residual_kernel(CsrView<T> ratings, MatrixView<const T> x, MatrixView<const T> y, offset_t chunk, T* residuals,
                    Sums* partials) {
  const offset_t begin = ratings.offsets[0];
  const offset_t first = begin + blockIdx.x * chunk, last = min(first + chunk, ratings.offsets[ratings.rows]);
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const bool aligned = make_vectors(x).aligned && make_vectors(y).aligned;
  const index_t chunks = (x.cols + kChunk<T> - 1) / kChunk<T>;
  index_t row = row_of_entry(ratings.offsets, first, 0, ratings.rows - 1);
  const index_t last_row = row_of_entry(ratings.offsets, last - 1, row, ratings.rows - 1);
  Sums sums{};
  for (offset_t base = first; base < last; base += kTeams) {
    const offset_t e = base + threadIdx.x / kLanes;
    const bool active = e < last;
    T dot = T(0);
    if (active) {
      if (e >= ratings.offsets[row + 1]) row = row_of_entry(ratings.offsets, e, row + 1, last_row);
      const T* left = x.data + row * x.stride;
      const T* right = y.data + static_cast<index_t>(ratings.columns[e]) * y.stride;
      for (index_t q = lane; q < chunks; q += kLanes) {
        const Chunk<T> a = load_chunk(left, q, x.cols, aligned), b = load_chunk(right, q, x.cols, aligned);
#pragma unroll
        for (int n = 0; n < kChunk<T>; ++n) dot += a.element[n] * b.element[n];
      }
    }
    dot = team_sum(dot);
    if (!active || lane != 0) continue;
    const T residual = (ratings.values != nullptr ? ratings.values[e] : T(1)) - dot;
    sums.add_residual(residual, ratings.weights != nullptr ? ratings.weights[e] : T(1));
    if (residuals != nullptr) residuals[e - begin] = residual;
  }
  store_block_sums(sums, partials + blockIdx.x);
}

}  // namespace

template <class T>
ResidualSums masked_residual(Resources& gpu, CsrView<T> ratings, MatrixView<const T> x, MatrixView<const T> y,
                             T* residuals) {
  if (ratings.entries == 0) return {};
  const DeviceScope scope(gpu.device());
  const Cut cut(ratings.entries);
  Sums* partials = gpu.scratch<Sums>(Scratch::sums, static_cast<std::size_t>(cut.blocks));
  launch(residual_kernel<T>, cut.blocks, kThreads, kTeams * sizeof(Sums), gpu.stream(), ratings, x, y, cut.chunk,
         residuals, partials);
  const Sums sums = total(gpu, partials, cut.blocks);
  return {sums.squared, sums.weighted, sums.plain};
}

template ResidualSums masked_residual(Resources&, CsrView<float>, MatrixView<const float>, MatrixView<const float>,
                                      float*);
template ResidualSums masked_residual(Resources&, CsrView<double>, MatrixView<const double>, MatrixView<const double>,
                                      double*);

}  // namespace seesaw::cuda
