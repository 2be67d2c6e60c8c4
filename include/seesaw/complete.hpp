#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
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
/// Empty for another name.
std::optional<Solver> find_solver(std::string_view name);
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

/// The words for GradientStep, Momentum, LbfgsSearch or FrankWolfeStep, the default's first: what the tool takes and
/// what model files and JSON have.
template <class Choice>
const std::vector<std::pair<std::string, Choice>>& words_for();
template <>
const std::vector<std::pair<std::string, GradientStep>>& words_for<GradientStep>();
template <>
const std::vector<std::pair<std::string, Momentum>>& words_for<Momentum>();
template <>
const std::vector<std::pair<std::string, LbfgsSearch>>& words_for<LbfgsSearch>();
template <>
const std::vector<std::pair<std::string, FrankWolfeStep>>& words_for<FrankWolfeStep>();

/// An option of a solver's own by the name of its member (armijo_step for armijo.step); a choice by its word.
struct NamedOption {
  std::string name;
  std::variant<bool, std::int64_t, double, std::string> value;
  bool operator==(const NamedOption&) const = default;
};
/// Those that the solver heeds.
std::vector<NamedOption> named_options(Solver solver, const SolverOptions& own);
/// The value must be of the type that named_options() gives. Throws InvalidArgument where it is not, for a number
/// beyond its member's type, a word that stands for nothing and a name that the solver does not have.
void set_option(Solver solver, SolverOptions& own, const NamedOption& option);

/// Completes the matrix by one of them: the same problem, options and result, so that they can be compared. Throws as
/// the solver does.
CompletionResult<float> complete(Context& ctx, Solver solver, const CompletionProblem<float>& problem,
                                 const CompletionOptions& options, const SolverOptions& own = {});
CompletionResult<double> complete(Context& ctx, Solver solver, const CompletionProblem<double>& problem,
                                  const CompletionOptions& options, const SolverOptions& own = {});

}  // namespace seesaw
