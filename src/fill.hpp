#pragma once
#include <algorithm>

#include "seesaw/matrix.hpp"

namespace seesaw {

/// Every element of x, in the context's memory space, becomes `value`.
template <class T>
void fill(Context& ctx, MatrixView<T> x, T value) {
  Buffer<T> row(x.cols);
  std::fill_n(row.data(), x.cols, value);
  for (index_t i = 0; i < x.rows; ++i)
    ctx.memory()->copy_from_host(x.row(i), row.data(), static_cast<std::size_t>(x.cols) * sizeof(T));
}

}  // namespace seesaw
