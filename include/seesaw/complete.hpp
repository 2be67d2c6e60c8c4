#pragma once
#include <string_view>
#include <vector>

#include "seesaw/als.hpp"
#include "seesaw/frank_wolfe.hpp"
#include "seesaw/gradient_descent.hpp"
#include "seesaw/lbfgs.hpp"
#include "seesaw/newton.hpp"
#include "seesaw/nuclear_pgd.hpp"
#include "seesaw/sgd.hpp"

namespace seesaw {

/// The ways to complete a matrix, by what their headers call them; those of a common header differ in one option.
enum class Solver {
  als,           ///< als()
  agd,           ///< gradient_descent(), Moves::alternating
  gd,            ///< gradient_descent(), Moves::together
  lbfgs,         ///< lbfgs()
  sgd,           ///< sgd()
  newton,        ///< newton(), NewtonMethod::newton_cg
  newton_dense,  ///< newton(), NewtonMethod::dense
  gauss_newton,  ///< newton(), NewtonMethod::gauss_newton
  frank_wolfe,   ///< frank_wolfe(); of another problem: a bound on the nuclear norm in the place of rank and penalty
  nuclear_pgd    ///< nuclear_pgd(); the same
};

/// "als", "agd", "gd", "lbfgs", "sgd", "newton", "newton-dense", "gauss-newton", "frank-wolfe", "nuclear-pgd".
const char* to_string(Solver solver);
/// Throws InvalidArgument for another name; its message has them all.
Solver solver_of(std::string_view name);
const std::vector<Solver>& all_solvers();

/// What each solver has for itself; the solver sets `moves` and `method` as above.
struct SolverOptions {
  GradientDescentOptions gradient_descent = {};
  LbfgsOptions lbfgs = {};
  SgdOptions sgd = {};
  NewtonOptions newton = {};
  FrankWolfeOptions frank_wolfe = {};
  NuclearPgdOptions nuclear_pgd = {};
};

/// Completes the matrix by one of them: the same problem, options and result, so that they can be compared. Throws as
/// the solver does.
CompletionResult<float> complete(Context& ctx, Solver solver, const CompletionProblem<float>& problem,
                                 const CompletionOptions& options, const SolverOptions& own = {});
CompletionResult<double> complete(Context& ctx, Solver solver, const CompletionProblem<double>& problem,
                                  const CompletionOptions& options, const SolverOptions& own = {});

}  // namespace seesaw
