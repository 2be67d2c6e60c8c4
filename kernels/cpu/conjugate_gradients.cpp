#include <algorithm>
#include <vector>

#include "cpu/parallel.hpp"
#include "cpu/simd.hpp"
#include "solve_implicit_rows.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/conjugate_gradients.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/dot-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

/// to += factor * from.
template <class T>
HWY_INLINE void add_multiple(T factor, const T* HWY_RESTRICT from, index_t k, T* HWY_RESTRICT to) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<index_t>(hn::Lanes(d));
  const auto f = hn::Set(d, factor);
  index_t n = 0;
  for (; n + lanes <= k; n += lanes) hn::StoreU(hn::MulAdd(f, hn::LoadU(d, from + n), hn::LoadU(d, to + n)), d, to + n);
  for (; n < k; ++n) to[n] += factor * from[n];
}

/// What one row needs: k numbers each.
template <class T>
struct CgScratch {
  std::vector<T> diagonal, residual, direction, product;
  explicit CgScratch(index_t k)
      : diagonal(static_cast<std::size_t>(k)), residual(diagonal), direction(diagonal), product(diagonal) {}
};

/// out = A_i p.
template <class T>
void multiply(const SolveRows<T>& problem, index_t i, const T* diagonal, const T* p, T* out) {
  const CsrView<T>& ratings = problem.ratings;
  const index_t k = problem.y.cols;
  for (index_t f = 0; f < k; ++f) out[f] = diagonal[f] * p[f];
  for (offset_t e = ratings.offsets[i]; e < ratings.offsets[i + 1]; ++e) {
    const T* y = problem.y.row(ratings.columns[e]);
    add_multiple(problem.shared.weight(ratings.values[e], T{1}) * dot(y, p, k), y, k, out);
  }
}

// Hestenes and Stiefel's method; Golub, Van Loan, "Matrix Computations", section 11.3.
template <class T>
void conjugate_gradients_row(const SolveRows<T>& problem, index_t i, int steps, CgScratch<T>& scratch) {
  const CsrView<T>& ratings = problem.ratings;
  const index_t k = problem.y.cols;
  T *x = problem.x.row(i), *r = scratch.residual.data(), *p = scratch.direction.data(), *ap = scratch.product.data();
  T* diagonal = scratch.diagonal.data();
  if (problem.entries(i) == 0) {
    std::fill(x, x + k, T{0});
    return;
  }
  const T ridge = problem.ridge(i);
  for (index_t f = 0; f < k; ++f) diagonal[f] = problem.diagonal(ridge, f);
  std::fill(r, r + k, T{0});
  for (offset_t e = ratings.offsets[i]; e < ratings.offsets[i + 1]; ++e)
    add_multiple(ratings.values[e], problem.y.row(ratings.columns[e]), k, r);
  const T least = cg_cutoff(dot(r, r, k));
  multiply(problem, i, diagonal, x, ap);
  add_multiple(T{-1}, ap, k, r);
  std::copy(r, r + k, p);
  T rr = dot(r, r, k);
  for (int step = 0; step < steps && rr > least; ++step) {
    multiply(problem, i, diagonal, p, ap);
    const T alpha = rr / dot(p, ap, k);
    add_multiple(alpha, p, k, x);
    add_multiple(-alpha, ap, k, r);
    const T before = rr;
    rr = dot(r, r, k);
    const T beta = rr / before;
    for (index_t f = 0; f < k; ++f) p[f] = r[f] + beta * p[f];
  }
}

template <class T>
void conjugate_gradients_rows(const SolveRows<T>& problem, index_t first, index_t last, int steps) {
  CgScratch<T> scratch(problem.y.cols);
  for (index_t i = first; i < last; ++i) conjugate_gradients_row(problem, i, steps, scratch);
}

void conjugate_gradients_float(const SolveRows<float>& problem, index_t first, index_t last, int steps) {
  conjugate_gradients_rows(problem, first, last, steps);
}
void conjugate_gradients_double(const SolveRows<double>& problem, index_t first, index_t last, int steps) {
  conjugate_gradients_rows(problem, first, last, steps);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(conjugate_gradients_float);
HWY_EXPORT(conjugate_gradients_double);

// Threads take blocks of rows as they come; a row is one thread's. A is never formed: a step reads the row's vectors
// once, 4 n_i k operations.
template <class T>
void conjugate_gradients(int threads, const SolveRows<T>& problem, int steps) {
  constexpr index_t kRows = 64;
  const index_t rows = problem.ratings.rows;
  for_blocks(threads, block_count(rows, kRows), [&](index_t block) {
    const index_t first = block * kRows, last = std::min(rows, first + kRows);
    if constexpr (std::is_same_v<T, float>)
      HWY_DYNAMIC_DISPATCH(conjugate_gradients_float)(problem, first, last, steps);
    else
      HWY_DYNAMIC_DISPATCH(conjugate_gradients_double)(problem, first, last, steps);
  });
}

template void conjugate_gradients(int, const SolveRows<float>&, int);
template void conjugate_gradients(int, const SolveRows<double>&, int);

}  // namespace seesaw::cpu
#endif
