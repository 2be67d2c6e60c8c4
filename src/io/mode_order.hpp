#pragma once
#include <algorithm>
#include <array>

#include "parallel.hpp"
#include "seesaw/sparse.hpp"

// Tensors whose first mode is the fastest, as Fortran, MATLAB and the Tensor Toolbox have them, beside ours, whose last
// is.
namespace seesaw::io {

using Shape = std::array<index_t, kMaxOrder>;

/// Of each mode, in a row-major tensor.
inline Shape row_major_strides(int order, const Shape& shape) {
  Shape strides{};
  index_t stride = 1;
  for (auto d = static_cast<std::size_t>(order); d-- > 0; stride *= shape[d]) strides[d] = stride;
  return strides;
}

/// Goes through the elements with the first mode fastest and knows where each stands in row-major order.
class FirstModeFastest {
 public:
  FirstModeFastest(int order, const Shape& shape, index_t element)
      : order_(static_cast<std::size_t>(order)), shape_(shape), strides_(row_major_strides(order, shape)) {
    for (std::size_t d = 0; d < order_; ++d) {
      index_[d] = element % shape[d];
      element /= shape[d];
      position_ += index_[d] * strides_[d];
    }
  }
  index_t position() const { return position_; }
  void next() {
    for (std::size_t d = 0; d < order_; ++d) {
      position_ += strides_[d];
      if (++index_[d] < shape_[d]) return;
      position_ -= shape_[d] * strides_[d];
      index_[d] = 0;
    }
  }

 private:
  std::size_t order_;
  Shape shape_, strides_, index_{};
  index_t position_ = 0;
};

/// work(element, position) for every element numbered with the first mode fastest and its row-major position: tiles of
/// the first and the last mode, so that neither order jumps through memory at every step.
template <class Work>
void for_both_orders(int order, const Shape& shape, int threads, const Work& work) {
  constexpr index_t kTile = 32;
  const auto last = static_cast<std::size_t>(order) - 1;
  const index_t rows = shape[0], cols = shape[last];
  index_t between = 1;
  for (std::size_t d = 1; d < last; ++d) between *= shape[d];
  const index_t row_tiles = (rows + kTile - 1) / kTile;
  // Element (i, middle, j) has the number  i + rows * (middle_forward + between * j)  and the position
  // j + cols * (middle + between * i): the modes between are numbered with their first, or their last, the fastest.
  Shape middle_shape{};
  std::copy(shape.begin() + 1, shape.begin() + static_cast<std::ptrdiff_t>(last), middle_shape.begin());
  parallel_for(threads, row_tiles * between, [&](index_t part) {
    const index_t first = part % row_tiles * kTile, middle_forward = part / row_tiles;
    const index_t middle = FirstModeFastest(order - 2, middle_shape, middle_forward).position();
    for (index_t j0 = 0; j0 < cols; j0 += kTile)
      for (index_t i = first; i < std::min(rows, first + kTile); ++i)
        for (index_t j = j0; j < std::min(cols, j0 + kTile); ++j)
          work(i + rows * (middle_forward + between * j), j + cols * (middle + between * i));
  });
}

}  // namespace seesaw::io
