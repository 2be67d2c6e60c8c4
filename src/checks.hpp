#pragma once
#include <charconv>
#include <string>

#include "seesaw/errors.hpp"
#include "seesaw/solve_rows.hpp"

namespace seesaw {

/// The shortest text that reads back as the same number.
inline std::string number_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

inline std::string shape_text(index_t rows, index_t cols) {
  return std::to_string(rows) + " x " + std::to_string(cols);
}

/// Throws ShapeError "<name> is r x c, expected R x C".
inline void require_shape(const char* name, index_t rows, index_t cols, index_t expected_rows, index_t expected_cols) {
  if (rows != expected_rows || cols != expected_cols)
    throw ShapeError(std::string(name) + " is " + shape_text(rows, cols) + ", expected " +
                     shape_text(expected_rows, expected_cols));
}

/// Throws InvalidArgument where `pointer` is null or not in the context's memory space.
inline void require_space(const Context& ctx, const void* pointer, const std::string& name) {
  if (pointer == nullptr) throw InvalidArgument(name + " is a null pointer");
  if (!ctx.memory()->owns(pointer))
    throw InvalidArgument(name + " does not lie in the memory of the " + to_string(ctx.backend()) + " context");
}

template <class T>
void require_view(const Context& ctx, MatrixView<T> view, const char* name) {
  if (view.rows < 0 || view.cols < 0)
    throw ShapeError(std::string(name) + " is " + shape_text(view.rows, view.cols) + ", sizes must not be negative");
  if (view.stride < view.cols)
    throw ShapeError(std::string(name) + " has the stride " + std::to_string(view.stride) + ", expected at least its " +
                     std::to_string(view.cols) + " columns");
  if (!view.empty()) require_space(ctx, view.data, name);
}

/// Shapes and pointers only; for the contents see validate().
template <class T>
void require_csr(const Context& ctx, CsrView<T> matrix, const char* name) {
  constexpr index_t kMost = 0x7fffffff;
  if (matrix.rows < 0 || matrix.cols < 0 || matrix.rows > kMost || matrix.cols > kMost || matrix.entries < 0)
    throw ShapeError(std::string(name) + " is " + shape_text(matrix.rows, matrix.cols) + " with " +
                     std::to_string(matrix.entries) + " entries; rows and columns must be 0 to 2^31 - 1");
  require_space(ctx, matrix.offsets, std::string(name) + ".offsets");
  if (matrix.entries == 0) return;
  require_space(ctx, matrix.columns, std::string(name) + ".columns");
  require_space(ctx, matrix.values, std::string(name) + ".values");
  if (matrix.weights != nullptr) require_space(ctx, matrix.weights, std::string(name) + ".weights");
}

inline void require_rank(index_t k) {
  if (k < 1) throw InvalidArgument("rank is " + std::to_string(k) + ", expected at least 1");
}

/// NaN is refused as well.
inline void require_penalty(const char* name, double lambda) {
  if (!(lambda >= 0 && lambda <= 1e300))
    throw InvalidArgument(std::string(name) + " is " + number_text(lambda) + ", expected a finite number >= 0");
}

}  // namespace seesaw
