#pragma once
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

#include "seesaw/context.hpp"
#include "seesaw/memory.hpp"
#include "seesaw/types.hpp"

namespace seesaw {

/// rows x cols, row-major; row i begins at data + i * stride, stride >= cols. Does not own its memory.
template <class T>
struct MatrixView {
  T* data = nullptr;
  index_t rows = 0;
  index_t cols = 0;
  index_t stride = 0;

  constexpr MatrixView() = default;
  constexpr MatrixView(T* first, index_t row_count, index_t col_count)
      : data(first), rows(row_count), cols(col_count), stride(col_count) {}
  constexpr MatrixView(T* first, index_t row_count, index_t col_count, index_t row_stride)
      : data(first), rows(row_count), cols(col_count), stride(row_stride) {}
  /// A view to read from a view to write.
  template <class U>
  requires(std::is_same_v<T, const U>) constexpr MatrixView(MatrixView<U> other)
      : MatrixView(other.data, other.rows, other.cols, other.stride) {}

  constexpr T* row(index_t i) const { return data + i * stride; }
  constexpr T& operator()(index_t i, index_t j) const { return data[i * stride + j]; }
  constexpr bool empty() const { return rows == 0 || cols == 0; }
  /// Rows first to last - 1.
  constexpr MatrixView slice(index_t first, index_t last) const { return {row(first), last - first, cols, stride}; }
};

/// `size` elements in one memory space, uninitialized. Throws ShapeError for a negative size, OutOfMemory.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  explicit Buffer(index_t size) : Buffer(host_memory(), size) {}
  Buffer(const Context& ctx, index_t size) : Buffer(ctx.memory(), size) {}
  Buffer(std::shared_ptr<MemorySpace> memory, index_t size)
      : memory_(std::move(memory)),
        data_(static_cast<T*>(
            memory_->allocate(static_cast<std::size_t>(detail::element_count(size, 1, sizeof(T))) * sizeof(T)))),
        size_(size) {}
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Buffer() {
    if (data_ != nullptr) memory_->deallocate(data_);
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  index_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const std::shared_ptr<MemorySpace>& memory() const { return memory_; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  std::shared_ptr<MemorySpace> memory_;
  T* data_ = nullptr;
  index_t size_ = 0;
};

/// Owns a rows x cols row-major matrix without padding, in host memory or in a context's memory space. Throws as
/// Buffer.
template <class T>
class Matrix {
 public:
  Matrix() = default;
  Matrix(index_t rows, index_t cols)
      : buffer_(detail::element_count(rows, cols, sizeof(T))), rows_(rows), cols_(cols) {}
  Matrix(const Context& ctx, index_t rows, index_t cols)
      : buffer_(ctx, detail::element_count(rows, cols, sizeof(T))), rows_(rows), cols_(cols) {}

  index_t rows() const { return rows_; }
  index_t cols() const { return cols_; }
  MatrixView<T> view() { return {buffer_.data(), rows_, cols_}; }
  MatrixView<const T> view() const { return {buffer_.data(), rows_, cols_}; }
  /// Elements of a matrix in host memory.
  T& operator()(index_t i, index_t j) { return buffer_.data()[i * cols_ + j]; }
  const T& operator()(index_t i, index_t j) const { return buffer_.data()[i * cols_ + j]; }
  Buffer<T>& buffer() { return buffer_; }
  const Buffer<T>& buffer() const { return buffer_; }

 private:
  Buffer<T> buffer_;
  index_t rows_ = 0;
  index_t cols_ = 0;
};

/// A copy of host elements in the context's memory space.
template <class T>
Buffer<T> to_context(const Context& ctx, const T* host, index_t size) {
  Buffer<T> copy(ctx, size);
  ctx.memory()->copy_from_host(copy.data(), host, static_cast<std::size_t>(size) * sizeof(T));
  return copy;
}

/// A copy of a host matrix without padding in the context's memory space.
template <class T>
Matrix<T> to_context(const Context& ctx, const Matrix<T>& host) {
  Matrix<T> copy(ctx, host.rows(), host.cols());
  ctx.memory()->copy_from_host(copy.view().data, host.view().data,
                               static_cast<std::size_t>(host.rows() * host.cols()) * sizeof(T));
  return copy;
}

/// A host copy of a buffer, after the work enqueued before it.
template <class T>
Buffer<T> to_host(const Buffer<T>& buffer) {
  Buffer<T> copy(buffer.size());
  if (buffer.size() > 0)
    buffer.memory()->copy_to_host(copy.data(), buffer.data(), static_cast<std::size_t>(buffer.size()) * sizeof(T));
  return copy;
}

/// A host copy of a matrix, after the work enqueued before it.
template <class T>
Matrix<T> to_host(const Matrix<T>& matrix) {
  Matrix<T> copy(matrix.rows(), matrix.cols());
  if (matrix.rows() * matrix.cols() > 0)
    matrix.buffer().memory()->copy_to_host(copy.view().data, matrix.view().data,
                                           static_cast<std::size_t>(matrix.rows() * matrix.cols()) * sizeof(T));
  return copy;
}

}  // namespace seesaw
