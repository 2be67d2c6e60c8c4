#pragma once
#include "seesaw/completion.hpp"

namespace seesaw {

/// How the step p is found from the gradient g and the Hessian H of the objective f at z, the point X and Y together.
/// mu = max(damping |g| / |z|, sqrt(2 eps f)).
///   dense         (H + s I) p = -g, s = max(0, -the smallest eigenvalue) + mu, with H as a matrix on the host
///   newton_cg     (H + mu I) p = -g by conjugate gradients over Hessian-vector products, until the residual is at most
///                 eta |g|, or until the curvature of H + mu I in a direction is at most mu / 2: then p is what has
///                 come so far, or -g where that is nothing
///   gauss_newton  (J'J + mu I) p = -g by conjugate gradients over Gauss-Newton products; this mu is that of the start,
///                 and from then on adapted by how much of the promised decrease comes true (Levenberg-Marquardt), down
///                 to sqrt(2 eps f)
enum class NewtonMethod { dense, newton_cg, gauss_newton };

struct NewtonOptions {
  NewtonMethod method = NewtonMethod::newton_cg;
  double damping = 1;      ///< more than 0, for newton_cg at least 0, to 1e6
  double forcing = 0.5;    ///< eta at first and at most, in (0, 1); from then on 0.9 (|g| / |g| of the sweep before)^2
  int cg_steps = 1000;     ///< products for one system at most, >= 1
  double decrease = 1e-4;  ///< part of the promised decrease that must come true, in (0, 0.5)
  double shrink = 0.5;     ///< of a step that does not decrease the objective so, in (0, 1); not of gauss_newton
  index_t dense_limit = 4000;  ///< (m + n) k of dense at most, >= 1: it takes 8 (m + n)^2 k^2 bytes on the host
};

/// Matrix completion by Newton's method on X and Y together, from X and Y as given or drawn: the objective of als() for
/// explicit ratings. A sweep is one step t p that decreases the objective, for dense and newton_cg with the first t of
/// 1, shrink, shrink^2, ... that Armijo's rule accepts; where negative curvature cut p short, with the t at which the
/// objective is least. (Along a line it is a polynomial of degree 4.) For gauss_newton t = 1, and mu grows until that
/// decreases it. SweepRecord::products counts the products; dense takes none.
///
/// Where g = 0, dense and newton_cg go along a direction of negative curvature if they find one, as they do at
/// X = Y = 0; gauss_newton, to which no negative curvature shows, ends (StopReason::stationary). So does every method
/// where rounding leaves no step that decreases the objective.
///
/// No solution is isolated. Without penalty X G, Y G'^-1 is as good as X, Y for every invertible k x k G, with equal
/// ones for every orthogonal G, and H is singular there. The steps converge quadratically all the same, down to
/// rounding: mu, O(|g|), adds to the gradient that is left no more than mu |p| = O(|g|^2); and g is orthogonal, at
/// every point, to the directions d of such G, so that H d = O(|g|), g's part in the eigenvectors near d is O(|g|^2),
/// and mu keeps the step there O(|g|). gauss_newton does so where the residual vanishes, and converges linearly
/// elsewhere.
///
/// Throws ShapeError, InvalidArgument, OutOfMemory, and Diverged where every start diverged.
/// Sources: for the shift Li, Fukushima, Qi, Yamashita (2004), "Regularized Newton methods for convex minimization
/// problems with singular solutions", and Ueda, Yamashita (2010), "Convergence properties of the regularized Newton
/// method for the unconstrained nonconvex optimization"; Dembo, Steihaug (1983), "Truncated-Newton algorithms for
/// large-scale unconstrained optimization"; Eisenstat, Walker (1996), "Choosing the forcing terms in an inexact Newton
/// method", choice 2; Nielsen (1999), "Damping parameter in Marquardt's method".
CompletionResult<float> newton(Context& ctx, const CompletionProblem<float>& problem, const CompletionOptions& options,
                               const NewtonOptions& own = {});
CompletionResult<double> newton(Context& ctx, const CompletionProblem<double>& problem,
                                const CompletionOptions& options, const NewtonOptions& own = {});

}  // namespace seesaw
