#pragma once
#include "dispatch.hpp"
#include "masked_residual.hpp"

namespace seesaw {

/// masked_residual() of arguments that were checked; ratings.values may be null: every value is 1.
template <class T>
ResidualSums residual_sums(Context& ctx, CsrView<T> ratings, MatrixView<const T> x, MatrixView<const T> y,
                           T* residuals = nullptr) {
  return on_backend(
      ctx, [&] { return reference::masked_residual(ratings, x, y, residuals); },
      [&](int threads) { return cpu::masked_residual(threads, ratings, x, y, residuals); },
      [&](auto& gpu) { return cuda::masked_residual(gpu, ratings, x, y, residuals); });
}

}  // namespace seesaw
