#pragma once
#include <algorithm>
#include <limits>
#include <vector>

#include "dense.hpp"
#include "seesaw/projections.hpp"
#include "svd_of.hpp"

namespace seesaw {

/// The projection of one matrix after the other of a shape on a nuclear-norm ball, and its singular values and vectors.
template <class T>
class NuclearProjection {
 public:
  NuclearProjection(const Context& ctx, index_t rows, index_t cols)
      : ctx_(ctx), u_(ctx, rows, std::min(rows, cols)), vt_(ctx, std::min(rows, cols), cols), s_(ctx, u_.cols()) {}

  /// Bytes that it takes, and svd() with it.
  static double memory(const Context& ctx, index_t rows, index_t cols) {
    const auto m = static_cast<double>(rows), n = static_cast<double>(cols), r = std::min(m, n);
    return (m + n + 1) * r * sizeof(T) + svd_workspace<T>(ctx, rows, cols);
  }

  /// Decomposes `a`, which is destroyed, and projects its singular values. Returns whether they were within already.
  bool decompose(MatrixView<T> a, double radius) {
    svd_of(ctx_, a, u_.view(), s_.data(), vt_.view());
    const Buffer<T> host = to_host(s_);
    values_.assign(host.data(), host.data() + host.size());
    // What svd() leaves of a singular value that is 0.
    const double rounding =
        static_cast<double>(std::max(u_.rows(), vt_.cols())) * std::numeric_limits<T>::epsilon() * values_.front();
    const auto rank = std::partition_point(values_.begin(), values_.end(), [&](double s) { return s > rounding; });
    values_.resize(static_cast<std::size_t>(std::max<std::ptrdiff_t>(1, rank - values_.begin())));
    const double theta = project_simplex(values_, radius, SimplexSum::at_most);
    values_.erase(std::find(values_.begin(), values_.end(), 0.0), values_.end());
    return theta == 0;
  }

  /// The singular values left, descending.
  const std::vector<double>& values() const { return values_; }
  index_t rank() const { return static_cast<index_t>(values_.size()); }
  MatrixView<const T> u() const { return {u_.view().data, u_.rows(), rank(), u_.cols()}; }
  MatrixView<const T> vt() const { return vt_.view().slice(0, rank()); }  ///< of compose(): times the singular values

  /// out = U diag(values) V'. Once after decompose().
  void compose(MatrixView<T> out) {
    for (index_t f = 0; f < rank(); ++f) {
      T* row = vt_.view().row(f);
      combine<T>(ctx_, vt_.cols(), values_[static_cast<std::size_t>(f)], row, 0, row);
    }
    multiply(ctx_, u(), vt(), out);
  }

 private:
  const Context& ctx_;
  Matrix<T> u_, vt_;
  Buffer<T> s_;
  std::vector<double> values_;
};

}  // namespace seesaw
