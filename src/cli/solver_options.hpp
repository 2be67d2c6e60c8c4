#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "seesaw/complete.hpp"

namespace seesaw::cli {

/// Whether it is one of those of the nuclear-norm ball: a radius takes the place of rank and penalty.
bool bounded_by_radius(Solver solver);

/// The command-line options of the solvers' own, under one group of --help, and which solvers have them.
class SolverArguments {
 public:
  /// Those that one of `offered` has. What they set must outlive the parsing.
  SolverArguments(CLI::App& command, SolverOptions& own, Stopping& stopping,
                  const std::vector<Solver>& offered = all_solvers());

  std::vector<CLI::Option*> options() const;

  /// Throws UsageError for an option that was given and that none of `solvers` has, and where one that a solver cannot
  /// do without was not.
  void require_fitting(const std::vector<Solver>& solvers) const;

 private:
  /// Null where none of the offered solvers has it.
  CLI::Option* add(CLI::Option* option, const std::vector<Solver>& solvers);

  CLI::App& command_;
  const std::vector<Solver> offered_;
  std::vector<std::pair<CLI::Option*, std::vector<Solver>>> options_;
  const SolverOptions& own_;
  CLI::Option *radius_ = nullptr, *step_ = nullptr, *decrease_ = nullptr, *curvature_ = nullptr;
};

/// Throws UsageError for what these options ask and a solver does not do: als() alone takes implicit feedback, the
/// solvers of the nuclear-norm ball have no start and no penalty.
void require_common(const CLI::App& command, Solver solver);

/// Throws UsageError where none has that name.
Solver one_solver(const std::string& name);

/// Names separated by commas, each once. Throws UsageError.
std::vector<Solver> solvers_of(const std::string& names);

}  // namespace seesaw::cli
