#pragma once
#include <cmath>
#include <string>

#include "checks.hpp"

namespace seesaw {

/// Throws InvalidArgument for the first element of `a` that is not finite; with `lower` above the diagonal none is
/// read.
template <class T>
void require_finite(const Context& ctx, MatrixView<const T> a, const char* name, bool lower = false) {
  if (a.empty()) return;
  const index_t span = (a.rows - 1) * a.stride + a.cols;
  Buffer<T> copy(span);
  ctx.memory()->copy_to_host(copy.data(), a.data, static_cast<std::size_t>(span) * sizeof(T));
  const MatrixView<const T> host(copy.data(), a.rows, a.cols, a.stride);
  for (index_t i = 0; i < a.rows; ++i)
    for (index_t j = 0; j < (lower ? i + 1 : a.cols); ++j)
      if (!std::isfinite(host(i, j)))
        throw InvalidArgument(std::string(name) + "(" + std::to_string(i) + ", " + std::to_string(j) + ") is " +
                              number_text(static_cast<double>(host(i, j))) + ", expected a finite number");
}

}  // namespace seesaw
