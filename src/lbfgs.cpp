#include "seesaw/lbfgs.hpp"

#include "lbfgs_steps.hpp"

namespace seesaw {
namespace {

template <class T>
CompletionResult<T> run(Context& ctx, const CompletionProblem<T>& problem, const CompletionOptions& options,
                        const LbfgsOptions& own) {
  require_own(own);
  return descend<T, LbfgsSteps<T>>("lbfgs", copies_of_factors(own, options.stopping), ctx, problem, options, own);
}

}  // namespace

CompletionResult<float> lbfgs(Context& ctx, const CompletionProblem<float>& problem, const CompletionOptions& options,
                              const LbfgsOptions& own) {
  return run(ctx, problem, options, own);
}
CompletionResult<double> lbfgs(Context& ctx, const CompletionProblem<double>& problem, const CompletionOptions& options,
                               const LbfgsOptions& own) {
  return run(ctx, problem, options, own);
}

}  // namespace seesaw
