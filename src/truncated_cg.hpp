#pragma once
#include <cmath>

#include "factors.hpp"

namespace seesaw {

enum class CgEnd { solved, most_products, negative_curvature };

/// Conjugate gradients over factors, for the systems of Newton's method.
template <class T>
class TruncatedCg {
 public:
  /// For points of the shapes of `factors`.
  TruncatedCg(const Context& ctx, const Factors<T>& factors)
      : ctx_(ctx), residual_(like(ctx, factors)), direction_(like(ctx, factors)), product_(like(ctx, factors)) {}

  /// p, from 0, towards (A + shift I) p = -g, where multiply(d, product) gives A d. Ends where the residual's norm is
  /// at most `tolerance`, after `most` products, and where the curvature along direction() is at most shift / 2 (or not
  /// a number): p is then what has come before. `products` is increased.
  template <class Multiply>
  CgEnd solve(const Factors<T>& g, double shift, double tolerance, int most, Multiply&& multiply, Factors<T>& p,
              std::int64_t& products) {
    combine(ctx_, 0, g, 0, p);
    combine(ctx_, 1, g, 0, residual_);
    combine(ctx_, -1, g, 0, direction_);
    double squared = dot(ctx_, g, g);
    for (int step = 1; step <= most; ++step) {
      multiply(direction_, product_);
      ++products;
      combine(ctx_, shift, direction_, 1, product_);
      const double curvature = dot(ctx_, direction_, product_);
      if (!(curvature > shift / 2 * dot(ctx_, direction_, direction_))) return CgEnd::negative_curvature;
      const double length = squared / curvature;
      combine(ctx_, length, direction_, 1, p);
      combine(ctx_, length, product_, 1, residual_);
      const double before = squared;
      squared = dot(ctx_, residual_, residual_);
      if (std::sqrt(squared) <= tolerance) return CgEnd::solved;
      combine(ctx_, -1, residual_, squared / before, direction_);
    }
    return CgEnd::most_products;
  }

  const Factors<T>& direction() const { return direction_; }

 private:
  const Context& ctx_;
  Factors<T> residual_, direction_, product_;
};

}  // namespace seesaw
