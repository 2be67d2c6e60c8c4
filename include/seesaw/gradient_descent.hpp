#pragma once
#include "seesaw/completion.hpp"

namespace seesaw {

/// Matrix completion by gradient descent on X and Y together, from X and Y as given or drawn: the objective of als()
/// for explicit ratings. A sweep is one step along the negative gradient, of the length that minimizes the objective
/// there: along a line it is a polynomial of degree 4, whose minimum is computed. Throws ShapeError, InvalidArgument,
/// OutOfMemory, and Diverged where every start diverged.
CompletionResult<float> gradient_descent(Context& ctx, const CompletionProblem<float>& problem,
                                         const CompletionOptions& options);
CompletionResult<double> gradient_descent(Context& ctx, const CompletionProblem<double>& problem,
                                          const CompletionOptions& options);

}  // namespace seesaw
