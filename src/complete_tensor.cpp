#include "seesaw/complete_tensor.hpp"

#include <cmath>
#include <string>
#include <utility>

#include "completion_checks.hpp"
#include "completion_run.hpp"
#include "cp_components.hpp"
#include "gradient_steps.hpp"
#include "lbfgs_steps.hpp"
#include "tensor_als_steps.hpp"
#include "tensor_checks.hpp"
#include "tensor_implicit_steps.hpp"

namespace seesaw {
namespace {

template <class T>
void require_validation(const Context& ctx, const TensorCompletionProblem<T>& problem) {
  const SparseTensorView<T>&entries = problem.entries, &validation = problem.validation;
  if (validation.entries < 0)
    throw ShapeError("validation has " + std::to_string(validation.entries) + " entries, expected at least 0");
  if (validation.entries == 0) return;
  if (validation.order != entries.order)
    throw ShapeError("validation has the order " + std::to_string(validation.order) + ", expected " +
                     std::to_string(entries.order) + " as entries has");
  for (int n = 0; n < entries.order; ++n) {
    const auto mode = static_cast<std::size_t>(n);
    if (validation.shape[mode] != entries.shape[mode])
      throw ShapeError("validation has the size " + std::to_string(validation.shape[mode]) + " in mode " +
                       std::to_string(n) + ", expected " + std::to_string(entries.shape[mode]) + " as entries has");
  }
  require_arrays(ctx, validation, "validation");
}

/// Shapes, pointers and options; the entries themselves by_mode() checks.
template <class T>
void require_problem(const Context& ctx, const TensorCompletionProblem<T>& problem,
                     const TensorCompletionOptions& options) {
  const SparseTensorView<T>& entries = problem.entries;
  require_order("entries", entries.order);
  require_sizes("entries", entries.order, entries.shape, 1);
  if (entries.entries < 0)
    throw ShapeError("entries has " + std::to_string(entries.entries) + " entries, expected at least 1");
  if (entries.entries == 0) throw InvalidArgument("entries has no entries");
  require_arrays(ctx, entries, "entries");
  require_rank(options.rank);
  for (int n = 0; n < entries.order; ++n)
    require_penalty<T>(("lambda[" + std::to_string(n) + "]").c_str(),
                       {options.lambda[static_cast<std::size_t>(n)], options.weighting, options.exponent},
                       entries.entries);
  require_run(options, problem.validation.entries > 0);
  require_validation(ctx, problem);
}

template <class T>
void require_feedback(const SparseTensorView<T>& entries, const TensorCompletionOptions& options, Solver solver) {
  if (solver != Solver::als)
    throw InvalidArgument(std::string("solver is ") + to_string(solver) +
                          ", expected als: it alone takes implicit feedback");
  if (entries.weights != nullptr)
    throw InvalidArgument("entries has weights, expected none with implicit feedback: its values make the confidences");
  const double alpha = options.implicit->alpha;
  require(alpha > 0 && std::isfinite(alpha), "alpha", alpha, "a finite number > 0");
  for (int n = 0; n < entries.order; ++n)
    require_implicit_model<T>(("lambda[" + std::to_string(n) + "]").c_str(),
                              implicit_model(options, entries.order, entries.shape, n), entries.entries);
}

template <class T>
void require_starts(Context& ctx, const TensorCompletionProblem<T>& problem, const TensorCompletionOptions& options) {
  for (std::size_t n = 0; n < static_cast<std::size_t>(problem.entries.order); ++n) {
    const std::string name = "start[" + std::to_string(n) + "]";
    require_start(ctx, problem.start[n], name.c_str(), problem.entries.shape[n], options);
    if (problem.start[n].rows > 0) require_startable(ctx, problem.start[n], name);
  }
}

template <class T>
TensorCompletionSize size_of(const TensorCompletionProblem<T>& problem, const TensorCompletionOptions& options) {
  const SparseTensorView<T>& entries = problem.entries;
  return {entries.order,
          entries.shape,
          entries.entries,
          entries.weights != nullptr,
          problem.validation.entries,
          0,
          options.rank,
          sizeof(T),
          options.implicit.has_value()};
}

/// What came of the run, its components in their order.
template <class T>
TensorCompletionResult<T> result_of(const Context& ctx, RunResult<T> found, const TensorEntries<T>& entries,
                                    const TensorHeldOut<T>& held_out) {
  if (!found.failure.empty()) throw Error(found.failure);
  TensorCompletionResult<T> result;
  result.mean = entries.mean();
  result.best_run = found.best_run;
  result.best_sweep = found.best_sweep;
  result.runs = std::move(found.runs);
  result.singular_rows = found.singular_rows;
  result.validation_left_out = held_out.left_out();
  std::vector<Matrix<T>> factors;
  for (const Matrix<T>& factor : found.factors) factors.push_back(to_host(factor));
  const auto rank = static_cast<std::size_t>(factors[0].cols());
  Components components = components_of(factors, std::vector<double>(rank, 1.0));
  canonicalize(components);
  result.weights = components.weights;
  for (const Matrix<double>& factor : components.factors) result.factors.push_back(to_context(ctx, rounded<T>(factor)));
  return result;
}

template <class T, class Steps, class... Arguments>
TensorCompletionResult<T> run_by(Context& ctx, const TensorCompletionProblem<T>& problem,
                                 const TensorCompletionOptions& options, const Arguments&... arguments) {
  Steps steps(ctx, problem.entries, options, arguments...);
  const TensorHeldOut<T> held_out(ctx, problem.validation, options, steps.entries());
  const auto& shape = problem.entries.shape;
  Run<T, Steps, TensorHeldOut<T>, TensorCompletionOptions> run("complete_tensor", ctx, options, steps, held_out,
                                                               {shape.begin(), shape.begin() + problem.entries.order});
  return result_of(ctx, run.all_starts(problem.start), steps.entries(), held_out);
}

/// That the solver works with besides what als does. Throws where its options are out of range.
double copies_of_factors(Solver solver, const TensorCompletionOptions& options, const SolverOptions& own) {
  if (solver == Solver::gd) {
    require_own(own.gradient_descent);
    return copies_of_factors(own.gradient_descent, options.rank);
  }
  if (solver == Solver::lbfgs) {
    require_own(own.lbfgs);
    return copies_of_factors(own.lbfgs, options.stopping);
  }
  return 0;
}

template <class T>
double factor_bytes(const TensorCompletionProblem<T>& problem, const TensorCompletionOptions& options) {
  double rows = 0;
  for (std::size_t n = 0; n < static_cast<std::size_t>(problem.entries.order); ++n)
    rows += static_cast<double>(problem.entries.shape[n]);
  return rows * static_cast<double>(options.rank) * sizeof(T);
}

template <class T>
TensorCompletionResult<T> run(Context& ctx, const TensorCompletionProblem<T>& problem,
                              const TensorCompletionOptions& options, Solver solver, SolverOptions own) {
  using Entries = TensorEntries<T>;
  own.gradient_descent.moves = Moves::together;
  require_problem(ctx, problem, options);
  if (options.implicit) require_feedback(problem.entries, options, solver);
  const double copies = copies_of_factors(solver, options, own);
  require_memory(ctx, "complete_tensor",
                 saturated(static_cast<double>(complete_tensor_memory(ctx, size_of(problem, options))) +
                           copies * factor_bytes(problem, options)));
  require_starts(ctx, problem, options);
  switch (solver) {
    case Solver::als:
      return options.implicit ? run_by<T, TensorImplicitSteps<T>>(ctx, problem, options)
                              : run_by<T, TensorAlsSteps<T>>(ctx, problem, options);
    case Solver::gd:
      return run_by<T, GradientSteps<T, Entries>>(ctx, problem, options, own.gradient_descent);
    case Solver::lbfgs:
      return run_by<T, LbfgsSteps<T, Entries>>(ctx, problem, options, own.lbfgs);
    default:
      throw InvalidArgument(std::string("solver is ") + to_string(solver) + ", expected als, gd or lbfgs for a tensor");
  }
}

}  // namespace

TensorCompletionResult<float> complete_tensor(Context& ctx, const TensorCompletionProblem<float>& problem,
                                              const TensorCompletionOptions& options, Solver solver,
                                              const SolverOptions& own) {
  return run(ctx, problem, options, solver, own);
}
TensorCompletionResult<double> complete_tensor(Context& ctx, const TensorCompletionProblem<double>& problem,
                                               const TensorCompletionOptions& options, Solver solver,
                                               const SolverOptions& own) {
  return run(ctx, problem, options, solver, own);
}

}  // namespace seesaw
