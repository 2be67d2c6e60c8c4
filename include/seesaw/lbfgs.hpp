#pragma once
#include "seesaw/completion.hpp"

namespace seesaw {

/// How far to go along a direction. The objective there is a polynomial of degree 4 in t, known after one pass over the
/// entries: trying a t costs nothing.
enum class LbfgsSearch {
  exact,  ///< where it is least
  wolfe,  ///< t = 1 where it satisfies both strong Wolfe conditions; else as exact
  armijo  ///< the first of 1, 1/2, 1/4, ... with enough decrease
};

struct LbfgsOptions {
  int history = 10;  ///< pairs of step and change of the gradient that are remembered, >= 1
  LbfgsSearch search = LbfgsSearch::exact;
  double decrease = 1e-4;  ///< of wolfe and armijo: part of the decrease that the slope promises, in (0, 1)
  double curvature = 0.9;  ///< of wolfe: part of the slope that may be left, in (decrease, 1)
};

/// Matrix completion by limited-memory BFGS on X and Y together, from X and Y as given or drawn: the objective of als()
/// for explicit ratings. A sweep is one step along -H g, H the inverse Hessian as the last `history` pairs s, y tell it
/// (the two-loop recursion, from s.y / y.y I); the first goes along -g to where the objective is least. Its cost is
/// that of a pass along the line, of the gradient, and of 4 history products of vectors. A pair is remembered where its
/// curvature is more than rounding, s.y > sqrt(epsilon) |s| |y|: a quadratic of condition number c has s.y >= 2 |s| |y|
/// / sqrt(c), so that none below 4 / epsilon is left out. Where -H g does not go down, all are forgotten and the step
/// goes along -g; where that does not either, the run ends (StopReason::stationary). Throws ShapeError,
/// InvalidArgument, OutOfMemory, and Diverged where every start diverged. Sources: Nocedal (1980), "Updating
/// quasi-Newton matrices with limited storage"; Nocedal, Wright (2006), "Numerical optimization", algorithms 7.4
/// and 7.5.
CompletionResult<float> lbfgs(Context& ctx, const CompletionProblem<float>& problem, const CompletionOptions& options,
                              const LbfgsOptions& own = {});
CompletionResult<double> lbfgs(Context& ctx, const CompletionProblem<double>& problem, const CompletionOptions& options,
                               const LbfgsOptions& own = {});

}  // namespace seesaw
