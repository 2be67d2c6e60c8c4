#pragma once
#include "seesaw/completion.hpp"
#include "seesaw/line_search.hpp"

namespace seesaw {

enum class Moves {
  together,    ///< one step of X and Y along the gradient in both
  alternating  ///< one of X along the gradient in X, then one of Y along that in Y at the new X
};

/// The length s of a step. fixed, inverse and geometric may raise the objective, and diverge; exact and armijo never
/// raise it, nor does lipschitz without momentum.
enum class GradientStep {
  fixed,      ///< `step`
  inverse,    ///< step / (1 + decay n) in the sweep n = 0, 1, ...
  geometric,  ///< step (1 - decay)^n
  exact,      ///< where the objective, along a line a polynomial of degree 4, is least
  armijo,     ///< backtracking, as armijo() does
  /// 1 / L, for factors that alternate: in one of them the objective is quadratic, and L >= the largest eigenvalue of
  /// its Hessian. Row i of X has the block Y_i' W_i Y_i + lambda_x w_i I, whose trace without the penalty's share,
  ///   L = max_i (lambda_x w_i + sum_j w_ij |y_j|^2),
  /// is at most k times too large. Power iteration would be nearer, but comes from below, where 1 / L may be too long,
  /// and each of its products is a pass over the entries at rank k; this bound is one at rank 1. For X and Y together
  /// there is no L: their Hessian grows with them.
  lipschitz
};

/// With u = 0 before the first sweep, u <- beta u - g, and X, Y move by s u (heavy_ball) or by s (beta u - g)
/// (nesterov: the factors are those where the next gradient is taken, ahead of the momentum). exact and armijo find s
/// along that direction. What is proved of both is proved for convex functions; this one is not, and no rate is
/// certain.
enum class Momentum { none, heavy_ball, nesterov };

struct GradientDescentOptions {
  Moves moves = Moves::together;
  GradientStep rule = GradientStep::exact;
  double step = 1e-3;         ///< of fixed, inverse and geometric: finite, > 0
  double decay = 0;           ///< of inverse: finite, >= 0; of geometric: in [0, 1)
  ArmijoOptions armijo = {};  ///< of armijo
  Momentum momentum = Momentum::none;
  double beta = 0.9;  ///< part of the momentum that stays, in [0, 1)
  /// Where u points uphill, g.u >= 0, u <- -g: what was remembered is dropped. exact and armijo do so in any case.
  bool restart = true;
};

/// Matrix completion by gradient descent, from X and Y as given or drawn: the objective of als() for explicit ratings.
/// A sweep is one step of both factors, together or one after the other; the run ends (StopReason::stationary) where
/// the rule finds no step that lowers the objective. Throws ShapeError, InvalidArgument, OutOfMemory, and Diverged
/// where every start diverged. Sources: Nocedal, Wright (2006), "Numerical optimization", chapter 3; Polyak (1964),
/// "Some methods of speeding up the convergence of iteration methods"; Nesterov (1983), "A method for solving the
/// convex programming problem with convergence rate O(1/k^2)"; O'Donoghue, Candes (2015), "Adaptive restart for
/// accelerated gradient schemes", section 3.2.
CompletionResult<float> gradient_descent(Context& ctx, const CompletionProblem<float>& problem,
                                         const CompletionOptions& options, const GradientDescentOptions& own = {});
CompletionResult<double> gradient_descent(Context& ctx, const CompletionProblem<double>& problem,
                                          const CompletionOptions& options, const GradientDescentOptions& own = {});

}  // namespace seesaw
