#pragma once
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "checks.hpp"
#include "factors.hpp"
#include "fill.hpp"
#include "host_entries.hpp"
#include "implicit_workspace.hpp"
#include "residual_sums.hpp"
#include "seesaw/als.hpp"
#include "seesaw/gram.hpp"

namespace seesaw {

/// c_ij of each entry. Throws InvalidArgument where one is below the weight of what is not observed.
template <class T>
Revalued<T> confidences(Context& ctx, CsrView<T> ratings, const ImplicitFeedback& feedback) {
  Csr<T> host = host_copy(ctx, ratings, /*columns=*/false);
  const auto unobserved = static_cast<T>(feedback.unobserved);
  for (offset_t e = 0; e < ratings.entries; ++e) {
    T& value = host.values.data()[e];
    const T given = value;
    value = confidence_of(feedback, given);
    const bool positive = feedback.confidences || given > 0;
    if (positive && value >= unobserved && std::isfinite(value)) continue;
    const std::string entry =
        "entry " + std::to_string(e) + " of ratings is " + number_text(static_cast<double>(given));
    if (!positive) throw InvalidArgument(entry + ", expected more than 0: leave out what was not observed");
    throw InvalidArgument(entry + ", a confidence of " + number_text(static_cast<double>(value)) +
                          ", expected a finite one that is at least `unobserved`, " + number_text(feedback.unobserved));
  }
  return with_values(ctx, ratings, std::move(host));
}

/// sum over all (i, j) of (x_i.y_j)^2 = <X'X, Y'Y>.
template <class T>
double sum_of_squared_products(Context& ctx, MatrixView<const T> x, MatrixView<const T> y) {
  const index_t k = x.cols;
  Matrix<T> a(ctx, k, k), b(ctx, k, k);
  gram(ctx, x, a.view());
  gram(ctx, y, b.view());
  const Matrix<T> left = to_host(a), right = to_host(b);
  double sum = 0;
  for (index_t n = 0; n < k * k; ++n)
    sum += static_cast<double>(left.view().data[n]) * static_cast<double>(right.view().data[n]);
  return sum;
}

/// What als() does in a sweep where feedback is implicit.
template <class T>
class ImplicitSteps {
 public:
  static constexpr bool kDescends = false;

  ImplicitSteps(Context& ctx, CsrView<T> ratings, const CompletionOptions& options)
      : ctx_(ctx),
        options_(options),
        feedback_(*options.implicit),
        confidences_(confidences(ctx, ratings, feedback_)),
        by_column_(transpose(ctx, confidences_.view)) {}

  double mean() const { return 0; }
  const offset_t* row_offsets() const { return confidences_.view.offsets; }
  const offset_t* column_offsets() const { return by_column_.offsets.data(); }

  /// Conjugate gradients read x.
  double begin(Factors<T>& at) {
    if (feedback_.cg_steps > 0) fill(ctx_, at[0].view(), T{0});
    return std::numeric_limits<double>::infinity();
  }
  bool sweep(Factors<T>& at, std::int64_t* singular) {
    Matrix<T>&x = at[0], &y = at[1];
    solve_implicit_rows(ctx_, confidences_.view, std::as_const(y).view(), model(options_.lambda_x, y.rows()), x.view(),
                        singular, workspace_);
    solve_implicit_rows(ctx_, by_column_.view(), std::as_const(x).view(), model(options_.lambda_y, x.rows()), y.view(),
                        singular + 1, workspace_);
    return true;
  }

  /// With r = 1 - x.y and u the weight of what is not observed, an entry has c r^2 instead of u (1 - r)^2.
  void measure(const Factors<T>& at, SweepRecord& record) {
    const Matrix<T>&x = at[0], &y = at[1];
    CsrView<T> ones = confidences_.view;
    ones.values = nullptr;
    ones.weights = confidences_.view.values;
    const ResidualSums sums = residual_sums(ctx_, ones, x.view(), y.view());
    record.train_rmse = rmse(sums, ones.entries);
    const double without = static_cast<double>(ones.entries) - 2 * sums.sum + sums.squared;
    const double all = sum_of_squared_products(ctx_, x.view(), y.view());
    record.objective = 0.5 * (sums.weighted_squared + feedback_.unobserved * std::max(0.0, all - without)) +
                       penalty_term(ctx_, x.view(), row_offsets(), model(options_.lambda_x, y.rows()).penalty) +
                       penalty_term(ctx_, y.view(), column_offsets(), model(options_.lambda_y, x.rows()).penalty);
  }
  double validation_rmse(CsrView<T> validation, const Factors<T>& at) {
    validation.values = nullptr;
    return rmse(residual_sums(ctx_, validation, at[0].view(), at[1].view()), validation.entries);
  }
  static const char* advice(bool) { return "smaller ratings or a lambda that is not so small keep them within it"; }

 private:
  ImplicitModel model(double lambda, index_t others) const { return implicit_model(options_, lambda, others); }

  Context& ctx_;
  const CompletionOptions& options_;
  const ImplicitFeedback& feedback_;
  Revalued<T> confidences_;
  Csr<T> by_column_;
  ImplicitWorkspace<T> workspace_;
};

}  // namespace seesaw
