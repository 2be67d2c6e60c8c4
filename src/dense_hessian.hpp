#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "explicit_ratings.hpp"
#include "factors.hpp"

namespace seesaw {

/// Factors as one vector in double on the host: X's rows and then Y's, the order of the Hessian's unknowns.
template <class T>
class HostPoint {
 public:
  explicit HostPoint(index_t unknowns) : values_(unknowns) {}

  void read(const Context& ctx, const Factors<T>& from, std::vector<double>& to) {
    T* next = values_.data();
    for (const Matrix<T>& factor : from) {
      const index_t size = factor.buffer().size();
      ctx.memory()->copy_to_host(next, factor.buffer().data(), static_cast<std::size_t>(size) * sizeof(T));
      next += size;
    }
    std::copy(values_.data(), next, to.begin());
  }

  void write(const Context& ctx, const std::vector<double>& from, Factors<T>& to) {
    std::transform(from.begin(), from.end(), values_.data(), [](double value) { return static_cast<T>(value); });
    const T* next = values_.data();
    for (Matrix<T>& factor : to) {
      const index_t size = factor.buffer().size();
      ctx.memory()->copy_from_host(factor.buffer().data(), next, static_cast<std::size_t>(size) * sizeof(T));
      next += size;
    }
  }

 private:
  Buffer<T> values_;
};

/// The Hessian of the objective of explicit ratings as a matrix, from the entries, in double on the host: the same on
/// every backend. With the residual r_ij its blocks are
///   x_i, x_i  sum_j w y_j y_j' + lambda_x w_i I      x_i, y_j  w (y_j x_i' - r_ij I), 0 where nothing is observed
///   y_j, y_j  sum_i w x_i x_i' + lambda_y w_j I
template <class T>
class DenseHessian {
 public:
  DenseHessian(const Context& ctx, const ExplicitRatings<T>& ratings, index_t k)
      : entries_(host_copy(ctx, ratings.by_row(), /*columns=*/true)), k_(k) {
    for (int side = 0; side < 2; ++side) {
      const index_t rows = side == 0 ? entries_.rows : entries_.cols;
      const Buffer<offset_t> offsets = host_copy(ctx, ratings.offsets(side), rows + 1);
      for (index_t i = 0; i < rows; ++i)
        ridges_.push_back(ridge_of<T>(ratings.penalty(side), offsets.data()[i + 1] - offsets.data()[i]));
    }
  }

  index_t unknowns() const { return (entries_.rows + entries_.cols) * k_; }

  /// h, unknowns x unknowns, at `z`; false where it is not finite.
  bool fill(const std::vector<double>& z, double* h) const {
    const index_t n = unknowns();
    std::fill(h, h + n * n, 0.0);
    for (index_t u = 0; u < n; ++u) h[u * n + u] = static_cast<double>(ridges_[static_cast<std::size_t>(u / k_)]);
    for (index_t i = 0; i < entries_.rows; ++i)
      for (offset_t e = entries_.offsets.data()[i]; e < entries_.offsets.data()[i + 1]; ++e)
        add(e, i * k_, (entries_.rows + entries_.columns.data()[e]) * k_, z.data(), h);
    return std::all_of(h, h + n * n, [](double element) { return std::isfinite(element); });
  }

 private:
  /// Entry e, with the first unknowns of its row and its column.
  void add(offset_t e, index_t row, index_t column, const double* z, double* h) const {
    const double *x = z + row, *y = z + column;
    const double w = entries_.weights.empty() ? 1.0 : static_cast<double>(entries_.weights.data()[e]);
    double residual = static_cast<double>(entries_.values.data()[e]);
    for (index_t f = 0; f < k_; ++f) residual -= x[f] * y[f];
    const index_t n = unknowns();
    for (index_t f = 0; f < k_; ++f)
      for (index_t g = 0; g < k_; ++g) {
        h[(row + f) * n + row + g] += w * y[f] * y[g];
        h[(column + f) * n + column + g] += w * x[f] * x[g];
        const double mixed = w * (y[f] * x[g] - (f == g ? residual : 0.0));
        h[(row + f) * n + column + g] = mixed;
        h[(column + g) * n + row + f] = mixed;
      }
  }

  Csr<T> entries_;  ///< on the host
  index_t k_;
  std::vector<T> ridges_;  ///< lambda w of each row of X, then of Y
};

}  // namespace seesaw
