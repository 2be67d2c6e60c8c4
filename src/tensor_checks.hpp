#pragma once
#include <cmath>
#include <string>

#include "checks.hpp"
#include "seesaw/masked_gradient.hpp"

namespace seesaw {

inline void require_order(const char* name, int order) {
  if (order < 2 || order > kMaxOrder)
    throw ShapeError(std::string(name) + " has the order " + std::to_string(order) + ", expected 2 to " +
                     std::to_string(kMaxOrder));
}

/// Sizes from `least` to 2^31 - 1.
inline void require_sizes(const char* name, int order, const std::array<index_t, kMaxOrder>& shape, index_t least) {
  for (int n = 0; n < order; ++n) {
    const index_t size = shape[static_cast<std::size_t>(n)];
    if (size < least || size > kMostRows)
      throw ShapeError(std::string(name) + " has the size " + std::to_string(size) + " in mode " + std::to_string(n) +
                       ", expected " + std::to_string(least) + " to 2^31 - 1");
  }
}

inline void require_mode(int mode, int order) {
  if (mode < 0 || mode >= order)
    throw ShapeError("mode is " + std::to_string(mode) + ", expected 0 to " + std::to_string(order - 1));
}

/// Its arrays, where it has entries.
template <class T>
void require_arrays(const Context& ctx, const SparseTensorView<T>& entries, const char* name) {
  if (entries.entries < 0)
    throw ShapeError(std::string(name) + " has " + std::to_string(entries.entries) + " entries, expected at least 0");
  if (entries.entries == 0) return;
  for (std::size_t d = 0; d < static_cast<std::size_t>(entries.order); ++d)
    require_space(ctx, entries.indices[d], std::string(name) + ".indices[" + std::to_string(d) + "]");
  require_space(ctx, entries.values, std::string(name) + ".values");
  if (entries.weights != nullptr) require_space(ctx, entries.weights, std::string(name) + ".weights");
}

/// Throws InvalidArgument where an index, a value or a weight is none; in sparse.cpp. On CUDA it waits.
template <class T>
void require_contents(const Context& ctx, const SparseTensorView<T>& entries);

/// Shapes and pointers only; the contents are trusted.
template <class T>
void require_entries(const Context& ctx, const ModeView<T>& entries) {
  require_order("entries", entries.order);
  if (entries.mode < 0 || entries.mode >= entries.order)
    throw ShapeError("entries is by mode " + std::to_string(entries.mode) + ", expected 0 to " +
                     std::to_string(entries.order - 1));
  require_sizes("entries", entries.order, entries.shape, 0);
  if (entries.entries < 0)
    throw ShapeError("entries has " + std::to_string(entries.entries) + " entries, expected at least 0");
  require_space(ctx, entries.offsets, "entries.offsets");
  if (entries.entries == 0) return;
  for (int n = 0; n < entries.order; ++n)
    if (n != entries.mode)
      require_space(ctx, entries.indices[static_cast<std::size_t>(n)], "entries.indices[" + std::to_string(n) + "]");
  require_space(ctx, entries.values, "entries.values");
  if (entries.weights != nullptr) require_space(ctx, entries.weights, "entries.weights");
}

/// A matrix of shape[n] x k for the mode n.
template <class T>
void require_factor(const Context& ctx, const std::array<index_t, kMaxOrder>& shape, const FactorViews<T>& factors,
                    int n, index_t k, const char* name = "factors") {
  const auto mode = static_cast<std::size_t>(n);
  const std::string one = std::string(name) + "[" + std::to_string(n) + "]";
  require_view(ctx, factors[mode], one.c_str());
  require_rank(k);
  require_shape(one.c_str(), factors[mode].rows, factors[mode].cols, shape[mode], k);
}

/// A factor that a solver starts from.
template <class T>
void require_startable(Context& ctx, MatrixView<const T> factor, const std::string& name) {
  const double squared = penalty_slope(ctx, factor, factor, nullptr, {1.0, Weighting::plain});
  if (!std::isfinite(squared)) throw InvalidArgument(name + " has an element that is not finite");
  if (squared == 0) throw InvalidArgument(name + " is all zero: nothing could be found from there");
}

}  // namespace seesaw
