#include <fmt/format.h>

#include <algorithm>

#include "arguments.hpp"
#include "cp_fit.hpp"
#include "fit.hpp"

namespace seesaw::cli {
namespace {

const std::vector<Solver> kSolvers{Solver::als, Solver::gd, Solver::lbfgs};

/// What cp_als() alone does, and why there is nothing of it in tensor completion.
const std::vector<std::pair<const char*, const char*>> kOfAll = {
    {"--nonnegative", "no solver of known entries keeps factors nonnegative"},
    {"--fixed", "every mode is solved"},
    {"--order", "a sweep solves the modes as they are numbered"},
    {"--start", "the missing elements are not there to draw it from; its start is normal"},
    {"--fit-change", "--tolerance ends it by its objective"},
    {"--sorted-copies", "it keeps them in any case"},
    {"--relative-error", "--tolerance ends it by its objective"},
    {"--rank-scan", "fits with --holdout tell which rank predicts best"}};

}  // namespace

CompletionArguments::CompletionArguments(CLI::App& command, CpFitOptions& options) : command_(command) {
  const std::string group = "Known entries";
  TensorCompletionOptions& completion = options.completion;
  known_only_ = command.add_flag("--known-only", options.known_only,
                                 "The entries of TENSOR are all that is known, what is not there is missing, not 0");
  known_only_->group(group);
  const auto add = [&](CLI::Option* option) {
    own_.push_back(option);
    return option->group(group);
  };
  add(command.add_option_function<std::string>(
          "--solver",
          [&options](const std::string& name) {
            const auto solver = find_solver(name);
            if (!solver || std::find(kSolvers.begin(), kSolvers.end(), *solver) == kSolvers.end())
              throw UsageError(fmt::format("--solver is \"{}\", expected als, gd or lbfgs", name));
            options.solver = *solver;
          },
          "Alternating least squares, or down the gradient in all factors at once"))
      ->type_name("als|gd|lbfgs")
      ->default_str("als");
  add(add_choice<Weighting>(command, "--weighting", completion.weighting,
                            {{"by-count", Weighting::by_count}, {"plain", Weighting::plain}},
                            "Whether an index's --ridge grows with the number of its entries"));
  add(command.add_option("--exponent", completion.exponent, "Of that number, with --weighting by-count"))
      ->type_name("NU")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  add(command.add_flag_callback(
      "--no-centre,--no-center", [&completion] { completion.centre = false; },
      "Do not subtract the mean of the entries"));
  completion.stopping.tolerance = 1e-6;
  add(command.add_option("--tolerance", completion.stopping.tolerance,
                         "End when the objective changes by less than this part; 0: never"))
      ->type_name("X")
      ->check(not_negative())
      ->capture_default_str();
  CLI::Option* const file =
      add(command.add_option("--validation", options.validation, "Entries to measure the RMSE on after each sweep"))
          ->type_name("FILE");
  add(command.add_option("--holdout", options.holdout,
                         "Hold out this part of TENSOR instead; never the last entry of an index"))
      ->type_name("FRACTION")
      ->check(fraction())
      ->excludes(file);
  add(command.add_option("--patience", completion.stopping.patience,
                         "End after so many sweeps without a better validation RMSE and keep the best; 0: never"))
      ->type_name("N")
      ->check(count_from(0))
      ->capture_default_str();
  add_implicit_options(command, options.implicit, options.feedback,
                       "The entries of TENSOR are counts of what was done; all else counts as 0, with little weight");
  for (const char* const name : {"--alpha", "--confidences", "--unobserved", "--cg-steps"})
    own_.push_back(command.get_option(name));
  known_only_->excludes(command.get_option("--implicit"));
  solver_.emplace(command, options.own_of_solver, completion.stopping, kSolvers);
  for (CLI::Option* const option : solver_->options()) own_.push_back(option);
}

void CompletionArguments::settle(CpFitOptions& options) const {
  if (!options.completes()) {
    for (const CLI::Option* const option : own_)
      if (option->count() > 0)
        throw UsageError(fmt::format("{} goes with --known-only or --implicit", option->get_name()));
    return;
  }
  for (const auto& [name, why] : kOfAll)
    if (command_.count(name) > 0 && (std::string(name) != "--start" || options.cp.start != CpStart::normal))
      throw UsageError(
          fmt::format("{} does not go with {}: {}", name, options.implicit ? "--implicit" : "--known-only", why));
  solver_->require_fitting({options.solver});
  if (options.implicit) {
    if (options.solver != Solver::als)
      throw UsageError(fmt::format("--implicit does not go with --solver {}: als alone takes implicit feedback",
                                   to_string(options.solver)));
    if (options.feedback.cg_steps > 0 && std::count(options.ridge.begin(), options.ridge.end(), 0.0) > 0)
      throw UsageError("--cg-steps needs a --ridge that is more than 0");
    take_feedback(command_, options.feedback, options.completion);
  }
  if (command_.count("--exponent") > 0 && options.completion.weighting == Weighting::plain)
    throw UsageError("--exponent goes with --weighting by-count");
  if (options.completion.stopping.patience > 0 && options.validation.empty() && options.holdout == 0)
    throw UsageError("--patience needs entries to watch: --validation or --holdout");
}

}  // namespace seesaw::cli
