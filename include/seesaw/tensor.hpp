#pragma once
#include <array>

#include "seesaw/sparse.hpp"

namespace seesaw {

/// Every element of an order-N tensor, the last mode running fastest: that of the index i stands at
/// (... (i_0 * shape[1] + i_1) * shape[2] + ...) + i_N-1. Order 2 is a row-major matrix without padding.
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
  Buffer<T> values;

  DenseTensorView<T> view() const { return {order, shape, values.data()}; }
};

/// Entries of an order-N tensor by their index in one mode: those with index i there stand at offsets[i] to
/// offsets[i + 1] - 1 of `values`, `weights` and of `indices`, which has an array for each other mode. Order 2 is a
/// matrix by rows (mode 0) or by columns (mode 1): mode_view(). offsets[0] need not be 0.
template <class T>
struct ModeView {
  int order = 2;
  int mode = 0;
  std::array<index_t, kMaxOrder> shape{};
  offset_t entries = 0;
  const offset_t* offsets = nullptr;                 ///< shape[mode] + 1
  std::array<const column_t*, kMaxOrder> indices{};  ///< null for `mode`
  const T* values = nullptr;
  const T* weights = nullptr;  ///< weight >= 0 of each entry in the objective; null: 1 for every entry
};

/// A matrix by its rows as mode 0 of an order-2 tensor or, given its transposed, as mode 1.
template <class T>
ModeView<T> mode_view(CsrView<T> matrix, int mode) {
  ModeView<T> view;
  view.mode = mode;
  const auto own = static_cast<std::size_t>(mode), other = 1 - own;
  view.shape[own] = matrix.rows;
  view.shape[other] = matrix.cols;
  view.entries = matrix.entries;
  view.offsets = matrix.offsets;
  view.indices[other] = matrix.columns;
  view.values = matrix.values;
  view.weights = matrix.weights;
  return view;
}

/// Owns a ModeView's arrays, in one memory space.
template <class T>
struct ModeEntries {
  int order = 2;
  int mode = 0;
  std::array<index_t, kMaxOrder> shape{};
  Buffer<offset_t> offsets;
  std::array<Buffer<column_t>, kMaxOrder> indices;  ///< empty for `mode`
  Buffer<T> values;
  Buffer<T> weights;  ///< empty: every weight is 1

  ModeView<T> view() const {
    ModeView<T> v{order, mode, shape, values.size(), offsets.data(), {}, values.data(), weights.data()};
    for (std::size_t n = 0; n < indices.size(); ++n) v.indices[n] = indices[n].data();
    return v;
  }
};

/// The entries of a tensor sorted by their index in `mode`, in the context's memory space; those of one index keep
/// their order, so the result is determined. Two entries may have the same place: in every sum each of them counts.
/// Throws ShapeError unless the order is 2 to 8, `mode` is one of its modes and the sizes are 0 to 2^31 - 1;
/// InvalidArgument for an index outside the shape, a value that is not finite, a weight that is negative or not finite;
/// the message names the entry. On CUDA it waits for the check.
ModeEntries<float> by_mode(Context& ctx, SparseTensorView<float> entries, int mode);
ModeEntries<double> by_mode(Context& ctx, SparseTensorView<double> entries, int mode);

/// The factor of each mode, shape[n] x k; those beyond the order are not read.
template <class T>
using FactorViews = std::array<MatrixView<const T>, kMaxOrder>;

}  // namespace seesaw
