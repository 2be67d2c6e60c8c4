#include <algorithm>

#include "device.cuh"
#include "gemm.cuh"
#include "mttkrp.hpp"
#include "resources.cuh"

namespace seesaw::cuda {
namespace {

constexpr int kThreads = 256;

/// The Khatri-Rao product of a list: itself where it has one matrix, nothing where it is empty.
template <class T>
MatrixView<const T> product_of(Resources& gpu, Scratch purpose, const FactorList<T>& factors, index_t k) {
  if (factors.count == 0) return {};
  if (factors.count == 1) return factors.factors[0];
  const index_t rows = factors.rows();
  const MatrixView<T> product{gpu.scratch<T>(purpose, static_cast<std::size_t>(rows * k)), rows, k};
  khatri_rao(gpu, factors, product);
  return product;
}

/// How the threads of a block share the sums of some rows: `lanes` side by side in a row of k elements, `teams` of them
/// over the row's terms, and as many rows as are left. The terms of a row in `segments`, of blocks of their own.
struct Shares {
  int lanes = 1, teams = 1;
  index_t segments = 1;

  Shares(index_t rows, index_t terms, index_t k) {
    constexpr int kMostLanes = 32;
    constexpr index_t kFewestTerms = 512, kBlocks = 1024;
    while (lanes < k && lanes < kMostLanes) lanes *= 2;
    while (teams < terms && lanes * teams < kThreads) teams *= 2;
    const index_t blocks = (rows + rows_of_block() - 1) / rows_of_block();
    segments = std::clamp<index_t>(terms / kFewestTerms, 1, std::max<index_t>(1, kBlocks / blocks));
  }
  int rows_of_block() const { return kThreads / (lanes * teams); }
};

// Block b takes segment b % segments of the terms of some neighbouring rows, then those of block b + gridDim.x: team t
// of a row the terms t, t + teams, ... of the segment, lane l the elements l, l + lanes, ... Term l * R + r of row i is
// row (l * rows + i) * R + r of the elements times row l of `left` and row r of `right`, each of which may be empty.
// Shared: kThreads of T, the teams' sums; bound by the reading of the elements.
//   1. terms   l and r of the team's first term by division, from then on by counting
//   2. teams   their sums in their order, to out + segment * rows
template <class T>
__global__ void __launch_bounds__(kThreads)
    terms_kernel(MatrixView<const T> elements, MatrixView<const T> left, MatrixView<const T> right, index_t terms,
                 int lanes, int teams, index_t segments, index_t rows, MatrixView<T> out) {
  T* sums = dynamic_shared<T>();
  const int lane = static_cast<int>(threadIdx.x) % lanes;
  const int team = static_cast<int>(threadIdx.x) / lanes % teams;
  const int block_rows = kThreads / (lanes * teams), slot = static_cast<int>(threadIdx.x) / (lanes * teams);
  const index_t k = out.cols, rights = right.empty() ? 1 : right.rows;
  const index_t step_l = teams / rights, step_r = teams % rights;
  const index_t row_blocks = (rows + block_rows - 1) / block_rows;
  const index_t base = terms / segments, longer = terms % segments;
#pragma unroll 1
  for (index_t block = blockIdx.x; block < row_blocks * segments; block += gridDim.x) {
    const index_t segment = block % segments, i = block / segments * block_rows + slot;
    const index_t first = segment * base + min(segment, longer), last = first + base + (segment < longer ? 1 : 0);
    const index_t first_l = (first + team) / rights, first_r = (first + team) % rights;
#pragma unroll 1
    for (index_t from = 0; from < k; from += lanes) {
      const index_t f = from + lane;
      const bool active = i < rows && f < k;
      T sum = T(0);
      index_t l = first_l, r = first_r;
#pragma unroll 1
      for (index_t term = first + team; active && term < last; term += teams) {
        T product = elements.row((l * rows + i) * rights + r)[f];
        if (left.data != nullptr) product *= left.row(l)[f];
        if (right.data != nullptr) product *= right.row(r)[f];
        sum += product;
        l += step_l;
        r += step_r;
        if (r >= rights) {
          r -= rights;
          ++l;
        }
      }
      sums[threadIdx.x] = sum;
      __syncthreads();
      if (active && team == 0) {
        for (int t = 1; t < teams; ++t) sum += sums[threadIdx.x + t * lanes];
        out.row(segment * rows + i)[f] = sum;
      }
      __syncthreads();
    }
  }
}

// A thread an element: the sums of the segments, in their order.
template <class T>
__global__ void __launch_bounds__(kThreads)
    add_segments_kernel(MatrixView<const T> partials, index_t segments, MatrixView<T> out) {
  const index_t t = static_cast<index_t>(blockIdx.x) * kThreads + threadIdx.x;
  const index_t i = t / out.cols, f = t % out.cols;
  if (i >= out.rows) return;
  T sum = T(0);
  for (index_t segment = 0; segment < segments; ++segment) sum += partials.row(segment * out.rows + i)[f];
  out.row(i)[f] = sum;
}

}  // namespace

// To cuBLAS row-major matrices are their transposes: out' = K' X' or K' X, with the tensor X where it stands.
template <class T>
void contract(Resources& gpu, const TensorContraction<T>& problem) {
  const DeviceScope scope(gpu.device());
  const MatrixView<const T> product = product_of(gpu, Scratch::khatri_rao, problem.factors, problem.out.cols);
  gemm(gpu.cublas(), problem.right ? CUBLAS_OP_N : CUBLAS_OP_T, problem.out.cols, problem.out.rows,
       problem.contracted(), product.data, product.stride, problem.tensor.data, problem.tensor.stride, problem.out.data,
       problem.out.stride);
}

template <class T>
void contract(Resources& gpu, const PartialContraction<T>& problem) {
  constexpr index_t kMostBlocks = 1 << 20;
  const DeviceScope scope(gpu.device());
  const index_t rows = problem.out.rows, k = problem.out.cols, terms = problem.left() * problem.right();
  const MatrixView<const T> left = product_of(gpu, Scratch::khatri_rao, problem.left_factors, k);
  const MatrixView<const T> right = product_of(gpu, Scratch::right_khatri_rao, problem.right_factors, k);
  const Shares shares(rows, terms, k);
  const index_t segments = shares.segments, row_blocks = (rows + shares.rows_of_block() - 1) / shares.rows_of_block();
  MatrixView<T> sums = problem.out;
  if (segments > 1)
    sums = {gpu.scratch<T>(Scratch::sums, static_cast<std::size_t>(segments * rows * k)), segments * rows, k};
  launch(terms_kernel<T>, std::min(row_blocks * segments, kMostBlocks), kThreads, kThreads * sizeof(T), gpu.stream(),
         problem.elements, left, right, terms, shares.lanes, shares.teams, segments, rows, sums);
  if (segments == 1) return;
  launch(add_segments_kernel<T>, (rows * k + kThreads - 1) / kThreads, kThreads, 0, gpu.stream(), sums, segments,
         problem.out);
}

template <class T>
void mttkrp(Resources& gpu, const DenseMttkrp<T>& problem) {
  const DeviceScope scope(gpu.device());
  const index_t k = problem.out.cols;
  in_two_steps(
      problem,
      [&](index_t rows) {
        return MatrixView<T>{gpu.scratch<T>(Scratch::partial_tensor, static_cast<std::size_t>(rows * k)), rows, k};
      },
      [&](const auto& step) { contract(gpu, step); });
}

template void contract(Resources&, const TensorContraction<float>&);
template void contract(Resources&, const TensorContraction<double>&);
template void contract(Resources&, const PartialContraction<float>&);
template void contract(Resources&, const PartialContraction<double>&);
template void mttkrp(Resources&, const DenseMttkrp<float>&);
template void mttkrp(Resources&, const DenseMttkrp<double>&);

}  // namespace seesaw::cuda
