#include "seesaw/als.hpp"

#include <limits>
#include <utility>

#include "als_run.hpp"
#include "checks.hpp"
#include "explicit_steps.hpp"
#include "implicit_steps.hpp"
#include "saturated.hpp"

namespace seesaw {
namespace {

template <class T>
void require_penalties(const AlsOptions& options, index_t rows, index_t cols) {
  require_penalty<T>("lambda_x", {options.lambda_x, options.weighting, options.exponent}, cols);
  require_penalty<T>("lambda_y", {options.lambda_y, options.weighting, options.exponent}, rows);
}

template <class T>
void require_feedback(const AlsOptions& options, CsrView<T> ratings) {
  const ImplicitFeedback& feedback = *options.implicit;
  if (ratings.weights != nullptr)
    throw InvalidArgument("ratings has weights, expected none with implicit feedback: its values make the confidences");
  require(feedback.alpha > 0 && std::isfinite(feedback.alpha), "alpha", feedback.alpha, "a finite number > 0");
  require_implicit_model<T>("lambda_x", implicit_model(options, options.lambda_x, ratings.cols), ratings.cols);
  require_implicit_model<T>("lambda_y", implicit_model(options, options.lambda_y, ratings.rows), ratings.rows);
}

template <class T>
void require_problem(Context& ctx, const AlsProblem<T>& problem, const AlsOptions& options) {
  const CsrView<T>& ratings = problem.ratings;
  require_csr(ctx, ratings, "ratings");
  require_rank(options.rank);
  require_penalties<T>(options, ratings.rows, ratings.cols);
  if (options.implicit) require_feedback(options, ratings);
  if (ratings.entries == 0) throw InvalidArgument("ratings has no entries");
  require_stopping(options.stopping);
  if (options.restarts < 1)
    throw InvalidArgument("restarts is " + std::to_string(options.restarts) + ", expected at least 1");
  if (problem.validation.rows > 0) {
    require_csr(ctx, problem.validation, "validation");
    require_shape("validation", problem.validation.rows, problem.validation.cols, ratings.rows, ratings.cols);
  } else if (options.stopping.patience > 0) {
    throw InvalidArgument("patience is " + std::to_string(options.stopping.patience) +
                          " but there are no validation entries to watch");
  }
  if (problem.y.rows > 0) {
    require_view(ctx, problem.y, "y");
    require_shape("y", problem.y.rows, problem.y.cols, ratings.cols, options.rank);
    if (options.restarts > 1)
      throw InvalidArgument("restarts is " + std::to_string(options.restarts) +
                            " but the start y is given, from which every run would be the same");
  }
}

void require_memory(const Context& ctx, std::int64_t bytes) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::size_t free = ctx.memory()->available();
  const std::int64_t available = free < static_cast<std::size_t>(most) ? static_cast<std::int64_t>(free) : most;
  if (bytes > available)
    throw OutOfMemory("als() would take about " + bytes_text(bytes) + " of the " + to_string(ctx.backend()) +
                      " backend's memory, of which " + bytes_text(available) + " are free; a smaller rank takes less");
}

template <class T>
AlsResult<T> run(Context& ctx, const AlsProblem<T>& problem, const AlsOptions& options) {
  require_problem(ctx, problem, options);
  const CsrView<T>& ratings = problem.ratings;
  require_memory(ctx,
                 als_memory(ctx, {ratings.rows, ratings.cols, ratings.entries, ratings.weights != nullptr,
                                  problem.validation.entries, options.rank, sizeof(T), options.implicit.has_value()}));
  validate(ctx, ratings, "ratings");
  if (problem.validation.rows > 0) validate(ctx, problem.validation, "validation");
  return options.implicit ? Run<T, ImplicitSteps<T>>(ctx, problem, options).all_starts(problem.y)
                          : Run<T, ExplicitSteps<T>>(ctx, problem, options).all_starts(problem.y);
}

/// Compressed rows of a matrix whose every entry is observed. Only measuring the residual reads the columns.
template <class T>
AlsResult<T> run(Context& ctx, MatrixView<const T> a, const AlsOptions& options) {
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
      ctx, saturated(places + static_cast<double>(als_memory(ctx, {a.rows, a.cols, entries, false, 0, options.rank,
                                                                   sizeof(T), options.implicit.has_value()}))));
  Buffer<offset_t> offsets(a.rows + 1);
  Buffer<column_t> columns(entries);
  for (index_t i = 0; i <= a.rows; ++i) offsets.data()[i] = i * a.cols;
  for (offset_t e = 0; e < entries; ++e) columns.data()[e] = static_cast<column_t>(e % a.cols);
  const auto ctx_offsets = placed(ctx, std::move(offsets));
  const auto ctx_columns = placed(ctx, std::move(columns));
  AlsProblem<T> problem;
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

ImplicitModel implicit_model(const AlsOptions& options, double lambda, index_t others) {
  const double unobserved = options.implicit->unobserved;
  return {unobserved,
          {lambda, options.weighting, options.exponent, unobserved * static_cast<double>(others)},
          options.implicit->cg_steps};
}

AlsResult<float> als(Context& ctx, const AlsProblem<float>& problem, const AlsOptions& options) {
  return run(ctx, problem, options);
}
AlsResult<double> als(Context& ctx, const AlsProblem<double>& problem, const AlsOptions& options) {
  return run(ctx, problem, options);
}
AlsResult<float> als(Context& ctx, MatrixView<const float> a, const AlsOptions& options) {
  return run(ctx, a, options);
}
AlsResult<double> als(Context& ctx, MatrixView<const double> a, const AlsOptions& options) {
  return run(ctx, a, options);
}

}  // namespace seesaw
