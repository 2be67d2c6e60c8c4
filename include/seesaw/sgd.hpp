#pragma once
#include "seesaw/completion.hpp"

namespace seesaw {

struct SgdOptions {
  double step = 0.05;        ///< of the first sweep, > 0
  double decay = 0.05;       ///< >= 0; sweep t = 0, 1, ... takes steps of step / (1 + decay t)
  index_t grid = 0;          ///< stripes of rows and of columns, 1 to 4096; 0: as entry_grid() chooses
  bool alternating = false;  ///< move X alone, then Y alone, as an alternation whose halves are solved by SGD
  int epochs = 1;            ///< in a sweep; where it is alternating, for X and again for Y; >= 1
};

/// Matrix completion by stochastic gradient descent, from X and Y as given or drawn: the objective of als() for
/// explicit ratings. A sweep is `epochs` passes over all entries that move X and Y both, or as many that move X and
/// then as many that move Y; sgd_epoch.hpp says what a pass is. The order of its strata is drawn from the seed in
/// `options` and the number of the pass. Rows of X and Y without entries become 0, as in als(). The objective need not
/// fall in every sweep, and with too large a step it grows: ratings of the size of 1 around their mean are well served
/// by steps of 0.01 to 0.1. The smaller the last steps, the nearer it comes to a minimum. Throws ShapeError,
/// InvalidArgument, OutOfMemory, and Diverged where every start diverged. Sources: Gemulla, Nijkamp, Haas, Sismanis
/// (2011), "Large-scale matrix factorization with distributed stochastic gradient descent"; Koren, Bell, Volinsky
/// (2009), "Matrix factorization techniques for recommender systems".
CompletionResult<float> sgd(Context& ctx, const CompletionProblem<float>& problem, const CompletionOptions& options,
                            const SgdOptions& own = {});
CompletionResult<double> sgd(Context& ctx, const CompletionProblem<double>& problem, const CompletionOptions& options,
                             const SgdOptions& own = {});

}  // namespace seesaw
