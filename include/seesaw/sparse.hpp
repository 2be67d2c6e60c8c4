#pragma once
#include <array>

#include "seesaw/matrix.hpp"

namespace seesaw {

/// rows x cols with entries in compressed rows: those of row i stand at offsets[i] to offsets[i + 1] - 1 of `columns`,
/// `values` and `weights`, columns ascending and without duplicates. offsets[0] need not be 0, so rows can be sliced.
template <class T>
struct CsrView {
  index_t rows = 0;
  index_t cols = 0;
  offset_t entries = 0;               ///< offsets[rows] - offsets[0]
  const offset_t* offsets = nullptr;  ///< rows + 1
  const column_t* columns = nullptr;
  const T* values = nullptr;
  const T* weights = nullptr;  ///< weight >= 0 of each entry in the objective; null: 1 for every entry
};

/// Owns a CsrView's arrays, in one memory space.
template <class T>
struct Csr {
  index_t rows = 0;
  index_t cols = 0;
  Buffer<offset_t> offsets;
  Buffer<column_t> columns;
  Buffer<T> values;
  Buffer<T> weights;  ///< empty: every weight is 1

  CsrView<T> view() const {
    return {rows, cols, values.size(), offsets.data(), columns.data(), values.data(), weights.data()};
  }
};

inline constexpr int kMaxOrder = 8;

/// Entries of an order-N tensor in any order: entry e has the index indices[d][e] in mode d and the value values[e].
/// Order 2 is a matrix: mode 0 its rows, mode 1 its columns.
template <class T>
struct SparseTensorView {
  int order = 2;
  std::array<index_t, kMaxOrder> shape{};
  offset_t entries = 0;
  std::array<const column_t*, kMaxOrder> indices{};
  const T* values = nullptr;
  const T* weights = nullptr;  ///< null: 1 for every entry
};

/// Owns a SparseTensorView's arrays, in one memory space.
template <class T>
struct SparseTensor {
  int order = 2;
  std::array<index_t, kMaxOrder> shape{};
  std::array<Buffer<column_t>, kMaxOrder> indices;
  Buffer<T> values;
  Buffer<T> weights;

  SparseTensorView<T> view() const {
    SparseTensorView<T> v{order, shape, values.size(), {}, values.data(), weights.data()};
    for (int d = 0; d < order; ++d)
      v.indices[static_cast<std::size_t>(d)] = indices[static_cast<std::size_t>(d)].data();
    return v;
  }
};

/// The compressed rows of a matrix given by its entries (order 2), in the context's memory space, sorted by row and
/// column. Throws ShapeError unless the order is 2 and both sizes are 0 to 2^31 - 1, InvalidArgument for an index
/// outside the shape, a value that is not finite, a weight that is negative or not finite, and for two entries in one
/// place; the message names the entry.
Csr<float> compress(Context& ctx, SparseTensorView<float> entries);
Csr<double> compress(Context& ctx, SparseTensorView<double> entries);

/// cols x rows: the same entries by column. Rows of the result are ascending; stable, so the result is determined.
Csr<float> transpose(Context& ctx, CsrView<float> matrix);
Csr<double> transpose(Context& ctx, CsrView<double> matrix);

/// Reads everything that CsrView promises and throws InvalidArgument where it does not hold (offsets that decrease,
/// a column outside 0..cols-1 or not ascending, a value or weight that is not finite, a negative weight).
void validate(Context& ctx, CsrView<float> matrix, const char* name);
void validate(Context& ctx, CsrView<double> matrix, const char* name);

/// Copies between host memory and the context's memory space.
template <class T>
Csr<T> to_context(const Context& ctx, const Csr<T>& host) {
  return {host.rows,
          host.cols,
          to_context(ctx, host.offsets.data(), host.offsets.size()),
          to_context(ctx, host.columns.data(), host.columns.size()),
          to_context(ctx, host.values.data(), host.values.size()),
          to_context(ctx, host.weights.data(), host.weights.size())};
}
template <class T>
Csr<T> to_host(const Csr<T>& csr) {
  return {csr.rows, csr.cols, to_host(csr.offsets), to_host(csr.columns), to_host(csr.values), to_host(csr.weights)};
}

}  // namespace seesaw
