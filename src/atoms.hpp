#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "dense.hpp"
#include "host_entries.hpp"
#include "svd_of.hpp"

namespace seesaw {

/// sum_j c_j u_j v_j' with unit vectors, in host memory: all that Frank-Wolfe needs of its iterate is to add to it.
template <class T>
class Atoms {
 public:
  Atoms(index_t rows, index_t cols, index_t capacity) : u_(capacity, rows), v_(capacity, cols) {}

  index_t count() const { return static_cast<index_t>(c_.size()); }
  bool is_full() const { return count() == u_.rows(); }
  const std::vector<double>& coefficients() const { return c_; }

  /// (1 - g) of it and g u v'. What was there stays, be it with a coefficient of 0, so that coefficients that were read
  /// before still say what it was then.
  void blend(double g, const std::vector<double>& u, const std::vector<double>& v) {
    for (double& c : c_) c *= 1 - g;
    std::transform(u.begin(), u.end(), u_.view().row(count()), [](double x) { return static_cast<T>(x); });
    std::transform(v.begin(), v.end(), v_.view().row(count()), [](double x) { return static_cast<T>(x); });
    c_.push_back(g);
  }

  /// x and y with x y' = scale times the sum of the first atoms with the coefficients `c`, a column for each that is
  /// not 0; one of zeros where there is none.
  std::pair<Matrix<T>, Matrix<T>> factors(const Context& ctx, const std::vector<double>& c, double scale) const {
    return {factor(ctx, u_, c, scale), factor(ctx, v_, c, scale)};
  }

  /// Writes the sum as its singular value decomposition, less what is 0 to rounding. With the rows sqrt(c_j) u_j' of
  /// one matrix, P S Q' and those of the other R Z W', it is Q (S P' R Z) W'.
  void recompress(const Context& ctx) {
    const Decomposed left = decompose(ctx, u_), right = decompose(ctx, v_);
    const auto core = multiply(ctx, transposed(left.scaled), right.scaled);
    Decomposed middle(ctx, core.rows(), core.cols());
    Matrix<T> core_there = to_context(ctx, core);
    svd_of(ctx, core_there.view(), middle.u.view(), middle.s.data(), middle.vt.view());
    const Buffer<T> values = to_host(middle.s);
    const double cutoff = static_cast<double>(std::max(u_.cols(), v_.cols())) * std::numeric_limits<T>::epsilon() *
                          static_cast<double>(values.data()[0]);
    c_.clear();
    for (index_t j = 0; j < values.size() && static_cast<double>(values.data()[j]) > cutoff; ++j)
      c_.push_back(static_cast<double>(values.data()[j]));
    replace(u_, to_host(multiply_there(ctx, to_context(ctx, transposed(to_host(middle.u))), left.vt)));
    replace(v_, to_host(multiply_there(ctx, middle.vt, right.vt)));
  }
  /// Bytes that it takes in the context's memory, at most.
  static double recompress_memory(const Context& ctx, index_t rows, index_t cols, index_t capacity) {
    const auto m = static_cast<double>(rows), n = static_cast<double>(cols), t = static_cast<double>(capacity);
    return (3 * t * (m + n) + 8 * t * t) * sizeof(T) + svd_workspace<T>(ctx, capacity, std::max(rows, cols));
  }

 private:
  struct Decomposed {
    Matrix<T> u;
    Buffer<T> s;
    Matrix<T> vt;
    Matrix<T> scaled;  ///< u diag(s), on the host

    Decomposed(const Context& ctx, index_t rows, index_t cols)
        : u(ctx, rows, std::min(rows, cols)), s(ctx, std::min(rows, cols)), vt(ctx, std::min(rows, cols), cols) {}
  };

  /// Of the rows sqrt(c_j) times those of `vectors`.
  Decomposed decompose(const Context& ctx, const Matrix<T>& vectors) const {
    Matrix<T> rows(count(), vectors.cols());
    for (index_t j = 0; j < count(); ++j) {
      const double root = std::sqrt(c_[static_cast<std::size_t>(j)]);
      for (index_t i = 0; i < vectors.cols(); ++i)
        rows(j, i) = static_cast<T>(root * static_cast<double>(vectors(j, i)));
    }
    Matrix<T> there = to_context(ctx, rows);
    Decomposed parts(ctx, count(), vectors.cols());
    svd_of(ctx, there.view(), parts.u.view(), parts.s.data(), parts.vt.view());
    parts.scaled = to_host(parts.u);
    const Buffer<T> s = to_host(parts.s);
    for (index_t j = 0; j < parts.scaled.rows(); ++j)
      for (index_t f = 0; f < s.size(); ++f) parts.scaled(j, f) *= s.data()[f];
    return parts;
  }

  static Matrix<T> transposed(const Matrix<T>& a) {
    Matrix<T> out(a.cols(), a.rows());
    for (index_t i = 0; i < a.rows(); ++i)
      for (index_t j = 0; j < a.cols(); ++j) out(j, i) = a(i, j);
    return out;
  }
  /// a b, of host matrices and of such in the context's memory.
  static Matrix<T> multiply(const Context& ctx, const Matrix<T>& a, const Matrix<T>& b) {
    return to_host(multiply_there(ctx, to_context(ctx, a), to_context(ctx, b)));
  }
  static Matrix<T> multiply_there(const Context& ctx, const Matrix<T>& a, const Matrix<T>& b) {
    Matrix<T> out(ctx, a.rows(), b.cols());
    seesaw::multiply<T>(ctx, a.view(), b.view(), out.view());
    return out;
  }
  /// The first count() rows.
  void replace(Matrix<T>& vectors, const Matrix<T>& by) const {
    std::copy_n(by.view().data, count() * vectors.cols(), vectors.view().data);
  }

  static Matrix<T> factor(const Context& ctx, const Matrix<T>& vectors, const std::vector<double>& c, double scale) {
    std::vector<index_t> counting;
    for (std::size_t j = 0; j < c.size(); ++j)
      if (c[j] > 0) counting.push_back(static_cast<index_t>(j));
    const auto columns = static_cast<index_t>(counting.size());
    Matrix<T> host(vectors.cols(), std::max<index_t>(1, columns));
    std::fill_n(host.view().data, columns == 0 ? host.rows() : 0, T{0});
    constexpr index_t kRows = 64;  // that stay in the cache while all columns are written
    for (index_t first = 0; first < host.rows(); first += kRows)
      for (index_t f = 0; f < columns; ++f) {
        const index_t j = counting[static_cast<std::size_t>(f)];
        const double root = std::sqrt(c[static_cast<std::size_t>(j)] * scale);
        for (index_t i = first; i < std::min(host.rows(), first + kRows); ++i)
          host(i, f) = static_cast<T>(root * static_cast<double>(vectors(j, i)));
      }
    return ctx.memory()->on_host() ? std::move(host) : to_context(ctx, host);
  }

  Matrix<T> u_, v_;  ///< a row for each atom
  std::vector<double> c_;
};

}  // namespace seesaw
