#pragma once
#include <array>

#include "seesaw/matrix.hpp"
#include "seesaw/sparse.hpp"

namespace seesaw {

/// All elements of an order-N tensor, row-major and without padding: the last mode is the fastest. Does not own its
/// memory.
template <class T>
struct DenseTensorView {
  int order = 2;
  std::array<index_t, kMaxOrder> shape{};
  const T* data = nullptr;
};

/// Owns a DenseTensorView's elements, in one memory space.
template <class T>
struct DenseTensor {
  int order = 2;
  std::array<index_t, kMaxOrder> shape{};
  Buffer<T> data;

  DenseTensorView<T> view() const { return {order, shape, data.data()}; }
};

}  // namespace seesaw
