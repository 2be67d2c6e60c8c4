#pragma once
#include <utility>

#include "host_entries.hpp"
#include "seesaw/als.hpp"
#include "seesaw/masked_residual.hpp"

namespace seesaw {

/// Mean of the values (weighted where the entries are), summed on the host in their order: the same on every backend.
template <class T>
double mean_of(const Csr<T>& host) {
  double sum = 0, total = 0;
  for (offset_t e = 0; e < host.values.size(); ++e) {
    const double weight = host.weights.empty() ? 1.0 : static_cast<double>(host.weights.data()[e]);
    sum += weight * static_cast<double>(host.values.data()[e]);
    total += weight;
  }
  return total > 0 ? sum / total : 0.0;
}

/// The ratings that are factorized: the caller's, or, centred, with values of their own.
template <class T>
Revalued<T> centre(Context& ctx, CsrView<T> ratings, bool wanted, double& mean) {
  if (!wanted) return {ratings, {}};
  Csr<T> host = host_copy(ctx, ratings, /*columns=*/false);
  mean = mean_of(host);
  for (offset_t e = 0; e < ratings.entries; ++e)
    host.values.data()[e] = static_cast<T>(static_cast<double>(host.values.data()[e]) - mean);
  return with_values(ctx, ratings, std::move(host));
}

/// Every entry observed, none weighted: then the values are the matrix itself, row-major.
template <class T>
bool fully_observed(CsrView<T> matrix) {
  return matrix.entries == matrix.rows * matrix.cols && matrix.weights == nullptr;
}

/// What als() does in a sweep where the ratings are explicit.
template <class T>
class ExplicitSteps {
 public:
  ExplicitSteps(Context& ctx, CsrView<T> ratings, const AlsOptions& options)
      : ctx_(ctx),
        options_(options),
        centred_(centre(ctx, ratings, options.centre, mean_)),
        by_column_(transpose(ctx, centred_.view)) {
    if (fully_observed(ratings)) first_offset_ = host_copy(ctx, centred_.view.offsets, 1).data()[0];
  }

  double mean() const { return mean_; }
  const offset_t* row_offsets() const { return centred_.view.offsets; }
  const offset_t* column_offsets() const { return by_column_.offsets.data(); }

  void solve_left(const Matrix<T>& y, Matrix<T>& x, std::int64_t* singular) {
    half_sweep(centred_.view, first_offset_, y, options_.lambda_x, x, singular);
  }
  void solve_right(const Matrix<T>& x, Matrix<T>& y, std::int64_t* singular) {
    half_sweep(by_column_.view(), 0, x, options_.lambda_y, y, singular);
  }
  void begin(Matrix<T>&) {}

  void measure(const Matrix<T>& x, const Matrix<T>& y, SweepRecord& record) {
    const ResidualSums train = masked_residual(ctx_, centred_.view, x.view(), y.view());
    record.train_rmse = rmse(train, centred_.view.entries);
    record.objective = 0.5 * train.weighted_squared +
                       penalty_term(ctx_, x.view(), row_offsets(), penalty(options_.lambda_x)) +
                       penalty_term(ctx_, y.view(), column_offsets(), penalty(options_.lambda_y));
  }
  double validation_rmse(CsrView<T> validation, const Matrix<T>& x, const Matrix<T>& y) {
    return rmse(masked_residual(ctx_, validation, x.view(), y.view()), validation.entries);
  }

 private:
  Penalty penalty(double lambda) const { return {lambda, options_.weighting, options_.exponent}; }

  void half_sweep(CsrView<T> ratings, offset_t first, const Matrix<T>& fixed, double lambda, Matrix<T>& solved,
                  std::int64_t* singular) {
    if (!fully_observed(ratings)) {
      solve_rows(ctx_, ratings, fixed.view(), penalty(lambda), solved.view(), singular);
      return;
    }
    const MatrixView<const T> dense(ratings.values + first, ratings.rows, ratings.cols);
    const index_t rank = solve_rows(ctx_, dense, fixed.view(), penalty(lambda), solved.view());
    const std::int64_t count = rank < fixed.cols() ? ratings.rows : 0;
    ctx_.memory()->copy_from_host(singular, &count, sizeof(count));
  }

  Context& ctx_;
  const AlsOptions& options_;
  double mean_ = 0;
  Revalued<T> centred_;
  Csr<T> by_column_;
  offset_t first_offset_ = 0;
};

}  // namespace seesaw
