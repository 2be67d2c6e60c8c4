#include <algorithm>
#include <limits>

#include "minimum_norm.cuh"
#include "solve_rows.cuh"
#include "solve_spd.hpp"

namespace seesaw::cuda {
namespace {

// A fixed pool of blocks, each with a workspace of its own in device memory. Block b looks through strips b, b + pool,
// ... of kMinimumThreads rows and solves the flagged ones, one after the other, all its threads on one row.
//   1. load   M's rows sqrt(c) [y_j a_ij]: all of them as R where they are no more than k and there is no penalty; else
//             R begins as the root of the diagonal [D^1/2 0] (of implicit feedback: [D^1/2 D^-1/2 u]), and
//   2. fold   they are folded into it in batches by Householder reflections: thread t owns the columns t, t + 128, ...
//   3. turn   R's rows are made orthogonal by one-sided Jacobi rotations, a thread for a pair of rows: R = S V'. The
//             right-hand side, R's last column, is turned along, so neither U nor V is formed
//   4. solve  x = sum v_j (u_j'd) / s_j, thread t the elements t, t + 128, ...
// The slow way, for rows that are few or small. The order of every sum is fixed.
template <class T>
__device__ void load_rows(const SolveRows<T>& problem, offset_t first, offset_t count, index_t clear_to, T* to) {
  const CsrView<T>& ratings = problem.ratings;
  const index_t k = problem.y.cols;
  for (offset_t p = threadIdx.x / 32; p < clear_to; p += kMinimumThreads / 32) {
    const offset_t e = first + p;
    const bool entry = p < count;
    const T given = entry && ratings.weights != nullptr ? ratings.weights[e] : T(1);
    const T value = entry ? ratings.values[e] : T(0);
    const T root = entry ? sqrt(problem.shared.weight(value, given)) : T(0);
    const T* vector = entry ? problem.y.row(ratings.columns[e]) : nullptr;
    for (index_t f = threadIdx.x % 32; f < k; f += 32) to[p * (k + 1) + f] = entry ? root * vector[f] : T(0);
    if (threadIdx.x % 32 == 0) to[p * (k + 1) + k] = problem.implicit() ? root : root * value;
  }
  __syncthreads();
}

/// R = [D^1/2 0], or for implicit feedback [D^1/2 D^-1/2 u] with u = unobserved * the sum of the row's vectors.
template <class T>
__device__ void begin_with_diagonal(const SolveRows<T>& problem, index_t i, const MinimumNormSystem<T>& system) {
  const CsrView<T>& ratings = problem.ratings;
  const T ridge = problem.ridge(i);
  for (index_t n = threadIdx.x; n < system.k * system.stride(); n += kMinimumThreads) system.r[n] = T(0);
  __syncthreads();
  for (int f = static_cast<int>(threadIdx.x); f < system.k; f += kMinimumThreads) {
    const T root = sqrt(problem.diagonal(ridge, f));
    system.r[f * system.stride() + f] = root;
    if (!problem.implicit()) continue;
    T sum = T(0);
    for (offset_t e = ratings.offsets[i]; e < ratings.offsets[i + 1]; ++e) sum += problem.y(ratings.columns[e], f);
    system.rhs(f) = problem.shared.unobserved * sum / root;
  }
  __syncthreads();
}

template <class T>
__device__ void solve_singular_row(const SolveRows<T>& problem, index_t i, T epsilon, MinimumNormSystem<T> system,
                                   T* x) {
  const offset_t first = problem.ratings.offsets[i], entries = problem.entries(i);
  const int k = system.k;
  const bool diagonal = problem.implicit() || problem.ridge(i) > T(0);
  if (entries <= k && !diagonal) {
    system.rows = static_cast<int>(entries);
    load_rows(problem, first, entries, k, system.r);
  } else {
    system.rows = k;
    begin_with_diagonal(problem, i, system);
    for (offset_t done = 0; done < entries; done += kFoldBatch) {
      const offset_t count = entries - done < kFoldBatch ? entries - done : kFoldBatch;
      load_rows(problem, first + done, count, kFoldBatch, system.batch);
      fold_batch(system);
    }
  }
  transpose(system);
  orthogonalize_rows(system, epsilon);
  const offset_t rows = diagonal ? entries + k : entries;
  add_components(system, static_cast<T>(rows > k ? rows : k) * epsilon, x);
}

template <class T>
__global__ void __launch_bounds__(kMinimumThreads)
    solve_singular_rows_kernel(SolveRows<T> problem, T epsilon, const unsigned char* flags, T* workspace,
                               unsigned long long* singular_rows) {
  const index_t rows = problem.ratings.rows;
  const int k = static_cast<int>(problem.y.cols);
  MinimumNormSystem<T> system{k, 0, workspace + blockIdx.x * minimum_norm_elements(index_t{k}), nullptr, nullptr};
  system.batch = system.r + k * system.stride();
  system.component = system.batch + kFoldBatch * system.stride();
  const index_t step = static_cast<index_t>(gridDim.x) * kMinimumThreads;
  for (index_t strip = static_cast<index_t>(blockIdx.x) * kMinimumThreads; strip < rows; strip += step) {
    const index_t mine = strip + threadIdx.x;
    const int flagged = __syncthreads_count(mine < rows && flags[mine] != 0);
    if (flagged == 0) continue;
    if (singular_rows != nullptr && threadIdx.x == 0)
      atomicAdd(singular_rows, static_cast<unsigned long long>(flagged));
    const index_t end = strip + kMinimumThreads < rows ? strip + kMinimumThreads : rows;
    for (index_t i = strip; i < end; ++i)
      if (flags[i] != 0) solve_singular_row(problem, i, epsilon, system, problem.x.row(i));
  }
}

/// Blocks of the pool; what each has of the workspace takes `system_bytes`.
index_t pool_blocks(index_t rows, double system_bytes) {
  constexpr double kWorkspaceBytes = 64 << 20, kMostBlocks = 1024;
  const index_t strips = (rows + kMinimumThreads - 1) / kMinimumThreads;
  return std::min(strips, static_cast<index_t>(std::clamp(kWorkspaceBytes / system_bytes, 1.0, kMostBlocks)));
}

}  // namespace

template <class T>
void solve_singular_rows(Resources& gpu, const SolveRows<T>& problem, const unsigned char* flags) {
  const index_t elements = minimum_norm_elements(problem.y.cols);
  const index_t blocks = pool_blocks(problem.ratings.rows, static_cast<double>(elements) * sizeof(T));
  T* workspace = gpu.scratch<T>(Scratch::fallback, static_cast<std::size_t>(blocks * elements));
  launch(solve_singular_rows_kernel<T>, blocks, kMinimumThreads, 0, gpu.stream(), problem,
         std::numeric_limits<T>::epsilon(), flags, workspace,
         reinterpret_cast<unsigned long long*>(problem.singular_rows));
}

template <class T>
double solve_singular_rows_workspace(const SolveRowsSize& size) {
  const double bytes = minimum_norm_elements(static_cast<double>(size.rank)) * sizeof(T);
  return static_cast<double>(pool_blocks(size.rows, bytes)) * bytes;
}

template double solve_singular_rows_workspace<float>(const SolveRowsSize&);
template double solve_singular_rows_workspace<double>(const SolveRowsSize&);
template void solve_singular_rows(Resources&, const SolveRows<float>&, const unsigned char*);
template void solve_singular_rows(Resources&, const SolveRows<double>&, const unsigned char*);

}  // namespace seesaw::cuda
