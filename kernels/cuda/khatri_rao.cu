#include <algorithm>

#include "khatri_rao.hpp"
#include "resources.cuh"

namespace seesaw::cuda {
namespace {

constexpr int kThreads = 256;
constexpr index_t kRows = 16;  // of a team

// A team of `lanes` threads takes kRows rows of the product one after the other, lane l the columns l, l + lanes, ...
// The rows of the factors that a row belongs to are counted like the digits of a number. No shared memory; bound by the
// writing.
template <class T>
__global__ void __launch_bounds__(kThreads) khatri_rao_kernel(FactorList<T> factors, MatrixView<T> out, int lanes) {
  const int teams = kThreads / lanes, lane = static_cast<int>(threadIdx.x) % lanes;
  const index_t first = (static_cast<index_t>(blockIdx.x) * teams + threadIdx.x / lanes) * kRows;
  if (first >= out.rows) return;
  const index_t last = min(out.rows, first + kRows);
  index_t digits[kMaxOrder], rest = first;
#pragma unroll
  for (int n = kMaxOrder - 1; n >= 0; --n) {
    if (n >= factors.count) continue;
    digits[n] = rest % factors.factors[n].rows;
    rest /= factors.factors[n].rows;
  }
#pragma unroll 1
  for (index_t row = first; row < last; ++row) {
#pragma unroll 1
    for (index_t f = lane; f < out.cols; f += lanes) {
      T product = factors.factors[0].row(digits[0])[f];
#pragma unroll
      for (int n = 1; n < kMaxOrder; ++n)
        if (n < factors.count) product *= factors.factors[n].row(digits[n])[f];
      out.row(row)[f] = product;
    }
    bool carry = true;
#pragma unroll
    for (int n = kMaxOrder - 1; n >= 0; --n) {
      if (n >= factors.count || !carry) continue;
      carry = ++digits[n] == factors.factors[n].rows;
      if (carry) digits[n] = 0;
    }
  }
}

}  // namespace

template <class T>
void khatri_rao(Resources& gpu, const FactorList<T>& factors, MatrixView<T> out) {
  const DeviceScope scope(gpu.device());
  int lanes = 32;
  while (lanes > 1 && lanes / 2 >= out.cols) lanes /= 2;
  const index_t rows = kThreads / lanes * kRows;
  launch(khatri_rao_kernel<T>, (out.rows + rows - 1) / rows, kThreads, 0, gpu.stream(), factors, out, lanes);
}

template void khatri_rao(Resources&, const FactorList<float>&, MatrixView<float>);
template void khatri_rao(Resources&, const FactorList<double>&, MatrixView<double>);

}  // namespace seesaw::cuda
