#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

#include "dense.hpp"
#include "seesaw/masked_gradient.hpp"

namespace seesaw {

/// One matrix for each mode, without padding: a point in the space that a solver searches, or a direction there.
template <class T>
using Factors = std::vector<Matrix<T>>;

template <class T>
FactorViews<T> views(const Factors<T>& factors) {
  FactorViews<T> all;
  for (std::size_t n = 0; n < factors.size(); ++n) all[n] = factors[n].view();
  return all;
}

/// Uninitialized, of the same shapes.
template <class T>
Factors<T> like(const Context& ctx, const Factors<T>& factors) {
  Factors<T> others;
  for (const Matrix<T>& factor : factors) others.emplace_back(ctx, factor.rows(), factor.cols());
  return others;
}

/// The sum of the products of all elements, in double.
template <class T>
double dot(const Context& ctx, const Matrix<T>& a, const Matrix<T>& b) {
  return dot(ctx, a.buffer().size(), a.buffer().data(), b.buffer().data());
}

template <class T>
double dot(const Context& ctx, const Factors<T>& a, const Factors<T>& b) {
  double sum = 0;
  for (std::size_t n = 0; n < a.size(); ++n) sum += dot(ctx, a[n], b[n]);
  return sum;
}

template <class T>
double norm(const Context& ctx, const Factors<T>& a) {
  return std::sqrt(dot(ctx, a, a));
}

/// b = alpha a + beta b; where beta is 0, b is not read.
template <class T>
void combine(const Context& ctx, double alpha, const Matrix<T>& a, double beta, Matrix<T>& b) {
  combine(ctx, a.buffer().size(), alpha, a.buffer().data(), beta, b.buffer().data());
}

template <class T>
void combine(const Context& ctx, double alpha, const Factors<T>& a, double beta, Factors<T>& b) {
  for (std::size_t n = 0; n < a.size(); ++n) combine(ctx, alpha, a[n], beta, b[n]);
}

template <class T>
void copy(const Context& ctx, const Factors<T>& from, Factors<T>& to) {
  for (std::size_t n = 0; n < from.size(); ++n)
    ctx.memory()->copy_within(to[n].buffer().data(), from[n].buffer().data(),
                              static_cast<std::size_t>(from[n].buffer().size()) * sizeof(T));
}

}  // namespace seesaw
