#pragma once
#include <algorithm>

#include "seesaw/matrix.hpp"

namespace seesaw {

/// Every element of x, in the context's memory space, becomes `value`.
template <class T>
void fill(Context& ctx, MatrixView<T> x, T value) {
  constexpr index_t kElements = 1 << 20;  // copied at a time
  if (x.empty()) return;
  const index_t together = x.stride == x.cols ? std::clamp<index_t>(kElements / x.cols, 1, x.rows) : 1;
  Buffer<T> rows(together * x.cols);
  std::fill_n(rows.data(), rows.size(), value);
  for (index_t i = 0; i < x.rows; i += together)
    ctx.memory()->copy_from_host(x.row(i), rows.data(),
                                 static_cast<std::size_t>(std::min(together, x.rows - i) * x.cols) * sizeof(T));
}

}  // namespace seesaw
