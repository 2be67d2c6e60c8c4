#include "seesaw/als.hpp"

#include <utility>

#include "completion_checks.hpp"
#include "completion_run.hpp"
#include "explicit_steps.hpp"
#include "implicit_steps.hpp"

namespace seesaw {
namespace {

template <class T>
void require_feedback(const CompletionOptions& options, CsrView<T> ratings) {
  const ImplicitFeedback& feedback = *options.implicit;
  if (ratings.weights != nullptr)
    throw InvalidArgument("ratings has weights, expected none with implicit feedback: its values make the confidences");
  require(feedback.alpha > 0 && std::isfinite(feedback.alpha), "alpha", feedback.alpha, "a finite number > 0");
  require_implicit_model<T>("lambda_x", implicit_model(options, options.lambda_x, ratings.cols), ratings.cols);
  require_implicit_model<T>("lambda_y", implicit_model(options, options.lambda_y, ratings.rows), ratings.rows);
}

template <class T>
CompletionResult<T> run(Context& ctx, const CompletionProblem<T>& problem, const CompletionOptions& options) {
  require_problem(ctx, problem, options);
  const CsrView<T>& ratings = problem.ratings;
  if (options.implicit) require_feedback(options, ratings);
  require_memory(ctx, "als",
                 als_memory(ctx, {ratings.rows, ratings.cols, ratings.entries, ratings.weights != nullptr,
                                  problem.validation.entries, options.rank, sizeof(T), options.implicit.has_value()}));
  validate(ctx, ratings, "ratings");
  if (problem.validation.rows > 0) validate(ctx, problem.validation, "validation");
  return options.implicit ? complete_by<T, ImplicitSteps<T>>("als", ctx, problem, options)
                          : complete_by<T, ExplicitSteps<T>>("als", ctx, problem, options);
}

/// Compressed rows of a matrix whose every entry is observed. Only measuring the residual reads the columns.
template <class T>
CompletionResult<T> run(Context& ctx, MatrixView<const T> a, const CompletionOptions& options) {
  require_view(ctx, a, "a");
  if (a.empty()) throw ShapeError("a is " + shape_text(a.rows, a.cols) + ", expected at least one element");
  if (a.rows > kMostRows || a.cols > kMostRows)
    throw ShapeError("a is " + shape_text(a.rows, a.cols) + ", rows and columns must be at most 2^31 - 1");
  if (a.stride != a.cols)
    throw ShapeError("a has the stride " + std::to_string(a.stride) + ", expected its " + std::to_string(a.cols) +
                     " columns without padding");
  require_rank(options.rank);
  const offset_t entries = a.rows * a.cols;
  const double places = static_cast<double>(entries) * sizeof(column_t);
  require_memory(
      ctx, "als",
      saturated(places + static_cast<double>(als_memory(ctx, {a.rows, a.cols, entries, false, 0, options.rank,
                                                              sizeof(T), options.implicit.has_value()}))));
  Buffer<offset_t> offsets(a.rows + 1);
  Buffer<column_t> columns(entries);
  for (index_t i = 0; i <= a.rows; ++i) offsets.data()[i] = i * a.cols;
  for (offset_t e = 0; e < entries; ++e) columns.data()[e] = static_cast<column_t>(e % a.cols);
  const auto ctx_offsets = placed(ctx, std::move(offsets));
  const auto ctx_columns = placed(ctx, std::move(columns));
  CompletionProblem<T> problem;
  problem.ratings = {a.rows, a.cols, entries, ctx_offsets.data(), ctx_columns.data(), a.data, nullptr};
  return run(ctx, problem, options);
}

}  // namespace

float confidence_of(const ImplicitFeedback& feedback, float value) {
  return feedback.confidences ? value : static_cast<float>(1 + feedback.alpha * static_cast<double>(value));
}
double confidence_of(const ImplicitFeedback& feedback, double value) {
  return feedback.confidences ? value : 1 + feedback.alpha * value;
}

ImplicitModel implicit_model(const CompletionOptions& options, double lambda, index_t others) {
  return implicit_model(*options.implicit, {lambda, options.weighting, options.exponent}, static_cast<double>(others));
}

CompletionResult<float> als(Context& ctx, const CompletionProblem<float>& problem, const CompletionOptions& options) {
  return run(ctx, problem, options);
}
CompletionResult<double> als(Context& ctx, const CompletionProblem<double>& problem, const CompletionOptions& options) {
  return run(ctx, problem, options);
}
CompletionResult<float> als(Context& ctx, MatrixView<const float> a, const CompletionOptions& options) {
  return run(ctx, a, options);
}
CompletionResult<double> als(Context& ctx, MatrixView<const double> a, const CompletionOptions& options) {
  return run(ctx, a, options);
}

}  // namespace seesaw
