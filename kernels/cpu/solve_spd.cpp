#include "solve_spd.hpp"

#include <vector>

#include "cpu/dense.hpp"
#include "cpu/lapack.hpp"
#include "cpu/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/solve_spd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/dense-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

void factor_float(const Layout<float>& layout, System<float>& system) { factor(layout, &system, 1); }
void factor_double(const Layout<double>& layout, System<double>& system) { factor(layout, &system, 1); }

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(factor_float);
HWY_EXPORT(factor_double);

namespace {

constexpr index_t kRows = 256;  // right-hand sides that a thread takes at a time

template <class T>
void factor(const Layout<T>& layout, System<T>& system) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(factor_float)(layout, system);
  else
    HWY_DYNAMIC_DISPATCH(factor_double)(layout, system);
}

/// body(rows of b) for each block of them.
template <class T, class Body>
void for_row_blocks(int threads, MatrixView<T> b, Body&& body) {
  for_blocks(threads, block_count(b.rows, kRows), [&](index_t block) {
    const SingleThreadedBlas guard;
    body(b.slice(block * kRows, std::min(b.rows, (block + 1) * kRows)));
  });
}

/// b = b V D^+ V', with a = V D V' and D^+ the inverse over the eigenvalues above the threshold.
template <class T>
index_t solve_by_eigenvalues(int threads, MatrixView<const T> a, MatrixView<T> b) {
  const index_t k = a.rows;
  std::vector<T> vectors(static_cast<std::size_t>(k * k)), values(static_cast<std::size_t>(k));
  for (index_t i = 0; i < k; ++i)
    for (index_t j = 0; j <= i; ++j) vectors[static_cast<std::size_t>(j * k + i)] = a(i, j);
  {
    const SingleThreadedBlas guard;
    syevd(k, vectors.data(), values.data());
  }
  const T threshold = singular_threshold(k, values.back());
  const index_t first = std::upper_bound(values.begin(), values.end(), std::max(threshold, T{0})) - values.begin();
  const index_t rank = k - first;
  const T* kept = vectors.data() + first * k;  // rank x k: an eigenvector in each row
  for_row_blocks(threads, b, [&](MatrixView<T> rows) {
    std::vector<T> coefficients(static_cast<std::size_t>(rows.rows * std::max<index_t>(rank, 1)));
    if (rank == 0) {
      for (index_t i = 0; i < rows.rows; ++i) std::fill(rows.row(i), rows.row(i) + k, T{0});
      return;
    }
    gemm(CblasNoTrans, CblasTrans, rows.rows, rank, k, T{1}, rows.data, rows.stride, kept, k, T{0}, coefficients.data(),
         rank);
    for (index_t i = 0; i < rows.rows; ++i)
      for (index_t e = 0; e < rank; ++e)
        coefficients[static_cast<std::size_t>(i * rank + e)] /= values[static_cast<std::size_t>(first + e)];
    gemm(CblasNoTrans, CblasNoTrans, rows.rows, k, rank, T{1}, coefficients.data(), rank, kept, k, T{0}, rows.data,
         rows.stride);
  });
  return rank;
}

}  // namespace

// 1. factor   2. solve the right-hand sides in blocks   or, where a is singular, 3. by its eigenvalues
template <class T>
index_t solve_spd(int threads, MatrixView<const T> a, MatrixView<T> b) {
  const index_t k = a.rows;
  const Layout<T> layout(k);
  Buffer<T> memory = zeros<T>(System<T>::size(layout));
  System<T> system(layout, memory.data());
  T largest = 0;
  for (index_t i = 0; i < k; ++i) {
    for (index_t j = 0; j <= i; ++j) system.a[j * layout.stride + i] = a(i, j);
    largest = std::max(largest, a(i, i));
  }
  pad_diagonal(layout, largest, system);
  system.threshold = singular_threshold(k, largest);
  factor(layout, system);
  if (!system.positive) return solve_by_eigenvalues(threads, a, b);
  for_row_blocks(threads, b, [&](MatrixView<T> rows) {
    trsm(CblasNoTrans, rows.rows, k, system.a, layout.stride, rows.data, rows.stride);
    trsm(CblasTrans, rows.rows, k, system.a, layout.stride, rows.data, rows.stride);
  });
  return k;
}

template index_t solve_spd(int, MatrixView<const float>, MatrixView<float>);
template index_t solve_spd(int, MatrixView<const double>, MatrixView<double>);

}  // namespace seesaw::cpu
#endif
