#pragma once
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "penalty.hpp"
#include "seesaw/errors.hpp"
#include "seesaw/iteration.hpp"
#include "seesaw/line_search.hpp"

namespace seesaw {

/// The shortest text that reads back as the same number.
inline std::string number_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// Throws InvalidArgument "<name> is <value>, expected <expected>" unless it is good.
inline void require(bool good, const char* name, double value, const char* expected) {
  if (!good) throw InvalidArgument(std::string(name) + " is " + number_text(value) + ", expected " + expected);
}

/// The step of a descent, which a T must hold.
template <class T>
void require_step(double step) {
  const auto held = static_cast<T>(step);
  require(std::isfinite(held) && held > 0, "step", step,
          sizeof(T) == sizeof(float) ? "more than 0 and within float's range" : "a finite number > 0");
}

inline void require_stopping(const Stopping& stopping) {
  require(stopping.sweeps >= 1, "sweeps", stopping.sweeps, "at least 1");
  require(stopping.tolerance >= 0 && std::isfinite(stopping.tolerance), "tolerance", stopping.tolerance,
          "a finite number >= 0");
  require(stopping.seconds > 0, "seconds", stopping.seconds, "more than 0");
  require(stopping.patience >= 0, "patience", stopping.patience, "0 (never) or more");
  require(stopping.gradient_norm >= 0, "gradient_norm", stopping.gradient_norm, "0 (never) or more");
  require(stopping.gap >= 0, "gap", stopping.gap, "0 (never) or more");
}

inline void require_armijo(const ArmijoOptions& options) {
  require(options.step > 0 && std::isfinite(options.step), "step", options.step, "a finite number > 0");
  require(options.shrink > 0 && options.shrink < 1, "shrink", options.shrink, "a number between 0 and 1");
  require(options.decrease > 0 && options.decrease < 1, "decrease", options.decrease, "a number between 0 and 1");
  require(options.most >= 1, "most", options.most, "at least 1");
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

/// Rows and columns of a sparse matrix at most: its indices are stored in 32 bits.
inline constexpr index_t kMostRows = 0x7fffffff;

/// Shapes and pointers only; for the contents see validate().
template <class T>
void require_csr(const Context& ctx, CsrView<T> matrix, const char* name) {
  if (matrix.rows < 0 || matrix.cols < 0 || matrix.rows > kMostRows || matrix.cols > kMostRows || matrix.entries < 0)
    throw ShapeError(std::string(name) + " is " + shape_text(matrix.rows, matrix.cols) + " with " +
                     std::to_string(matrix.entries) + " entries; rows and columns must be 0 to 2^31 - 1");
  require_space(ctx, matrix.offsets, std::string(name) + ".offsets");
  if (matrix.entries == 0) return;
  require_space(ctx, matrix.columns, std::string(name) + ".columns");
  require_space(ctx, matrix.values, std::string(name) + ".values");
  if (matrix.weights != nullptr) require_space(ctx, matrix.weights, std::string(name) + ".weights");
}

/// Of a matrix m x n that tells places and whose values are not read; CsrView{} stands for none.
template <class T>
void require_places(const Context& ctx, CsrView<T> matrix, const char* name, index_t m, index_t n) {
  if (matrix.offsets == nullptr && matrix.rows == 0 && matrix.cols == 0) return;
  require_shape(name, matrix.rows, matrix.cols, m, n);
  if (matrix.entries < 0)
    throw ShapeError(std::string(name) + " has " + std::to_string(matrix.entries) + " entries, expected at least 0");
  require_space(ctx, matrix.offsets, std::string(name) + ".offsets");
  if (matrix.entries > 0) require_space(ctx, matrix.columns, std::string(name) + ".columns");
}

inline void require_rank(index_t k) {
  if (k < 1) throw InvalidArgument("rank is " + std::to_string(k) + ", expected at least 1");
}

/// The factors of a half-sweep over `rows` x `cols`.
template <class T>
void require_factors(Context& ctx, index_t rows, index_t cols, MatrixView<const T> y, MatrixView<T> x) {
  require_view(ctx, y, "y");
  require_rank(y.cols);
  require_shape("y", y.rows, y.cols, cols, y.cols);
  require_view(ctx, x, "x");
  require_shape("x", x.rows, x.cols, rows, y.cols);
}

/// NaN is refused as well.
inline void require_penalty(const char* name, Penalty penalty) {
  require(penalty.lambda >= 0 && penalty.lambda <= 1e300, name, penalty.lambda, "a finite number >= 0");
  if (penalty.weighting == Weighting::plain) return;
  require(penalty.exponent >= 0 && penalty.exponent <= 10, "exponent", penalty.exponent, "a number from 0 to 10");
  require(penalty.offset >= 0 && penalty.offset <= 1e30, "offset", penalty.offset, "a number from 0 to 1e30");
}

/// The same, and lambda w must be a T for rows of up to `entries` entries.
template <class T>
void require_penalty(const char* name, Penalty penalty, index_t entries) {
  require_penalty(name, penalty);
  const double weight = std::max(1.0, row_weight(penalty, entries));
  const double most = static_cast<double>(std::numeric_limits<T>::max()) / weight;
  if (penalty.lambda > most)
    throw InvalidArgument(std::string(name) + " is " + number_text(penalty.lambda) + ", expected at most " +
                          number_text(most) + (weight > 1 ? ": it is multiplied by up to " + number_text(weight) : ""));
}

}  // namespace seesaw
