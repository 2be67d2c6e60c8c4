#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "explicit_ratings.hpp"
#include "factors.hpp"
#include "fill.hpp"
#include "penalty.hpp"

namespace seesaw {

/// GradientStep::lipschitz: max_i (lambda w_i + sum_j w_ij |y_j|^2) over the rows i of one factor, y the other. Both
/// sums are what the rows compute on matrices of one column:
///   1. |y_j|^2          the residuals, negated, of Y Y' at n entries of 0 on its diagonal
///   2. sum w |y_j|^2    the change of the residuals' gradient where all elements are 1 and Y moves by |y_j|^2
template <class T>
class LipschitzBound {
 public:
  LipschitzBound(Context& ctx, const ExplicitRatings<T>& ratings) : ctx_(ctx), ratings_(ratings) {
    const index_t sizes[2] = {ratings.by_row().rows, ratings.by_row().cols};
    for (int n = 0; n < 2; ++n) {
      Side& side = sides_[static_cast<std::size_t>(n)];
      const index_t size = sizes[n];
      Buffer<offset_t> offsets(size + 1);
      Buffer<column_t> columns(size);
      for (index_t i = 0; i <= size; ++i) offsets.data()[i] = i;
      for (index_t i = 0; i < size; ++i) columns.data()[i] = static_cast<column_t>(i);
      side.offsets = placed(ctx, std::move(offsets));
      side.columns = placed(ctx, std::move(columns));
      for (Matrix<T>* column : {&side.zeros, &side.ones, &side.squares}) *column = Matrix<T>(ctx, size, 1);
      fill(ctx, side.zeros.view(), T{0});
      fill(ctx, side.ones.view(), T{1});
      const Buffer<offset_t> counts = host_copy(ctx, ratings.offsets(n), size + 1);
      for (index_t i = 0; i < size; ++i)
        side.ridges.push_back(ridge_of<double>(ratings.penalty(n), counts.data()[i + 1] - counts.data()[i]));
    }
  }

  double operator()(int mode, const Factors<T>& at) {
    const auto own = static_cast<std::size_t>(mode), other = 1 - own;
    Side &rows = sides_[own], &others = sides_[other];
    const index_t size = others.squares.rows();
    const CsrView<T> diagonal{
        size, size, size, others.offsets.data(), others.columns.data(), others.zeros.view().data, nullptr};
    masked_residual(ctx_, diagonal, at[other].view(), at[other].view(), others.squares.view().data);
    FactorViews<T> ones, change;
    ones[own] = rows.ones.view();
    ones[other] = others.ones.view();
    change[own] = rows.zeros.view();
    change[other] = others.squares.view();
    masked_product(ctx_, ratings_.mode(mode), ones, change, Curvature::gauss_newton, Penalty{0}, rows.squares.view());
    const Matrix<T> sums = to_host(rows.squares);
    double bound = 0;
    for (index_t i = 0; i < sums.rows(); ++i)
      bound = std::max(bound, rows.ridges[static_cast<std::size_t>(i)] - static_cast<double>(sums(i, 0)));
    return bound;
  }

 private:
  struct Side {
    Buffer<offset_t> offsets;  ///< of a diagonal
    Buffer<column_t> columns;
    Matrix<T> zeros, ones, squares;  ///< of one column; squares are those of this side's vectors, or its rows' sums
    std::vector<double> ridges;      ///< lambda w_i, on the host
  };

  Context& ctx_;
  const ExplicitRatings<T>& ratings_;
  std::array<Side, 2> sides_;
};

}  // namespace seesaw
