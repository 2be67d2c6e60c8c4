#pragma once
#include <cuda_runtime.h>

#include "seesaw/types.hpp"

// The minimum-norm least-squares solution of M x = d by one block, from M's rows and not from M'M. See minimum_norm.cu.
namespace seesaw::cuda {

inline constexpr int kFoldBatch = 16;  ///< rows of M folded at a time
inline constexpr int kMinimumThreads = 128;

/// The rows [M d] or what became of them: R, `rows` rows and k + 1 columns, the last one the right-hand side; the next
/// batch of M's rows; and a number for each row of R. Rows are k + 1 elements apart.
template <class T>
struct MinimumNormSystem {
  int k;
  int rows;
  T* r;
  T* batch;
  T* component;

  __device__ index_t stride() const { return index_t{k} + 1; }
  __device__ T& rhs(int row) const { return r[row * stride() + k]; }
};

/// Elements of the workspace that a system takes; in double where k * k might not fit in 64 bits.
template <class Number>
__host__ __device__ inline Number minimum_norm_elements(Number k) {
  return (k + kFoldBatch) * (k + 1) + k;
}

/// Folds the batch into R, upper triangular: R's row j and the batch are turned by the Householder reflection that
/// leaves nothing of column j in the batch. Golub, Van Loan, "Matrix Computations", section 5.2.
template <class T>
__device__ void fold_batch(const MinimumNormSystem<T>& system) {
  const index_t stride = system.stride();
  for (int j = 0; j < system.k; ++j) {
    T* r = system.r + j * stride;
    const T alpha = r[j];
    T v[kFoldBatch], tail = T(0);
#pragma unroll
    for (int b = 0; b < kFoldBatch; ++b) {
      v[b] = system.batch[b * stride + j];
      tail += v[b] * v[b];
    }
    if (!(tail > T(0))) continue;  // the same in every thread
    const T norm = sqrt(alpha * alpha + tail);
    const T beta = alpha > T(0) ? -norm : norm;
    const T tau = (beta - alpha) / beta, scale = T(1) / (alpha - beta);
    for (index_t c = j + 1 + threadIdx.x; c < stride; c += kMinimumThreads) {
      T w = r[c];
#pragma unroll
      for (int b = 0; b < kFoldBatch; ++b) w += scale * v[b] * system.batch[b * stride + c];
      w *= tau;
      r[c] -= w;
#pragma unroll
      for (int b = 0; b < kFoldBatch; ++b) system.batch[b * stride + c] -= w * scale * v[b];
    }
    __syncthreads();
    if (threadIdx.x == 0) r[j] = beta;  // read again in the next batch
  }
  __syncthreads();
}

/// R' in place of R; the right-hand side stays.
template <class T>
__device__ void transpose(const MinimumNormSystem<T>& system) {
  for (index_t n = threadIdx.x; n < index_t{system.k} * system.k; n += kMinimumThreads) {
    const index_t i = n / system.k, j = n % system.k;
    if (i >= j) continue;
    T& upper = system.r[i * system.stride() + j];
    T& lower = system.r[j * system.stride() + i];
    const T kept = upper;
    upper = lower;
    lower = kept;
  }
  __syncthreads();
}

/// Turns rows p and q of R, stored as R', so that they are orthogonal and the longer one stands first. False where they
/// were orthogonal. One-sided Jacobi: Golub, Van Loan, section 8.6.3.
template <class T>
__device__ bool orthogonalize(const MinimumNormSystem<T>& system, int p, int q, T tolerance) {
  T pp = T(0), qq = T(0), pq = T(0);
  for (int f = 0; f < system.k; ++f) {
    const T* row = system.r + f * system.stride();
    pp += row[p] * row[p];
    qq += row[q] * row[q];
    pq += row[p] * row[q];
  }
  const bool turn = fabs(pq) > tolerance * sqrt(pp) * sqrt(qq);
  const bool exchange = qq > pp;  // the small angle keeps the order of the lengths
  if (!turn && !exchange) return false;
  T c = T(1), s = T(0);
  if (turn) {
    const T zeta = (qq - pp) / (T(2) * pq);
    const T t = copysign(T(1), zeta) / (fabs(zeta) + sqrt(T(1) + zeta * zeta));
    c = T(1) / sqrt(T(1) + t * t);
    s = c * t;
  }
  auto turned = [&](T& a, T& b) {
    const T first = c * a - s * b, second = s * a + c * b;
    a = exchange ? second : first;
    b = exchange ? first : second;
  };
  for (int f = 0; f < system.k; ++f) turned(system.r[f * system.stride() + p], system.r[f * system.stride() + q]);
  turned(system.rhs(p), system.rhs(q));
  return turn;
}

/// Makes the rows of R, stored as R', orthogonal: R = U S V' becomes S V', and d becomes U'd. The pairs of a round of a
/// tournament, in which everyone meets everyone, have no row in common: a thread takes a pair, and threads side by side
/// read side by side.
template <class T>
__device__ void orthogonalize_rows(const MinimumNormSystem<T>& system, T epsilon) {
  constexpr int kSweeps = 60;                                           // it converges quadratically; ten are many
  const T tolerance = T(4) * sqrt(static_cast<T>(system.k)) * epsilon;  // the rounding of a dot product
  const int players = system.rows + system.rows % 2, ring = players - 1;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    bool turned = false;
    for (int round = 0; round < ring; ++round) {
      for (int pair = static_cast<int>(threadIdx.x); pair < players / 2; pair += kMinimumThreads) {
        const int ahead = round + pair < ring ? round + pair : round + pair - ring;
        const int behind = pair == 0 ? ring : round >= pair ? round - pair : round - pair + ring;
        const int p = min(ahead, behind), q = max(ahead, behind);
        if (q < system.rows) turned = orthogonalize(system, p, q, tolerance) || turned;
      }
      __syncthreads();
    }
    if (__syncthreads_or(turned) == 0) break;
  }
}

/// x = sum over the singular values s_j above cutoff * the largest of v_j (u_j'd) / s_j.
template <class T>
__device__ void add_components(const MinimumNormSystem<T>& system, T cutoff, T* x) {
  for (int j = static_cast<int>(threadIdx.x); j < system.rows; j += kMinimumThreads) {
    T squared = T(0);
    for (int f = 0; f < system.k; ++f) squared += system.r[f * system.stride() + j] * system.r[f * system.stride() + j];
    system.component[j] = squared;
  }
  __syncthreads();
  T largest = T(0);
  for (int j = 0; j < system.rows; ++j) largest = max(largest, system.component[j]);
  const T least = cutoff * sqrt(largest);
  __syncthreads();
  for (int j = static_cast<int>(threadIdx.x); j < system.rows; j += kMinimumThreads) {
    const T squared = system.component[j];
    const bool kept = squared > T(0) && !(sqrt(squared) <= least);
    system.component[j] = kept ? system.rhs(j) / squared : T(0);
  }
  __syncthreads();
  for (int f = static_cast<int>(threadIdx.x); f < system.k; f += kMinimumThreads) {
    T sum = T(0);
    for (int j = 0; j < system.rows; ++j) sum += system.r[f * system.stride() + j] * system.component[j];
    x[f] = sum;
  }
  __syncthreads();
}

}  // namespace seesaw::cuda
