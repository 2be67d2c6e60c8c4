#pragma once
#include "seesaw/completion.hpp"

namespace seesaw {

/// How far the t-th sweep, t = 0, 1, ..., goes from the iterate towards the oracle's answer.
enum class FrankWolfeStep {
  exact,    ///< to the minimum on the segment
  harmonic  ///< 2 / (t + 2) of the way
};

struct FrankWolfeOptions {
  double radius = 0;  ///< > 0, of the nuclear-norm ball; there is no good guess
  FrankWolfeStep step = FrankWolfeStep::exact;
  /// Steps of Lanczos in one call of the oracle at most, from 2; it keeps so many vectors of min(m, n) doubles.
  int lanczos_steps = 64;
  /// The oracle stops when its error is at most so much of the gap, more than 0 and at most 1.
  double accuracy = 0.25;
};

/// Matrix completion over the nuclear-norm ball,
///   min f(M) = 1/2 sum w (a_ij - mean - m_ij)^2   over the observed entries, where |M|_* <= radius,
/// by conditional gradients (Frank-Wolfe), from M = 0. A sweep is M = (1 - g) M + g radius u v' with the top singular
/// pair of the sparse matrix w (a - mean - M), by Lanczos: nothing of the size m x n is formed.
///
/// Of the options `rank`, the lambdas, `weighting` and `exponent` are not used: the radius takes their place. One
/// start: restarts > 1, a given x or y, implicit feedback and stopping.gradient_norm are refused. `seed` is that of
/// Lanczos.
///
/// SweepRecord::gap is f(M) less the best lower bound on the minimum known: the duality gap max <G, M - S> over the
/// ball, G the gradient, at the iterate where f(M) less it was largest. For the largest singular value in it a bound
/// from above is taken, so that it is never less than f(M) less the minimum: but for rounding of its sums (relative to
/// f some eps of double times sqrt(entries)) and with a probability of 2^-40 a sweep over the seed, whatever the data
/// (src/top_singular.hpp). It is what stopping.gap stops by.
///
/// x y' of the result is the iterate, x = u sqrt(g radius) and y alike, a column for each sweep that still counts. No
/// more than min(stopping.sweeps, 2 min(m, n)) columns are held, in host memory: where that is fewer than the sweeps,
/// they are recompressed, when it is full, to the iterate's rank by singular value decompositions.
/// Residuals are carried from sweep to sweep; they drift from those of x y' by some sweeps * eps.
/// Throws ShapeError, InvalidArgument, OutOfMemory, and Diverged where numbers exceed their type.
/// Source: Jaggi (2013), "Revisiting Frank-Wolfe: projection-free sparse convex optimization", algorithms 1 and 2;
/// Lacoste-Julien, Jaggi, Schmidt, Pletscher (2013), "Block-coordinate Frank-Wolfe", appendix C, for the oracle's
/// error.
CompletionResult<float> frank_wolfe(Context& ctx, const CompletionProblem<float>& problem,
                                    const CompletionOptions& options, const FrankWolfeOptions& own);
CompletionResult<double> frank_wolfe(Context& ctx, const CompletionProblem<double>& problem,
                                     const CompletionOptions& options, const FrankWolfeOptions& own);

}  // namespace seesaw
