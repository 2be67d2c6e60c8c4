#include "solver_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "arguments.hpp"
#include "seesaw/sgd_epoch.hpp"

namespace seesaw::cli {
namespace {

const std::vector<Solver> kDescent{Solver::gd, Solver::agd};
const std::vector<Solver> kSteps{Solver::gd, Solver::agd, Solver::sgd};
const std::vector<Solver> kConjugate{Solver::newton, Solver::gauss_newton};
const std::vector<Solver> kNewton{Solver::newton, Solver::newton_dense, Solver::gauss_newton};
const std::vector<Solver> kBall{Solver::frank_wolfe, Solver::nuclear_pgd};

bool is_one_of(Solver solver, const std::vector<Solver>& solvers) {
  return std::find(solvers.begin(), solvers.end(), solver) != solvers.end();
}

std::string names_of(const std::vector<Solver>& solvers) {
  std::string names;
  for (const Solver solver : solvers) names += (names.empty() ? "" : ", ") + std::string(to_string(solver));
  return names;
}

}  // namespace

bool bounded_by_radius(Solver solver) { return is_one_of(solver, kBall); }

CLI::Option* SolverArguments::add(CLI::Option* option, const std::vector<Solver>& solvers) {
  std::vector<Solver> users;
  for (const Solver solver : solvers)
    if (is_one_of(solver, offered_)) users.push_back(solver);
  if (users.empty()) {
    command_.remove_option(option);
    return nullptr;
  }
  option->group("Solver");
  option->description(option->get_description() + " (" + names_of(users) + ")");
  options_.emplace_back(option, std::move(users));
  return option;
}

std::vector<CLI::Option*> SolverArguments::options() const {
  std::vector<CLI::Option*> all;
  for (const auto& [option, users] : options_) all.push_back(option);
  return all;
}

SolverArguments::SolverArguments(CLI::App& command, SolverOptions& own, Stopping& stopping,
                                 const std::vector<Solver>& offered)
    : command_(command), offered_(offered), own_(own) {
  GradientDescentOptions& descent = own.gradient_descent;
  add(add_choice(command, "--step-rule", descent.rule, words_for<GradientStep>(), "How long a step is"), kDescent);
  step_ = add(command
                  .add_option_function<double>(
                      "--step",
                      [&own](double step) {
                        own.gradient_descent.step = own.gradient_descent.armijo.step = own.sgd.step = step;
                      },
                      "Length of a step, where the rule or the solver takes one")
                  ->type_name("X")
                  ->check(positive()),
              kSteps);
  add(command
          .add_option_function<double>(
              "--decay", [&own](double decay) { own.gradient_descent.decay = own.sgd.decay = decay; },
              "How the step shrinks from sweep to sweep")
          ->type_name("X")
          ->check(not_negative()),
      kSteps);
  add(add_choice(command, "--momentum", descent.momentum, words_for<Momentum>(), "What stays of the steps before"),
      kDescent);
  add(command.add_option("--beta", descent.beta, "Part of the momentum that stays, below 1")
          ->type_name("X")
          ->check(CLI::Range(0.0, 1.0))
          ->capture_default_str(),
      kDescent);
  add(command.add_option("--memory", own.lbfgs.history, "Pairs of step and change of the gradient")
          ->type_name("N")
          ->check(count_from(1))
          ->capture_default_str(),
      {Solver::lbfgs});
  add(add_choice(command, "--line-search", own.lbfgs.search, words_for<LbfgsSearch>(),
                 "To the minimum, to where Wolfe's conditions hold, or by halving"),
      {Solver::lbfgs});
  decrease_ = add(command
                      .add_option("--decrease", own.lbfgs.decrease,
                                  "Of wolfe and armijo: part of the decrease that the slope promises")
                      ->type_name("X")
                      ->check(fraction())
                      ->capture_default_str(),
                  {Solver::lbfgs});
  curvature_ = add(command
                       .add_option("--curvature", own.lbfgs.curvature,
                                   "Of wolfe: part of the slope that may be left, more than --decrease")
                       ->type_name("X")
                       ->check(fraction())
                       ->capture_default_str(),
                   {Solver::lbfgs});
  add(command.add_option("--grid", own.sgd.grid, "Stripes of users and of items; 0: chosen")
          ->type_name("N")
          ->check(between(0, kMostGrid))
          ->capture_default_str(),
      {Solver::sgd});
  add(command.add_flag("--halves", own.sgd.alternating, "Move the users' factors alone, then the items'"),
      {Solver::sgd});
  add(command.add_option("--epochs", own.sgd.epochs, "Passes over the ratings in a sweep, or in each half of one")
          ->type_name("N")
          ->check(count_from(1))
          ->capture_default_str(),
      {Solver::sgd});
  add(command.add_option("--dense-limit", own.newton.dense_limit, "Unknowns, (users + items) * rank, at most")
          ->type_name("N")
          ->check(between(1, 46340))
          ->capture_default_str(),
      {Solver::newton_dense});
  add(command
          .add_option("--damping", own.newton.damping, "Of the shift of the Hessian, in units of |gradient| / |x, y|")
          ->type_name("X")
          ->check(not_negative())
          ->capture_default_str(),
      kNewton);
  add(command
          .add_option("--inner-steps", own.newton.cg_steps, "Conjugate-gradient steps within one of Newton's, at most")
          ->type_name("N")
          ->check(count_from(1))
          ->capture_default_str(),
      kConjugate);
  add(command
          .add_option("--forcing", own.newton.forcing,
                      "Part of the gradient that conjugate gradients leave at first, and at most")
          ->type_name("X")
          ->check(fraction())
          ->capture_default_str(),
      kConjugate);
  radius_ = add(command
                    .add_option_function<double>(
                        "--radius", [&own](double radius) { own.frank_wolfe.radius = own.nuclear_pgd.radius = radius; },
                        "Bound on the nuclear norm of what is added to the mean; needed by these solvers")
                    ->type_name("X")
                    ->check(positive()),
                kBall);
  add(add_choice(command, "--frank-wolfe-step", own.frank_wolfe.step, words_for<FrankWolfeStep>(),
                 "To the minimum, or 2 / (t + 2) of the way"),
      {Solver::frank_wolfe});
  add(command
          .add_option("--lanczos-steps", own.frank_wolfe.lanczos_steps,
                      "Steps of Lanczos in one search for the top singular pair, at most")
          ->type_name("N")
          ->check(count_from(2))
          ->capture_default_str(),
      {Solver::frank_wolfe});
  add(command
          .add_option("--gap", stopping.gap, "End when the duality gap is at most this part of the objective; 0: never")
          ->type_name("X")
          ->check(not_negative())
          ->capture_default_str(),
      kBall);
  add(command
          .add_option("--gradient-norm", stopping.gradient_norm, "End when the gradient is at most so long; 0: never")
          ->type_name("X")
          ->check(not_negative())
          ->capture_default_str(),
      {Solver::gd, Solver::agd, Solver::lbfgs, Solver::newton, Solver::newton_dense, Solver::gauss_newton});
}

void SolverArguments::require_fitting(const std::vector<Solver>& solvers) const {
  const bool no_step =
      own_.gradient_descent.rule == GradientStep::exact || own_.gradient_descent.rule == GradientStep::lipschitz;
  if (step_->count() > 0 && no_step && !is_one_of(Solver::sgd, solvers) &&
      std::any_of(solvers.begin(), solvers.end(), [](Solver solver) { return is_one_of(solver, kDescent); }))
    throw UsageError("--step goes with --step-rule fixed, inverse, geometric or armijo: the others find the step");
  for (const auto& [option, users] : options_) {
    if (option->count() == 0) continue;
    const auto used = [&](Solver solver) { return is_one_of(solver, users); };
    if (std::none_of(solvers.begin(), solvers.end(), used))
      throw UsageError(
          fmt::format("{} goes with --solver {}, not with {}", option->get_name(), names_of(users), names_of(solvers)));
  }
  const LbfgsOptions& lbfgs = own_.lbfgs;
  if (decrease_->count() > 0 && lbfgs.search == LbfgsSearch::exact)
    throw UsageError("--decrease goes with --line-search wolfe or armijo");
  if (curvature_->count() > 0 && lbfgs.search != LbfgsSearch::wolfe)
    throw UsageError("--curvature goes with --line-search wolfe");
  if (lbfgs.search == LbfgsSearch::wolfe && lbfgs.curvature <= lbfgs.decrease)
    throw UsageError(
        fmt::format("--curvature is {}, expected more than --decrease, {}", lbfgs.curvature, lbfgs.decrease));
  for (const Solver solver : solvers)
    if (bounded_by_radius(solver) && (radius_ == nullptr || radius_->count() == 0))
      throw UsageError(fmt::format("{} needs --radius, the bound on the nuclear norm", to_string(solver)));
}

void require_common(const CLI::App& command, Solver solver) {
  const auto refuse = [&](const char* option, const std::string& why) {
    if (command.get_option_no_throw(option) != nullptr && command.count(option) > 0)
      throw UsageError(fmt::format("{} does not go with --solver {}: {}", option, to_string(solver), why));
  };
  if (solver != Solver::als) refuse("--implicit", "als alone takes implicit feedback");
  if (!bounded_by_radius(solver)) return;
  for (const char* option : {"--rank", "--lambda", "--lambda-x", "--lambda-y", "--weighting", "--exponent"})
    refuse(option, "--radius takes the place of rank and penalty");
  for (const char* option : {"--start", "--restarts"}) refuse(option, "it begins from 0");
}

Solver one_solver(const std::string& name) {
  try {
    return solver_of(name);
  } catch (const InvalidArgument& error) {
    throw UsageError(error.what());
  }
}

std::vector<Solver> solvers_of(const std::string& names) {
  std::vector<Solver> solvers;
  for (std::size_t first = 0; first <= names.size();) {
    const std::size_t end = std::min(names.find(',', first), names.size());
    const Solver solver = one_solver(names.substr(first, end - first));
    if (is_one_of(solver, solvers)) throw UsageError(fmt::format("solver {} is named twice", to_string(solver)));
    solvers.push_back(solver);
    first = end + 1;
  }
  return solvers;
}

}  // namespace seesaw::cli
