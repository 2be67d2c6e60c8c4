#include "cp_residual.hpp"
#include "resources.cuh"
#include "team_sums.cuh"

namespace seesaw::cuda {
namespace {

/// Sum over the lanes of a team, the same in each; every lane of the warp must call it.
__device__ __forceinline__ DoubleDouble team_sum(DoubleDouble sum) {
#pragma unroll
  for (int distance = kLanes / 2; distance > 0; distance /= 2)
    sum.add({__shfl_xor_sync(0xffffffffu, sum.high, distance), __shfl_xor_sync(0xffffffffu, sum.low, distance)});
  return sum;
}

// Block c takes the entries c * chunk to (c + 1) * chunk - 1, its team t every kTeams-th of them from the t-th on, a
// lane the components lane, lane + kLanes, ... Bound by arithmetic, some 15 operations for each factor's element.
//   1. model  the lane's components, then over the team
//   2. sums   by team, then over the teams of the block
template <class T>
__global__ void __launch_bounds__(kThreads)
    residual_kernel(CpResidual<T> problem, const double* weights, offset_t chunk, DoubleDouble* partials) {
  const SparseTensorView<T>& entries = problem.entries;
  const index_t k = problem.rank();
  const offset_t first = blockIdx.x * chunk, last = min(first + chunk, entries.entries);
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  DoubleDouble sum;
  for (offset_t base = first; base < last; base += kTeams) {
    const offset_t e = base + threadIdx.x / kLanes;
    const bool active = e < last;
    DoubleDouble model;
    if (active) {
      for (index_t f = lane; f < k; f += kLanes) {
        DoubleDouble product{weights[f]};
#pragma unroll
        for (int n = 0; n < kMaxOrder; ++n) {
          if (n >= entries.order) break;
          product = product * static_cast<double>(problem.factors[n].row(entries.indices[n][e])[f]);
        }
        model.add(product);
      }
    }
    model = team_sum(model);
    if (active && lane == 0) sum.add(residual_term(static_cast<double>(entries.values[e]), model));
  }
  store_block_sums(sum, partials + blockIdx.x);
}

// Block p * parts + c has the pair p (f, g) of columns and the rows c * chunk to (c + 1) * chunk - 1, of which thread t
// takes t, t + kThreads, ...; their sum goes to the block's place in partials.
template <class T>
__global__ void __launch_bounds__(kThreads)
    gram_kernel(MatrixView<const T> factor, index_t parts, index_t chunk, DoubleDouble* partials) {
  const index_t pair = blockIdx.x / parts, first = blockIdx.x % parts * chunk, last = min(first + chunk, factor.rows);
  auto f = static_cast<index_t>((sqrt(8.0 * static_cast<double>(pair) + 1) - 1) / 2);
  while (pair_count(f) > pair) --f;
  while (pair_count(f + 1) <= pair) ++f;
  const index_t g = pair - pair_count(f);
  DoubleDouble sum;
  for (index_t i = first + threadIdx.x; i < last; i += kThreads)
    sum.add(two_product(static_cast<double>(factor.row(i)[f]), static_cast<double>(factor.row(i)[g])));
  store_block_sums(team_sum(sum), partials + blockIdx.x);
}

/// Waits. The blocks' sums are added on the host, in their order: few for each pair.
template <class T>
std::vector<DoubleDouble> gram_of(Resources& gpu, MatrixView<const T> factor) {
  constexpr index_t kRows = 4096, kMostParts = 64, kMostSums = index_t{1} << 20;
  const index_t pairs = pair_count(factor.cols);
  const index_t most = std::clamp<index_t>(kMostSums / pairs, 1, kMostParts);
  const index_t chunk = std::max(kRows, (factor.rows + most - 1) / most), parts = (factor.rows + chunk - 1) / chunk;
  std::vector<DoubleDouble> sums(static_cast<std::size_t>(parts * pairs));
  DoubleDouble* partials = gpu.scratch<DoubleDouble>(Scratch::partials, sums.size());
  launch(gram_kernel<T>, parts * pairs, kThreads, kTeams * sizeof(DoubleDouble), gpu.stream(), factor, parts, chunk,
         partials);
  check(
      cudaMemcpyAsync(sums.data(), partials, sums.size() * sizeof(DoubleDouble), cudaMemcpyDeviceToHost, gpu.stream()),
      "cudaMemcpyAsync");
  gpu.synchronize();
  std::vector<DoubleDouble> gram(static_cast<std::size_t>(pairs));
  for (index_t s = 0; s < parts * pairs; ++s)
    gram[static_cast<std::size_t>(s / parts)].add(sums[static_cast<std::size_t>(s)]);
  return gram;
}

}  // namespace

template <class T>
double cp_residual(Resources& gpu, const CpResidual<T>& problem) {
  const DeviceScope scope(gpu.device());
  const index_t k = problem.rank();
  std::vector<std::vector<DoubleDouble>> grams;
  for (int n = 0; n < problem.entries.order; ++n)
    grams.push_back(gram_of(gpu, problem.factors[static_cast<std::size_t>(n)]));
  DoubleDouble sum = squared_model(problem.weights, k, grams);
  if (problem.entries.entries == 0) return sum.value();
  double* weights = gpu.scratch<double>(Scratch::solutions, static_cast<std::size_t>(k));
  check(cudaMemcpyAsync(weights, problem.weights, static_cast<std::size_t>(k) * sizeof(double), cudaMemcpyHostToDevice,
                        gpu.stream()),
        "cudaMemcpyAsync");
  const Cut cut(problem.entries.entries);
  DoubleDouble* partials = gpu.scratch<DoubleDouble>(Scratch::sums, static_cast<std::size_t>(cut.blocks));
  launch(residual_kernel<T>, cut.blocks, kThreads, kTeams * sizeof(DoubleDouble), gpu.stream(), problem, weights,
         cut.chunk, partials);
  sum.add(total(gpu, partials, cut.blocks));
  return sum.value();
}

template double cp_residual(Resources&, const CpResidual<float>&);
template double cp_residual(Resources&, const CpResidual<double>&);

}  // namespace seesaw::cuda
