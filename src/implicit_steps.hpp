#pragma once
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "factors.hpp"
#include "fill.hpp"
#include "host_entries.hpp"
#include "implicit_workspace.hpp"
#include "residual_sums.hpp"
#include "seesaw/als.hpp"
#include "seesaw/gram.hpp"

namespace seesaw {

/// Each value in host memory becomes the confidence of its entry. Throws InvalidArgument, in which the entries are
/// called `name`, where one is below the weight of what is not observed.
template <class T>
void to_confidences(Buffer<T>& values, const char* name, const ImplicitFeedback& feedback) {
  const auto unobserved = static_cast<T>(feedback.unobserved);
  for (offset_t e = 0; e < values.size(); ++e) {
    T& value = values.data()[e];
    const T given = value;
    value = confidence_of(feedback, given);
    const bool positive = feedback.confidences || given > 0;
    if (positive && value >= unobserved && std::isfinite(value)) continue;
    const std::string entry =
        "entry " + std::to_string(e) + " of " + name + " is " + number_text(static_cast<double>(given));
    if (!positive) throw InvalidArgument(entry + ", expected more than 0: leave out what was not observed");
    throw InvalidArgument(entry + ", a confidence of " + number_text(static_cast<double>(value)) +
                          ", expected a finite one that is at least `unobserved`, " + number_text(feedback.unobserved));
  }
}

/// c_ij of each entry.
template <class T>
Revalued<T> confidences(Context& ctx, CsrView<T> ratings, const ImplicitFeedback& feedback) {
  Csr<T> host = host_copy(ctx, ratings, /*columns=*/false);
  to_confidences(host.values, "ratings", feedback);
  return with_values(ctx, ratings, std::move(host));
}

/// The sum of the squares of all elements of the model with these Grams, one for each factor: sum_fg prod_n G_n(f, g).
template <class T>
double sum_of_squares(const std::vector<Matrix<T>>& grams) {
  std::vector<double> products(static_cast<std::size_t>(grams[0].buffer().size()), 1.0);
  for (const Matrix<T>& gram : grams) {
    const Matrix<T> host = to_host(gram);
    for (std::size_t n = 0; n < products.size(); ++n) products[n] *= static_cast<double>(host.view().data[n]);
  }
  return std::accumulate(products.begin(), products.end(), 0.0);
}

template <class T>
std::vector<Matrix<T>> grams_of(Context& ctx, const Factors<T>& factors) {
  std::vector<Matrix<T>> grams;
  for (const Matrix<T>& factor : factors) {
    grams.emplace_back(ctx, factor.cols(), factor.cols());
    gram(ctx, factor.view(), grams.back().view());
  }
  return grams;
}

/// The entries, confidences c, as ones of the weights c.
template <class T>
CsrView<T> ones_of(CsrView<T> confidences) {
  confidences.weights = confidences.values;
  confidences.values = nullptr;
  return confidences;
}

/// The objective without the penalty, and the RMSE, of `entries` entries with the sums of r = 1 - x.y that they have as
/// ones_of() them, where all elements of the model have the squares `all`. With u the weight of what is not observed,
/// an entry has c r^2 instead of u (1 - r)^2.
inline void measure_implicit(const ResidualSums& sums, offset_t entries, double all, double unobserved,
                             SweepRecord& record) {
  record.train_rmse = rmse(sums, entries);
  const double without = static_cast<double>(entries) - 2 * sums.sum + sums.squared;
  record.objective = 0.5 * (sums.weighted_squared + unobserved * std::max(0.0, all - without));
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

  void measure(const Factors<T>& at, SweepRecord& record) {
    const Matrix<T>&x = at[0], &y = at[1];
    const CsrView<T> ones = ones_of(confidences_.view);
    measure_implicit(residual_sums(ctx_, ones, x.view(), y.view()), ones.entries, sum_of_squares(grams_of(ctx_, at)),
                     feedback_.unobserved, record);
    record.objective = record.objective +
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
