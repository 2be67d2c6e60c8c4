#include "cp_residual.hpp"

#include <algorithm>

#include "cpu/parallel.hpp"
#include "cpu/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/cp_residual.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Loops over the components that a compiler makes vectors of, with the fma of each instruction set (where there is none
// it calls the library's, which rounds the same).
HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

/// Those of the entries first to last - 1. `high` and `low` are of the rank.
template <class T>
DoubleDouble residual_block(const CpResidual<T>& problem, offset_t first, offset_t last, double* high, double* low) {
  const SparseTensorView<T>& entries = problem.entries;
  const index_t k = problem.rank();
  DoubleDouble sum;
  for (offset_t e = first; e < last; ++e) {
    std::copy_n(problem.weights, k, high);
    std::fill_n(low, k, 0.0);
    for (std::size_t n = 0; n < static_cast<std::size_t>(entries.order); ++n) {
      const T* const vector = problem.factors[n].row(entries.indices[n][e]);
      for (index_t f = 0; f < k; ++f) {
        const DoubleDouble product = DoubleDouble{high[f], low[f]} * static_cast<double>(vector[f]);
        high[f] = product.high;
        low[f] = product.low;
      }
    }
    DoubleDouble model;
    for (index_t f = 0; f < k; ++f) model.add({high[f], low[f]});
    sum.add(residual_term(static_cast<double>(entries.values[e]), model));
  }
  return sum;
}

/// Row f of the Gram of `rows`: the products of its column f with those from 0 to f.
template <class T>
void gram_row(MatrixView<const T> rows, index_t f, double* high, double* low, DoubleDouble* out) {
  std::fill_n(high, f + 1, 0.0);
  std::fill_n(low, f + 1, 0.0);
  for (index_t i = 0; i < rows.rows; ++i) {
    const T* const row = rows.row(i);
    const auto own = static_cast<double>(row[f]);
    for (index_t g = 0; g <= f; ++g) {
      const DoubleDouble sum = DoubleDouble{high[g], low[g]} + two_product(own, static_cast<double>(row[g]));
      high[g] = sum.high;
      low[g] = sum.low;
    }
  }
  for (index_t g = 0; g <= f; ++g) out[g] = {high[g], low[g]};
}

DoubleDouble residual_block_float(const CpResidual<float>& problem, offset_t first, offset_t last, double* high,
                                  double* low) {
  return residual_block(problem, first, last, high, low);
}
DoubleDouble residual_block_double(const CpResidual<double>& problem, offset_t first, offset_t last, double* high,
                                   double* low) {
  return residual_block(problem, first, last, high, low);
}
void gram_row_float(MatrixView<const float> rows, index_t f, double* high, double* low, DoubleDouble* out) {
  gram_row(rows, f, high, low, out);
}
void gram_row_double(MatrixView<const double> rows, index_t f, double* high, double* low, DoubleDouble* out) {
  gram_row(rows, f, high, low, out);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(residual_block_float);
HWY_EXPORT(residual_block_double);
HWY_EXPORT(gram_row_float);
HWY_EXPORT(gram_row_double);

namespace {

template <class T>
DoubleDouble residual_block(const CpResidual<T>& problem, offset_t first, offset_t last, double* high, double* low) {
  if constexpr (std::is_same_v<T, float>)
    return HWY_DYNAMIC_DISPATCH(residual_block_float)(problem, first, last, high, low);
  else
    return HWY_DYNAMIC_DISPATCH(residual_block_double)(problem, first, last, high, low);
}

template <class T>
void gram_row(MatrixView<const T> rows, index_t f, double* high, double* low, DoubleDouble* out) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(gram_row_float)(rows, f, high, low, out);
  else
    HWY_DYNAMIC_DISPATCH(gram_row_double)(rows, f, high, low, out);
}

/// Blocks of the entries; their sums are added in their order.
template <class T>
DoubleDouble entries_sum(int threads, const CpResidual<T>& problem) {
  constexpr offset_t kEntries = 8192;
  const index_t k = problem.rank();
  const offset_t entries = problem.entries.entries;
  std::vector<DoubleDouble> sums(static_cast<std::size_t>(block_count(entries, kEntries)));
  for_blocks(
      threads, std::ssize(sums), [&] { return Buffer<double>(2 * k); },
      [&](Buffer<double>& products, index_t block) {
        const offset_t first = block * kEntries, last = std::min(entries, first + kEntries);
        sums[static_cast<std::size_t>(block)] =
            residual_block(problem, first, last, products.data(), products.data() + k);
      });
  DoubleDouble sum;
  for (const DoubleDouble& part : sums) sum.add(part);
  return sum;
}

/// Blocks of rows, as many as the shape says, each with sums of its own that are added in their order.
template <class T>
std::vector<DoubleDouble> gram_of(int threads, MatrixView<const T> factor) {
  constexpr index_t kRows = 1024, kMostParts = 64, kMostSums = index_t{1} << 22;
  const index_t k = factor.cols, pairs = pair_count(k);
  const index_t most = std::clamp<index_t>(kMostSums / pairs, 1, kMostParts);
  const index_t rows = std::max(kRows, block_count(factor.rows, most)), parts = block_count(factor.rows, rows);
  constexpr index_t kFew = index_t{1} << 16;  // products that are summed before another thread has woken
  std::vector<DoubleDouble> sums(static_cast<std::size_t>(parts * pairs));
  for_blocks(
      factor.rows * pairs < kFew ? 1 : threads, parts * k, [&] { return Buffer<double>(2 * k); },
      [&](Buffer<double>& row_sums, index_t block) {
        const index_t part = block / k, f = block % k, first = part * rows;
        gram_row(factor.slice(first, std::min(factor.rows, first + rows)), f, row_sums.data(), row_sums.data() + k,
                 sums.data() + part * pairs + pair_count(f));
      });
  std::vector<DoubleDouble> gram(sums.begin(), sums.begin() + pairs);
  for (index_t part = 1; part < parts; ++part)
    for (index_t pair = 0; pair < pairs; ++pair)
      gram[static_cast<std::size_t>(pair)].add(sums[static_cast<std::size_t>(part * pairs + pair)]);
  return gram;
}

}  // namespace

template <class T>
double cp_residual(int threads, const CpResidual<T>& problem) {
  std::vector<std::vector<DoubleDouble>> grams;
  for (int n = 0; n < problem.entries.order; ++n)
    grams.push_back(gram_of(threads, problem.factors[static_cast<std::size_t>(n)]));
  DoubleDouble sum = squared_model(problem.weights, problem.rank(), grams);
  sum.add(entries_sum(threads, problem));
  return sum.value();
}

template double cp_residual(int, const CpResidual<float>&);
template double cp_residual(int, const CpResidual<double>&);

}  // namespace seesaw::cpu
#endif
