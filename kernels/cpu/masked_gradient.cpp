#include "masked_gradient.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "cpu/masked_blocks.hpp"
#include "cpu/masked_tiles.hpp"
#include "cpu/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/masked_gradient.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/masked_rows-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

template <class T>
HWY_INLINE T weight(const ModeView<T>& entries, offset_t e) {
  return entries.weights != nullptr ? entries.weights[e] : T{1};
}

/// to = ridge * from in the rows begin to end - 1
template <class T>
void set_penalty(const ModeView<T>& entries, Penalty penalty, MatrixView<const T> from, index_t begin, index_t end,
                 MatrixView<T> to) {
  for (index_t i = begin; i < end; ++i) {
    const T ridge = ridge_of<T>(penalty, entries.offsets[i + 1] - entries.offsets[i]);
    const T* const source = from.row(i);
    for_elements<T>(from.cols, [&](auto d, index_t f) {
      hn::StoreU(hn::Mul(hn::Set(d, ridge), hn::LoadU(d, source + f)), d, to.row(i) + f);
    });
  }
}

/// gradient -= the sum of w r h over the entries first to last - 1 of one row; adds their residuals to `all`. Those to
/// end - 1 are needed next.
template <class T>
HWY_NOINLINE void add_gradient(const ModeView<T>& entries, const Others<T>& others, offset_t first, offset_t last,
                               offset_t end, index_t k, const T* HWY_RESTRICT own, T* HWY_RESTRICT gradient,
                               ResidualSums& all) {
  const T *const values = entries.values, *const weights = entries.weights;
  double squared = 0, weighted_squared = 0, sum = 0;
  for (offset_t e = first; e < last; e += kGroup) {
    const auto count = static_cast<int>(std::min<offset_t>(kGroup, last - e));
    const T* h[kGroup];
    others.gather(e, count, h);
    if (e + 2 * kGroup <= end) others.prefetch(e + kGroup);
    T model[kGroup], steps[kGroup];
    dots(own, h, k, model);
    for (int p = 0; p < kGroup; ++p) {
      const offset_t entry = e + std::min(p, count - 1);
      const T residual = p < count ? values[entry] - model[p] : T{0};
      const T w = weights != nullptr ? weights[entry] : T{1};
      steps[p] = -w * residual;
      const double square = static_cast<double>(residual) * static_cast<double>(residual);
      squared += square;
      weighted_squared += static_cast<double>(w) * square;
      sum += static_cast<double>(residual);
    }
    add_multiples(steps, h, k, gradient);
  }
  all.squared += squared;
  all.weighted_squared += weighted_squared;
  all.sum += sum;
}

template <class T>
ResidualSums gradient_block(const MaskedGradient<T>& problem, index_t begin, index_t end, index_t tile) {
  const ModeView<T>& entries = problem.entries;
  const index_t k = problem.rank();
  const MatrixView<const T> own = problem.factors[static_cast<std::size_t>(entries.mode)];
  set_penalty(entries, problem.penalty, own, begin, end, problem.gradient);
  Buffer<T> scratch(Others<T>::scratch(k));
  const Others<T> others(entries, problem.factors, nullptr, scratch.data());
  ResidualSums all;
  for_tiles(entries, begin, end, tile, [&](index_t i, offset_t first, offset_t last) {
    const offset_t ahead = tile == 0 ? entries.offsets[end] : last;
    add_gradient(entries, others, first, last, ahead, k, own.row(i), problem.gradient.row(i), all);
  });
  return all;
}

/// product += the sum of w (p h - r q) over the entries first to last - 1 of one row, without r q unless `exact`.
template <class T>
HWY_NOINLINE void add_product(const ModeView<T>& entries, const Others<T>& others, offset_t first, offset_t last,
                              index_t k, bool exact, const T* HWY_RESTRICT own, const T* HWY_RESTRICT own_direction,
                              T* HWY_RESTRICT product) {
  for (offset_t e = first; e < last; e += kGroup) {
    const auto count = static_cast<int>(std::min<offset_t>(kGroup, last - e));
    const T *h[kGroup], *q[kGroup];
    others.gather(e, count, h, q);
    T along_own[kGroup], along_others[kGroup], model[kGroup], of_h[kGroup], of_q[kGroup];
    dots(own_direction, h, k, along_own);
    dots(own, q, k, along_others);
    if (exact) dots(own, h, k, model);
    for (int p = 0; p < kGroup; ++p) {
      const offset_t entry = e + std::min(p, count - 1);
      const T w = p < count ? weight(entries, entry) : T{0};
      of_h[p] = w * (along_own[p] + along_others[p]);
      of_q[p] = exact ? -w * (entries.values[entry] - model[p]) : T{0};
    }
    add_multiples(of_h, h, k, product);
    if (exact) add_multiples(of_q, q, k, product);
  }
}

template <class T>
void product_block(const MaskedProduct<T>& problem, index_t begin, index_t end) {
  const ModeView<T>& entries = problem.entries;
  const index_t k = problem.rank();
  const auto mode = static_cast<std::size_t>(entries.mode);
  const MatrixView<const T> own = problem.factors[mode], own_direction = problem.direction[mode];
  set_penalty(entries, problem.penalty, own_direction, begin, end, problem.product);
  Buffer<T> scratch(Others<T>::scratch(k));
  const Others<T> others(entries, problem.factors, &problem.direction, scratch.data());
  const bool exact = problem.curvature == Curvature::exact;
  for (index_t i = begin; i < end; ++i)
    add_product(entries, others, entries.offsets[i], entries.offsets[i + 1], k, exact, own.row(i), own_direction.row(i),
                problem.product.row(i));
}

ResidualSums gradient_block_float(const MaskedGradient<float>& problem, index_t begin, index_t end, index_t tile) {
  return gradient_block(problem, begin, end, tile);
}
ResidualSums gradient_block_double(const MaskedGradient<double>& problem, index_t begin, index_t end, index_t tile) {
  return gradient_block(problem, begin, end, tile);
}
void product_block_float(const MaskedProduct<float>& problem, index_t begin, index_t end) {
  product_block(problem, begin, end);
}
void product_block_double(const MaskedProduct<double>& problem, index_t begin, index_t end) {
  product_block(problem, begin, end);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(gradient_block_float);
HWY_EXPORT(gradient_block_double);
HWY_EXPORT(product_block_float);
HWY_EXPORT(product_block_double);

template <class T>
void masked_gradient(int threads, const MaskedGradient<T>& problem, ResidualSums* sums) {
  const index_t tile = tile_size(problem.entries, problem.rank());
  const MaskedBlocks<T> blocks(problem.entries, tile > 0);
  std::vector<ResidualSums> partial(static_cast<std::size_t>(blocks.count()));
  for_blocks(threads, blocks.count(), [&](index_t block) {
    const index_t begin = blocks.begin(block), end = blocks.begin(block + 1);
    ResidualSums& part = partial[static_cast<std::size_t>(block)];
    if constexpr (std::is_same_v<T, float>)
      part = HWY_DYNAMIC_DISPATCH(gradient_block_float)(problem, begin, end, tile);
    else
      part = HWY_DYNAMIC_DISPATCH(gradient_block_double)(problem, begin, end, tile);
  });
  if (sums == nullptr) return;
  *sums = {};
  for (const ResidualSums& part : partial) {
    sums->squared += part.squared;
    sums->weighted_squared += part.weighted_squared;
    sums->sum += part.sum;
  }
}

template <class T>
void masked_product(int threads, const MaskedProduct<T>& problem) {
  const MaskedBlocks<T> blocks(problem.entries);
  for_blocks(threads, blocks.count(), [&](index_t block) {
    const index_t begin = blocks.begin(block), end = blocks.begin(block + 1);
    if constexpr (std::is_same_v<T, float>)
      HWY_DYNAMIC_DISPATCH(product_block_float)(problem, begin, end);
    else
      HWY_DYNAMIC_DISPATCH(product_block_double)(problem, begin, end);
  });
}

template void masked_gradient(int, const MaskedGradient<float>&, ResidualSums*);
template void masked_gradient(int, const MaskedGradient<double>&, ResidualSums*);
template void masked_product(int, const MaskedProduct<float>&);
template void masked_product(int, const MaskedProduct<double>&);

}  // namespace seesaw::cpu
#endif
