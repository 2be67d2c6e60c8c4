#include "masked_residual.hpp"

#include <algorithm>
#include <vector>

#include "cpu/parallel.hpp"
#include "cpu/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/masked_residual.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/dot-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

/// The entries first to last - 1, which begin in row `row`.
template <class T>
ResidualSums residual_block(const CsrView<T>& ratings, MatrixView<const T> x, MatrixView<const T> y, T* residuals,
                            offset_t first, offset_t last, index_t row) {
  ResidualSums sums;
  for (offset_t e = first; e < last; ++row) {
    const offset_t end = std::min(last, ratings.offsets[row + 1]);
    for (; e < end; ++e) {
      const T value = ratings.values != nullptr ? ratings.values[e] : T{1};
      const T residual = value - dot(x.row(row), y.row(ratings.columns[e]), x.cols);
      const double squared = static_cast<double>(residual) * static_cast<double>(residual);
      sums.squared += squared;
      sums.weighted_squared += ratings.weights != nullptr ? static_cast<double>(ratings.weights[e]) * squared : squared;
      sums.sum += static_cast<double>(residual);
      if (residuals != nullptr) residuals[e - ratings.offsets[0]] = residual;
    }
  }
  return sums;
}

ResidualSums residual_block_float(const CsrView<float>& ratings, MatrixView<const float> x, MatrixView<const float> y,
                                  float* residuals, offset_t first, offset_t last, index_t row) {
  return residual_block(ratings, x, y, residuals, first, last, row);
}
ResidualSums residual_block_double(const CsrView<double>& ratings, MatrixView<const double> x,
                                   MatrixView<const double> y, double* residuals, offset_t first, offset_t last,
                                   index_t row) {
  return residual_block(ratings, x, y, residuals, first, last, row);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(residual_block_float);
HWY_EXPORT(residual_block_double);

namespace {

template <class T>
ResidualSums residual_block(const CsrView<T>& ratings, MatrixView<const T> x, MatrixView<const T> y, T* residuals,
                            offset_t first, offset_t last, index_t row) {
  if constexpr (std::is_same_v<T, float>)
    return HWY_DYNAMIC_DISPATCH(residual_block_float)(ratings, x, y, residuals, first, last, row);
  else
    return HWY_DYNAMIC_DISPATCH(residual_block_double)(ratings, x, y, residuals, first, last, row);
}

}  // namespace

// Blocks of entries, whatever the rows they belong to; the blocks' sums are added in their order.
template <class T>
ResidualSums masked_residual(int threads, CsrView<T> ratings, MatrixView<const T> x, MatrixView<const T> y,
                             T* residuals) {
  constexpr offset_t kEntries = 8192;
  if (ratings.rows == 0) return {};
  const offset_t begin = ratings.offsets[0], end = ratings.offsets[ratings.rows];
  const index_t blocks = block_count(end - begin, kEntries);
  std::vector<ResidualSums> partial(static_cast<std::size_t>(blocks));
  for_blocks(threads, blocks, [&](index_t block) {
    const offset_t first = begin + block * kEntries, last = std::min(end, first + kEntries);
    const offset_t* offsets = ratings.offsets;
    const index_t row = std::upper_bound(offsets, offsets + ratings.rows + 1, first) - offsets - 1;
    partial[static_cast<std::size_t>(block)] = residual_block(ratings, x, y, residuals, first, last, row);
  });
  ResidualSums sums;
  for (const ResidualSums& part : partial) {
    sums.squared += part.squared;
    sums.weighted_squared += part.weighted_squared;
    sums.sum += part.sum;
  }
  return sums;
}

template ResidualSums masked_residual(int, CsrView<float>, MatrixView<const float>, MatrixView<const float>, float*);
template ResidualSums masked_residual(int, CsrView<double>, MatrixView<const double>, MatrixView<const double>,
                                      double*);

}  // namespace seesaw::cpu
#endif
