#pragma once
#include "seesaw/completion.hpp"

namespace seesaw {

struct NuclearPgdOptions {
  double radius = 0;        ///< > 0, of the nuclear-norm ball; there is no good guess
  bool accelerated = true;  ///< with momentum, which is dropped where the objective would rise
};

/// Matrix completion over the nuclear-norm ball,
///   min f(M) = 1/2 sum w (a_ij - mean - m_ij)^2   over the observed entries, where |M|_* <= radius,
/// by projected gradients, from M = 0, for sizes where a dense m x n matrix and its singular value decomposition can be
/// afforded: some 2 m n + 2 (m + n) min(m, n) numbers and more. A sweep is M = P(M - G / L), with the gradient G, its
/// Lipschitz constant L = the largest weight, 1 without weights, and P = project_nuclear_ball(); accelerated, from
/// M + b (M - the M before) with Nesterov's b. Where that would raise the objective the sweep is taken again without,
/// and momentum begins anew. So the objective never rises, but for rounding.
///
/// Options, SweepRecord::gap, stopping.gap and what is refused are as in frank_wolfe.hpp.
/// The result is x = U sqrt(S), y = V sqrt(S) of M's numerical rank, at least one column.
/// Throws ShapeError, InvalidArgument, Diverged where numbers exceed their type, and, before it begins, OutOfMemory.
/// Source: Beck, Teboulle (2009), "A fast iterative shrinkage-thresholding algorithm for linear inverse problems",
/// section 4; O'Donoghue, Candès (2015), "Adaptive restart for accelerated gradient schemes", section 3.2.
CompletionResult<float> nuclear_pgd(Context& ctx, const CompletionProblem<float>& problem,
                                    const CompletionOptions& options, const NuclearPgdOptions& own);
CompletionResult<double> nuclear_pgd(Context& ctx, const CompletionProblem<double>& problem,
                                     const CompletionOptions& options, const NuclearPgdOptions& own);

}  // namespace seesaw
