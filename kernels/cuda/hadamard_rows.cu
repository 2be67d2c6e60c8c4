#include <algorithm>

#include "hadamard_rows.hpp"
#include "resources.cuh"

namespace seesaw::cuda {
namespace {

constexpr int kThreads = 256;

// A team of `lanes` threads takes an entry, then the one as many further on as there are teams; lane l the columns l,
// l + lanes, ... Neighbouring threads read and write neighbouring elements. No shared memory; bound by the writing, as
// the rows that are read stay in the cache where the factors are small.
template <class T>
__global__ void __launch_bounds__(kThreads) hadamard_rows_kernel(HadamardRows<T> problem, int lanes) {
  const int teams = kThreads / lanes, lane = static_cast<int>(threadIdx.x) % lanes;
  for (index_t e = static_cast<index_t>(blockIdx.x) * teams + threadIdx.x / lanes; e < problem.out.rows;
       e += static_cast<index_t>(gridDim.x) * teams) {
#pragma unroll 1
    for (index_t f = lane; f < problem.out.cols; f += lanes) {
      T product = problem.factors[0].row(problem.indices[0][e])[f];
#pragma unroll
      for (int n = 1; n < kMaxOrder; ++n)
        if (n < problem.count) product *= problem.factors[n].row(problem.indices[n][e])[f];
      problem.out.row(e)[f] = product;
    }
  }
}

}  // namespace

template <class T>
void hadamard_rows(Resources& gpu, const HadamardRows<T>& problem) {
  constexpr index_t kMostBlocks = 16384;
  const DeviceScope scope(gpu.device());
  int lanes = 32;
  while (lanes > 1 && lanes / 2 >= problem.out.cols) lanes /= 2;
  const index_t teams = kThreads / lanes;
  launch(hadamard_rows_kernel<T>, std::min((problem.out.rows + teams - 1) / teams, kMostBlocks), kThreads, 0,
         gpu.stream(), problem, lanes);
}

template void hadamard_rows(Resources&, const HadamardRows<float>&);
template void hadamard_rows(Resources&, const HadamardRows<double>&);

}  // namespace seesaw::cuda
