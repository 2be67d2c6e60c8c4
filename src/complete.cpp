#include "seesaw/complete.hpp"

#include <string>

#include "seesaw/errors.hpp"

namespace seesaw {
namespace {

template <class T>
CompletionResult<T> descend(Context& ctx, Moves moves, const CompletionProblem<T>& problem,
                            const CompletionOptions& options, GradientDescentOptions own) {
  own.moves = moves;
  return gradient_descent(ctx, problem, options, own);
}

template <class T>
CompletionResult<T> newton_by(Context& ctx, NewtonMethod method, const CompletionProblem<T>& problem,
                              const CompletionOptions& options, NewtonOptions own) {
  own.method = method;
  return newton(ctx, problem, options, own);
}

template <class T>
CompletionResult<T> run(Context& ctx, Solver solver, const CompletionProblem<T>& problem,
                        const CompletionOptions& options, const SolverOptions& own) {
  switch (solver) {
    case Solver::als:
      return als(ctx, problem, options);
    case Solver::agd:
      return descend(ctx, Moves::alternating, problem, options, own.gradient_descent);
    case Solver::gd:
      return descend(ctx, Moves::together, problem, options, own.gradient_descent);
    case Solver::lbfgs:
      return lbfgs(ctx, problem, options, own.lbfgs);
    case Solver::sgd:
      return sgd(ctx, problem, options, own.sgd);
    case Solver::newton:
      return newton_by(ctx, NewtonMethod::newton_cg, problem, options, own.newton);
    case Solver::newton_dense:
      return newton_by(ctx, NewtonMethod::dense, problem, options, own.newton);
    case Solver::gauss_newton:
      return newton_by(ctx, NewtonMethod::gauss_newton, problem, options, own.newton);
    case Solver::frank_wolfe:
      return frank_wolfe(ctx, problem, options, own.frank_wolfe);
    case Solver::nuclear_pgd:
      return nuclear_pgd(ctx, problem, options, own.nuclear_pgd);
  }
  throw InvalidArgument("solver is " + std::to_string(static_cast<int>(solver)) + ", which is none");
}

}  // namespace

const char* to_string(Solver solver) {
  switch (solver) {
    case Solver::als:
      return "als";
    case Solver::agd:
      return "agd";
    case Solver::gd:
      return "gd";
    case Solver::lbfgs:
      return "lbfgs";
    case Solver::sgd:
      return "sgd";
    case Solver::newton:
      return "newton";
    case Solver::newton_dense:
      return "newton-dense";
    case Solver::gauss_newton:
      return "gauss-newton";
    case Solver::frank_wolfe:
      return "frank-wolfe";
    case Solver::nuclear_pgd:
      return "nuclear-pgd";
  }
  return "unknown";
}

const std::vector<Solver>& all_solvers() {
  static const std::vector<Solver> all{
      Solver::als,    Solver::agd,          Solver::gd,           Solver::lbfgs,       Solver::sgd,
      Solver::newton, Solver::newton_dense, Solver::gauss_newton, Solver::frank_wolfe, Solver::nuclear_pgd};
  return all;
}

std::optional<Solver> find_solver(std::string_view name) {
  for (const Solver solver : all_solvers())
    if (name == to_string(solver)) return solver;
  return std::nullopt;
}

Solver solver_of(std::string_view name) {
  if (const auto solver = find_solver(name)) return *solver;
  std::string names;
  for (const Solver solver : all_solvers()) names += (names.empty() ? "" : ", ") + std::string(to_string(solver));
  throw InvalidArgument("\"" + std::string(name) + "\" is no solver, expected one of " + names);
}

CompletionResult<float> complete(Context& ctx, Solver solver, const CompletionProblem<float>& problem,
                                 const CompletionOptions& options, const SolverOptions& own) {
  return run(ctx, solver, problem, options, own);
}
CompletionResult<double> complete(Context& ctx, Solver solver, const CompletionProblem<double>& problem,
                                  const CompletionOptions& options, const SolverOptions& own) {
  return run(ctx, solver, problem, options, own);
}

}  // namespace seesaw
