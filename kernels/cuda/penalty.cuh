#pragma once
#include "penalty.hpp"
#include "team_sums.cuh"

// The penalty's value and slope are one sum.
namespace seesaw::cuda {

// Block c takes the rows c * chunk to (c + 1) * chunk - 1 of x and z, a team a row.
template <class T>
__global__ void __launch_bounds__(kThreads)
    penalty_kernel(MatrixView<const T> x, MatrixView<const T> z, const offset_t* offsets, Weighting weighting,
                   double exponent, double offset, index_t chunk, Sum* partials) {
  const Penalty penalty{1, weighting, exponent, offset};
  const index_t first = blockIdx.x * chunk, last = min(first + chunk, x.rows);
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  Sum sum{};
  for (index_t base = first; base < last; base += kTeams) {
    const index_t i = base + threadIdx.x / kLanes;
    double product = 0;
    if (i < last)
      for (index_t f = lane; f < x.cols; f += kLanes)
        product += static_cast<double>(x.data[i * x.stride + f]) * static_cast<double>(z.data[i * z.stride + f]);
    product = team_sum(product);
    if (i < last) sum.value += row_weight(penalty, offsets != nullptr ? offsets[i + 1] - offsets[i] : 0) * product;
  }
  store_block_sums(sum, partials + blockIdx.x);
}

/// sum w_i x_i.z_i. Waits for it.
template <class T>
double weighted_product(Resources& gpu, MatrixView<const T> x, MatrixView<const T> z, const offset_t* offsets,
                        Penalty penalty) {
  if (x.empty()) return 0;
  const DeviceScope scope(gpu.device());
  const Cut cut(x.rows);
  Sum* partials = gpu.scratch<Sum>(Scratch::sums, static_cast<std::size_t>(cut.blocks));
  launch(penalty_kernel<T>, cut.blocks, kThreads, kTeams * sizeof(Sum), gpu.stream(), x, z,
         penalty.weighting == Weighting::by_count ? offsets : nullptr, penalty.weighting, penalty.exponent,
         penalty.offset, cut.chunk, partials);
  return total(gpu, partials, cut.blocks).value;
}

}  // namespace seesaw::cuda
