#include "seesaw/newton.hpp"

#include "dense_newton_steps.hpp"
#include "gauss_newton_steps.hpp"
#include "newton_cg_steps.hpp"

namespace seesaw {
namespace {

void require_options(const NewtonOptions& own) {
  require(own.damping >= 0 && own.damping <= 1e6, "damping", own.damping, "a number from 0 to 1e6");
  if (own.method != NewtonMethod::newton_cg)
    require(own.damping > 0, "damping", own.damping, "more than 0 but for newton_cg");
  require(own.forcing > 0 && own.forcing < 1, "forcing", own.forcing, "a number between 0 and 1");
  require(own.cg_steps >= 1, "cg_steps", own.cg_steps, "at least 1");
  require(own.decrease > 0 && own.decrease < 0.5, "decrease", own.decrease, "a number between 0 and 0.5");
  require(own.shrink > 0 && own.shrink < 1, "shrink", own.shrink, "a number between 0 and 1");
  if (own.dense_limit < 1)
    throw InvalidArgument("dense_limit is " + std::to_string(own.dense_limit) + ", expected at least 1");
}

/// Before anything else, as the matrix would be the largest of all.
void require_dense(double unknowns, const NewtonOptions& own) {
  if (unknowns > static_cast<double>(own.dense_limit))
    throw InvalidArgument("the dense Hessian has (m + n) k = " + number_text(unknowns) +
                          " unknowns, expected at most dense_limit, " + std::to_string(own.dense_limit) +
                          "; Newton by conjugate gradients takes any number");
  const double bytes = sizeof(double) * unknowns * unknowns;
  if (bytes > static_cast<double>(host_memory()->available()))
    throw OutOfMemory("newton() would take " + bytes_text(saturated(bytes)) + " of host memory for the dense Hessian");
}

template <class T>
CompletionResult<T> run(Context& ctx, const CompletionProblem<T>& problem, const CompletionOptions& options,
                        const NewtonOptions& own) {
  require_options(own);
  const double unknowns = (static_cast<double>(problem.ratings.rows) + static_cast<double>(problem.ratings.cols)) *
                          static_cast<double>(options.rank);
  // The gradient, the step and the factors before it, twice; conjugate gradients have three more.
  constexpr double kCopies = 4, kOfCg = 3;
  switch (own.method) {
    case NewtonMethod::dense:
      require_dense(unknowns, own);
      return descend<T, DenseNewtonSteps<T>>("newton", kCopies, ctx, problem, options, own);
    case NewtonMethod::newton_cg:
      return descend<T, NewtonCgSteps<T>>("newton", kCopies + kOfCg, ctx, problem, options, own);
    case NewtonMethod::gauss_newton:
      return descend<T, GaussNewtonSteps<T>>("newton", kCopies + kOfCg, ctx, problem, options, own);
  }
  throw InvalidArgument("method is " + std::to_string(static_cast<int>(own.method)) +
                        ", expected dense, newton_cg or gauss_newton");
}

}  // namespace

CompletionResult<float> newton(Context& ctx, const CompletionProblem<float>& problem, const CompletionOptions& options,
                               const NewtonOptions& own) {
  return run(ctx, problem, options, own);
}
CompletionResult<double> newton(Context& ctx, const CompletionProblem<double>& problem,
                                const CompletionOptions& options, const NewtonOptions& own) {
  return run(ctx, problem, options, own);
}

}  // namespace seesaw
