#pragma once
#include <algorithm>
#include <string>

#include "completion_checks.hpp"
#include "completion_run.hpp"
#include "masked_objective.hpp"
#include "seesaw/als.hpp"

namespace seesaw {

/// What the solvers have in common that go down the objective of explicit ratings, or of a tensor's entries, by its
/// gradient. A sweep of theirs
/// ends with evaluate(), so that the gradient where the next one begins is known and measuring costs nothing.
template <class T, class Entries = ExplicitRatings<T>>
class DescentSteps {
 public:
  static constexpr bool kDescends = true;

  template <class Given, class Options>
  DescentSteps(Context& ctx, const Given& given, const Options& options) : ctx_(ctx), objective_(ctx, given, options) {}

  const Entries& entries() const { return objective_.ratings(); }
  double mean() const { return objective_.ratings().mean(); }
  const offset_t* row_offsets() const { return objective_.ratings().offsets(0); }
  const offset_t* column_offsets() const { return objective_.ratings().offsets(1); }

  double begin(Factors<T>& at) {
    if (gradient_.empty()) gradient_ = like(ctx_, at);
    evaluate(at);
    products_ = 0;
    return here_.objective;
  }
  void measure(const Factors<T>&, SweepRecord& record) {
    record.objective = here_.objective;
    record.train_rmse = rmse(here_.sums, objective_.ratings().mode(0).entries);
    record.gradient_norm = norm(ctx_, gradient_);
    record.products = products_;
  }
  template <class HeldOut>
  double validation_rmse(const HeldOut& validation, const Factors<T>& at) {
    return held_out_rmse(ctx_, validation, at);
  }

  /// Of steps that never raise the objective.
  static const char* advice(bool grown) {
    return grown ? "its steps raise it by rounding alone: the start fits as well as numbers of this precision can"
                 : "smaller ratings or a smaller start keep them within it";
  }

 protected:
  void evaluate(const Factors<T>& at) { here_ = objective_.gradient(at, gradient_); }

  Context& ctx_;
  MaskedObjective<T, Entries> objective_;
  Factors<T> gradient_;        ///< where the factors are
  Evaluation here_;            ///< and the objective there
  std::int64_t products_ = 0;  ///< Hessian-vector products since the start
};

/// What the solvers refuse that go down from a point; `bytes` is what the solver `name` takes besides als_memory(),
/// which has both orientations of the entries, validation and two copies of the factors.
template <class T>
void require_descent(const char* name, double bytes, Context& ctx, const CompletionProblem<T>& problem,
                     const CompletionOptions& options) {
  require_problem(ctx, problem, options);
  const CsrView<T>& ratings = problem.ratings;
  if (options.implicit)
    throw InvalidArgument(std::string(name) + "() takes explicit ratings; als() takes implicit ones");
  if (options.rank > std::min(ratings.rows, ratings.cols))
    throw InvalidArgument("rank is " + std::to_string(options.rank) + ", expected at most " +
                          std::to_string(std::min(ratings.rows, ratings.cols)) + ", as ratings is " +
                          shape_text(ratings.rows, ratings.cols));
  require_memory(ctx, name,
                 saturated(bytes + static_cast<double>(als_memory(
                                       ctx, {ratings.rows, ratings.cols, ratings.entries, ratings.weights != nullptr,
                                             problem.validation.entries, options.rank, sizeof(T), false}))));
  validate(ctx, ratings, "ratings");
  if (problem.validation.rows > 0) validate(ctx, problem.validation, "validation");
}

/// Runs a solver named `name` over its steps, which work with `copies` copies of the factors besides the factors
/// themselves.
template <class T, class Steps, class... Arguments>
CompletionResult<T> descend(const char* name, double copies, Context& ctx, const CompletionProblem<T>& problem,
                            const CompletionOptions& options, const Arguments&... arguments) {
  const double vectors = static_cast<double>(problem.ratings.rows + problem.ratings.cols);
  require_descent<T>(name, copies * vectors * static_cast<double>(options.rank) * sizeof(T), ctx, problem, options);
  return complete_by<T, Steps>(name, ctx, problem, options, arguments...);
}

}  // namespace seesaw
