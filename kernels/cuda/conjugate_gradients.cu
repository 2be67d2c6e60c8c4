#include <algorithm>

#include "device.cuh"
#include "resources.cuh"
#include "solve_implicit_rows.hpp"

namespace seesaw::cuda {
namespace {

constexpr int kWarps = 4;
constexpr int kThreads = 32 * kWarps;
constexpr int kVectors = 4;  // of k numbers, of each warp

/// Sum over the warp, the same in every lane.
template <class T>
__device__ __forceinline__ T warp_sum(T value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffu, value, distance);
  return value;
}

/// A warp's row and its vectors. Lane l owns the elements l, l + 32, ... of every vector, and no other lane touches
/// them: the sums over the warp are all that the lanes exchange.
template <class T>
struct CgRow {
  const SolveRows<T>& problem;
  index_t i;
  T ridge;
  T *x, *r, *p, *ap;

  template <class Body>
  __device__ __forceinline__ void each(Body body) const {
    for (index_t f = threadIdx.x % 32; f < problem.y.cols; f += 32) body(f);
  }
  __device__ __forceinline__ T dot(const T* a, const T* b) const {
    T sum = T(0);
    each([&](index_t f) { sum += a[f] * b[f]; });
    return warp_sum(sum);
  }
  /// to += sum over the entries of factor(c, y.v) y.
  template <class Factor>
  __device__ __forceinline__ void add_entries(const T* v, T* to, Factor factor) const {
    const CsrView<T>& ratings = problem.ratings;
    for (offset_t e = ratings.offsets[i]; e < ratings.offsets[i + 1]; ++e) {
      const T* y = problem.y.row(ratings.columns[e]);
      const T scale = factor(ratings.values[e], dot(y, v));
      each([&](index_t f) { to[f] += scale * y[f]; });
    }
  }
};

template <class T>
__device__ void step_row(const CgRow<T>& row, int steps) {
  const SolveRows<T>& problem = row.problem;
  T *x = row.x, *r = row.r, *p = row.p, *ap = row.ap;
  auto weight = [&](T c) { return problem.shared.weight(c, T(1)); };
  auto multiply = [&](const T* v) {  // ap = A v
    row.each([&](index_t f) { ap[f] = problem.diagonal(row.ridge, f) * v[f]; });
    row.add_entries(v, ap, [&](T c, T s) { return weight(c) * s; });
  };
  row.each([&](index_t f) { r[f] = T(0); });
  row.add_entries(x, r, [](T c, T) { return c; });
  const T least = cg_cutoff(row.dot(r, r));
  multiply(x);
  row.each([&](index_t f) { p[f] = r[f] -= ap[f]; });
  T rr = row.dot(r, r);
  for (int step = 0; step < steps && rr > least; ++step) {
    multiply(p);
    const T alpha = rr / row.dot(p, ap);
    row.each([&](index_t f) {
      x[f] += alpha * p[f];
      r[f] -= alpha * ap[f];
    });
    const T before = rr;
    rr = row.dot(r, r);
    const T beta = rr / before;
    row.each([&](index_t f) { p[f] = r[f] + beta * p[f]; });
  }
}

// A warp takes a row, then the row gridDim.x * kWarps further on. A is never formed: a step reads the row's vectors
// once from device memory (n_i k numbers, 4 n_i k operations; the second use finds them in the cache) and is bound by
// memory. For each warp x, r, p and A p: in shared memory or, where they do not fit, in device memory at `memory`. By
// scripts/gpu-report.sh the registers leave room for 24, 20 and 16 warps on a multiprocessor in float (sm_80, sm_90,
// sm_100), 16 in double, and where the vectors lie in device memory 16 (20 in float on sm_80); loads are of single
// numbers, which a warp's lanes take side by side. Hestenes and Stiefel's method: Golub, Van Loan, "Matrix
// Computations", section 11.3.
template <class T, bool kShared>
__global__ void __launch_bounds__(kThreads, 4) conjugate_gradients_kernel(SolveRows<T> problem, int steps, T* memory) {
  const index_t k = problem.y.cols;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  T* vectors;
  if constexpr (kShared)
    vectors = dynamic_shared<T>() + warp * kVectors * k;
  else
    vectors = memory + (static_cast<index_t>(blockIdx.x) * kWarps + warp) * kVectors * k;
  const index_t warps = static_cast<index_t>(gridDim.x) * kWarps;
  for (index_t i = static_cast<index_t>(blockIdx.x) * kWarps + warp; i < problem.ratings.rows; i += warps) {
    const CgRow<T> row{problem, i, problem.ridge(i), vectors, vectors + k, vectors + 2 * k, vectors + 3 * k};
    T* out = problem.x.row(i);
    if (problem.entries(i) == 0) {
      row.each([&](index_t f) { out[f] = T(0); });
      continue;
    }
    row.each([&](index_t f) { row.x[f] = out[f]; });
    step_row(row, steps);
    row.each([&](index_t f) { out[f] = row.x[f]; });
  }
}

}  // namespace

template <class T>
void conjugate_gradients(Resources& gpu, const SolveRows<T>& problem, int steps) {
  constexpr std::size_t kMostShared = 48 << 10;
  constexpr index_t kMostBlocks = 4096;  // a warp then takes several rows
  const DeviceScope scope(gpu.device());
  const std::size_t bytes = static_cast<std::size_t>(kWarps * kVectors * problem.y.cols) * sizeof(T);
  const bool fits = bytes <= kMostShared;
  const index_t blocks = std::min((problem.ratings.rows + kWarps - 1) / kWarps, fits ? kMostBlocks : kMostBlocks / 8);
  if (fits) {
    launch(conjugate_gradients_kernel<T, true>, blocks, kThreads, bytes, gpu.stream(), problem, steps, nullptr);
  } else {
    T* memory = gpu.scratch<T>(Scratch::partials, static_cast<std::size_t>(blocks) * bytes / sizeof(T));
    launch(conjugate_gradients_kernel<T, false>, blocks, kThreads, 0, gpu.stream(), problem, steps, memory);
  }
}

template void conjugate_gradients(Resources&, const SolveRows<float>&, int);
template void conjugate_gradients(Resources&, const SolveRows<double>&, int);

}  // namespace seesaw::cuda
