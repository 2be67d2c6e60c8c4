#include "seesaw/gradient_descent.hpp"

#include "gradient_steps.hpp"

namespace seesaw {
namespace {

template <class T>
CompletionResult<T> run(Context& ctx, const CompletionProblem<T>& problem, const CompletionOptions& options,
                        const GradientDescentOptions& own) {
  require_own(own);
  return descend<T, GradientSteps<T>>("gradient_descent", copies_of_factors(own, options.rank), ctx, problem, options,
                                      own);
}

}  // namespace

CompletionResult<float> gradient_descent(Context& ctx, const CompletionProblem<float>& problem,
                                         const CompletionOptions& options, const GradientDescentOptions& own) {
  return run(ctx, problem, options, own);
}
CompletionResult<double> gradient_descent(Context& ctx, const CompletionProblem<double>& problem,
                                          const CompletionOptions& options, const GradientDescentOptions& own) {
  return run(ctx, problem, options, own);
}

}  // namespace seesaw
