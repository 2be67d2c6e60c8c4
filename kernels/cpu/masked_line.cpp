#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "cpu/masked_blocks.hpp"
#include "cpu/simd.hpp"
#include "masked_gradient.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/masked_line.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/masked_rows-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

template <class D>
HWY_INLINE hn::Vec<D> load_double(D d, const double* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE hn::Vec<D> load_double(D d, const float* from) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D>(), from));
}

/// The rows of the factors and of the direction that an entry's model is made of.
template <class T, std::size_t kOrder>
struct LineRows {
  const T* at[kOrder];
  const T* along[kOrder];
};

/// sums[n] += the coefficient of t^n in the product over the modes of at + t along, at the elements from f on
template <std::size_t kOrder, class D, class T>
HWY_INLINE void add_products(D d, const LineRows<T, kOrder>& rows, index_t f, hn::Vec<D> (&sums)[kOrder + 1]) {
  hn::Vec<D> product[kOrder + 1];
  product[0] = load_double(d, rows.at[0] + f);
  product[1] = load_double(d, rows.along[0] + f);
  for (std::size_t m = 1; m < kOrder; ++m) {
    const auto a = load_double(d, rows.at[m] + f), b = load_double(d, rows.along[m] + f);
    product[m + 1] = hn::Mul(b, product[m]);
    for (std::size_t n = m; n > 0; --n) product[n] = hn::MulAdd(a, product[n], hn::Mul(b, product[n - 1]));
    product[0] = hn::Mul(a, product[0]);
  }
  for (std::size_t n = 0; n <= kOrder; ++n) sums[n] = hn::Add(sums[n], product[n]);
}

/// The model of one entry as a polynomial in t.
template <std::size_t kOrder, class T>
HWY_INLINE void model_along(const LineRows<T, kOrder>& rows, index_t k, double (&model)[kOrder + 1]) {
  const hn::ScalableTag<double> d;
  const hn::CappedTag<double, 1> one;
  hn::Vec<decltype(d)> sums[kOrder + 1];
  hn::Vec<decltype(one)> rest[kOrder + 1];
  for (std::size_t n = 0; n <= kOrder; ++n) {
    sums[n] = hn::Zero(d);
    rest[n] = hn::Zero(one);
  }
  index_t f = 0;
  for (; f + lanes<double>() <= k; f += lanes<double>()) add_products<kOrder>(d, rows, f, sums);
  for (; f < k; ++f) add_products<kOrder>(one, rows, f, rest);
  for (std::size_t n = 0; n <= kOrder; ++n) model[n] = hn::GetLane(rest[n]) + hn::GetLane(hn::SumOfLanes(d, sums[n]));
}

template <std::size_t kOrder, class T>
Polynomial line_block(const MaskedLine<T>& problem, index_t begin, index_t end) {
  const ModeView<T>& entries = problem.entries;
  double all[2 * kOrder + 1] = {};
  for (index_t i = begin; i < end; ++i)
    for (offset_t e = entries.offsets[i]; e < entries.offsets[i + 1]; ++e) {
      LineRows<T, kOrder> rows;
      for (std::size_t m = 0; m < kOrder; ++m) {
        const index_t row = static_cast<int>(m) == entries.mode ? i : entries.indices[m][e];
        rows.at[m] = problem.factors[m].row(row);
        rows.along[m] = problem.direction[m].row(row);
      }
      double residual[kOrder + 1];
      model_along<kOrder>(rows, problem.rank(), residual);
      residual[0] -= static_cast<double>(entries.values[e]);
      const double half = 0.5 * (entries.weights != nullptr ? static_cast<double>(entries.weights[e]) : 1.0);
      for (std::size_t n = 0; n <= kOrder; ++n)
        for (std::size_t l = 0; l <= kOrder; ++l) all[n + l] += half * residual[n] * residual[l];
    }
  Polynomial sums{};
  std::copy(std::begin(all), std::end(all), sums.begin());
  return sums;
}

template <class T, std::size_t... kOrders>
Polynomial line_block_of(const MaskedLine<T>& problem, index_t begin, index_t end, std::index_sequence<kOrders...>) {
  using Block = Polynomial (*)(const MaskedLine<T>&, index_t, index_t);
  constexpr Block blocks[] = {&line_block<kOrders + 2, T>...};
  return blocks[problem.entries.order - 2](problem, begin, end);
}

using Orders = std::make_index_sequence<kMaxOrder - 1>;  // 2 to kMaxOrder

Polynomial line_block_float(const MaskedLine<float>& problem, index_t begin, index_t end) {
  return line_block_of(problem, begin, end, Orders());
}
Polynomial line_block_double(const MaskedLine<double>& problem, index_t begin, index_t end) {
  return line_block_of(problem, begin, end, Orders());
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(line_block_float);
HWY_EXPORT(line_block_double);

template <class T>
Polynomial masked_line(int threads, const MaskedLine<T>& problem) {
  const MaskedBlocks<T> blocks(problem.entries);
  std::vector<Polynomial> partial(static_cast<std::size_t>(blocks.count()));
  for_blocks(threads, blocks.count(), [&](index_t block) {
    const index_t begin = blocks.begin(block), end = blocks.begin(block + 1);
    if constexpr (std::is_same_v<T, float>)
      partial[static_cast<std::size_t>(block)] = HWY_DYNAMIC_DISPATCH(line_block_float)(problem, begin, end);
    else
      partial[static_cast<std::size_t>(block)] = HWY_DYNAMIC_DISPATCH(line_block_double)(problem, begin, end);
  });
  Polynomial all{};
  for (const Polynomial& part : partial)
    for (std::size_t n = 0; n < all.size(); ++n) all[n] += part[n];
  return all;
}

// Once for each solver's sweep over the factors alone, of which the entries have far more.
template <class T>
double penalty_slope(int threads, MatrixView<const T> x, MatrixView<const T> z, const offset_t* offsets,
                     Penalty penalty) {
  constexpr index_t kRows = 1024;
  const index_t blocks = block_count(x.rows, kRows);
  std::vector<double> partial(static_cast<std::size_t>(blocks), 0.0);
  for_blocks(threads, blocks, [&](index_t block) {
    double sum = 0;
    for (index_t i = block * kRows; i < std::min(x.rows, (block + 1) * kRows); ++i) {
      double product = 0;
      for (index_t f = 0; f < x.cols; ++f) product += static_cast<double>(x(i, f)) * static_cast<double>(z(i, f));
      sum += row_weight(penalty, offsets != nullptr ? offsets[i + 1] - offsets[i] : 0) * product;
    }
    partial[static_cast<std::size_t>(block)] = sum;
  });
  double sum = 0;
  for (const double part : partial) sum += part;
  return penalty.lambda * sum;
}

template Polynomial masked_line(int, const MaskedLine<float>&);
template Polynomial masked_line(int, const MaskedLine<double>&);
template double penalty_slope(int, MatrixView<const float>, MatrixView<const float>, const offset_t*, Penalty);
template double penalty_slope(int, MatrixView<const double>, MatrixView<const double>, const offset_t*, Penalty);

}  // namespace seesaw::cpu
#endif
