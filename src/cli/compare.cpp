#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "commands.hpp"
#include "fit.hpp"
#include "interrupt.hpp"
#include "json.hpp"
#include "output.hpp"
#include "plot.hpp"
#include "seesaw/version.hpp"
#include "solver_options.hpp"

namespace seesaw::cli {
namespace {

struct CompareOptions {
  FitOptions fit;
  std::string names = "als,agd,lbfgs,newton";
  std::vector<Solver> solvers;
};

/// How one solver went. `run` has no history where it failed before its first sweep.
struct Contestant {
  Solver solver;
  CompletionRun run;
  std::string failure;  ///< empty: none
};

/// Solvers of the nuclear-norm ball have no penalty: beside others, all are compared by the squared errors alone.
bool of_different_objectives(const std::vector<Solver>& solvers) {
  const auto ball = std::count_if(solvers.begin(), solvers.end(), bounded_by_radius);
  return ball > 0 && ball < std::ssize(solvers);
}

template <class T>
Contestant contest(Context& context, const CompareOptions& options, Solver solver, const CompletionProblem<T>& problem,
                   Progress& progress, const InterruptGuard& interrupt) {
  Contestant one{solver, {}, ""};
  CompletionOptions completion = options.fit.completion;
  if (bounded_by_radius(solver)) completion.stopping.gradient_norm = 0;  // which they do not tell
  completion.callback = [&](int start, const SweepRecord& record) {
    one.run.history.push_back(record);
    progress.sweep(completion.stopping, completion.restarts, start, record);
    return !interrupt.requested();
  };
  progress.note(fmt::format("{}:", to_string(solver)));
  try {
    one.run.stopped = complete(context, solver, problem, completion, options.fit.own).runs.back().stopped;
  } catch (const Diverged<T>& error) {
    one.run.stopped = StopReason::diverged;
    one.failure = error.what();
  } catch (const InvalidArgument& error) {
    one.failure = error.what();
  } catch (const OutOfMemory& error) {
    one.failure = error.what();
  }
  if (!one.failure.empty()) progress.note(fmt::format("{}: {}", to_string(solver), one.failure));
  return one;
}

/// Numbers in columns of their own, as many digits as they tell.
std::string table(const std::vector<Contestant>& contestants) {
  std::vector<std::vector<std::string>> rows{
      {"solver", "sweeps", "seconds", "objective", "train RMSE", "validation RMSE", "ended by"}};
  for (const Contestant& one : contestants) {
    const std::string end = one.failure.empty()                       ? to_string(one.run.stopped)
                            : one.run.stopped == StopReason::diverged ? "divergence"
                                                                      : "failure";
    if (one.run.history.empty()) {
      rows.push_back({to_string(one.solver), "0", "-", "-", "-", "-", end});
      continue;
    }
    const SweepRecord& last = one.run.history.back();
    rows.push_back({to_string(one.solver), std::to_string(last.sweep), fmt::format("{:.3f}", last.seconds),
                    fmt::format("{:.8g}", last.objective), fmt::format("{:.6f}", last.train_rmse),
                    std::isnan(last.validation_rmse) ? "-" : fmt::format("{:.6f}", last.validation_rmse), end});
  }
  return aligned(rows);
}

std::string document(const CompareOptions& options, const std::string& backend, offset_t entries,
                     const std::vector<Contestant>& contestants) {
  Json solvers = Json::array();
  for (const Contestant& one : contestants) {
    Json entry = json_of(one.run);
    entry.erase("seed");
    entry["solver"] = to_string(one.solver);
    entry["solver_options"] = json_of(one.solver, options.fit.own);
    entry["failure"] = one.failure.empty() ? Json(nullptr) : Json(one.failure);
    if (!one.failure.empty() && one.run.stopped != StopReason::diverged) entry["stopped"] = nullptr;
    solvers.push_back(entry);
  }
  return to_text({{"command", "compare"},
                  {"version", kVersion},
                  {"ratings", {{"path", options.fit.ratings}, {"entries", entries}}},
                  {"backend", backend},
                  {"precision", options.fit.precision == Precision::single ? "float" : "double"},
                  {"options", json_of(options.fit.completion)},
                  {"solvers", solvers}});
}

void draw_comparison(const CompareOptions& options, offset_t entries, const std::vector<Contestant>& contestants) {
  const bool mixed = of_different_objectives(options.solvers);
  std::vector<NamedHistory> histories;
  for (const Contestant& one : contestants) {
    NamedHistory named{to_string(one.solver), one.run.history};
    if (mixed)
      for (SweepRecord& record : named.history)
        record.objective = 0.5 * record.train_rmse * record.train_rmse * static_cast<double>(entries);
    if (!named.history.empty()) histories.push_back(std::move(named));
  }
  if (histories.empty()) return;
  draw(options.fit.plot,
       convergence_figure(options.fit.ratings + (mixed ? "; objective: squared errors / 2" : ""), histories));
}

template <class T>
void compare(CompareOptions& options) {
  FitOptions& fit = options.fit;
  Progress progress(fit.json ? ProgressStyle::none : fit.progress);
  FitData<T> data = read_fit_data<T>(fit, progress);
  const offset_t entries = data.train.view().entries;
  const auto element = static_cast<std::int64_t>(sizeof(T));
  ChosenBackend chosen = choose_backend(fit.backend, [&](const Context& context) {
    const index_t rows = data.train.rows, cols = data.train.cols;
    const offset_t held = data.validation.view().entries;
    return ratings_bytes(rows, entries, false, element) + ratings_bytes(data.validation.rows, held, false, element) +
           als_memory(context, {rows, cols, entries, false, held, fit.completion.rank, element, false});
  });
  Context& context = chosen.context;
  progress.note(fmt::format("backend {} ({})", context.description(), chosen.why));
  const Csr<T> train = placed(context, std::move(data.train));
  const Csr<T> validation = placed(context, std::move(data.validation));
  const InterruptGuard interrupt(!progress.silent());
  std::vector<Contestant> contestants;
  for (const Solver solver : options.solvers) {
    if (interrupt.requested()) break;
    contestants.push_back(contest<T>(context, options, solver, {train.view(), validation.view()}, progress, interrupt));
  }
  progress.end();
  Output output;
  output.write(fit.json ? document(options, context.description(), entries, contestants) : table(contestants));
  output.finish();
  if (!fit.plot.empty()) draw_comparison(options, entries, contestants);
  const auto failed =
      std::find_if(contestants.begin(), contestants.end(), [](const Contestant& one) { return !one.failure.empty(); });
  if (failed != contestants.end()) throw Error(fmt::format("{}: {}", to_string(failed->solver), failed->failure));
}

void check(const CLI::App& command, CompareOptions& options) {
  FitOptions& fit = options.fit;
  if (fit.completion.stopping.patience > 0 && fit.validation.empty() && fit.holdout == 0)
    throw UsageError("--patience needs ratings to watch: --validation or --holdout");
  if (command.count("--exponent") > 0 && fit.completion.weighting == Weighting::plain)
    throw UsageError("--exponent goes with --weighting by-count");
  std::vector<std::string> inputs{fit.ratings};
  if (!fit.validation.empty()) inputs.push_back(fit.validation);
  for (const std::string& input : inputs) require_readable(input);
  if (!fit.plot.empty()) require_plot(fit.plot, inputs);
  require_backend(fit.backend);
  if (fit.rank > 0) fit.completion.rank = fit.rank;
  fit.format.threads = fit.backend.threads;
}

}  // namespace

void add_compare(CLI::App& program) {
  const auto options = std::make_shared<CompareOptions>();
  FitOptions& fit = options->fit;
  CLI::App& command = *program.add_subcommand(
      "compare", "Run several solvers on one problem, under one budget, and tell how each went");
  command.add_option("RATINGS", fit.ratings, "CSV, TSV, MovieLens or Matrix Market, plain or gzip")->required();
  command.add_option("--solvers", options->names, "In this order; see seesaw fit --help for all")
      ->type_name("NAME,...")
      ->capture_default_str()
      ->group("Solver");
  const auto arguments = std::make_shared<SolverArguments>(command, fit.own, fit.completion.stopping);
  add_plot(command, fit.plot, "Draw objective, error and RMSE against sweeps and seconds, a curve for each solver");
  add_model_options(command, fit);
  add_run_options(command, fit);
  add_validation_options(command, fit);
  add_backend(command, fit.backend);
  add_format(command, fit.format);
  add_progress(command, fit.progress);
  add_json(command, fit.json);
  command.footer(
      "Every solver begins from the same drawn factors and has --sweeps and --time-limit to itself. frank-wolfe and\n"
      "nuclear-pgd have a bound in the place of rank and penalty; beside others the picture shows squared errors.\n"
      "Exit code 1 where a solver failed, after the others' results.\n\n"
      "Example:\n"
      "  seesaw compare u1.base --solvers als,agd,lbfgs,sgd --rank 10 --time-limit 5 --sweeps 1000 \\\n"
      "    --validation u1.test --plot convergence.svg");
  command.callback([options, arguments, &command] {
    options->solvers = solvers_of(options->names);
    arguments->require_fitting(options->solvers);
    const bool all_bounded = std::all_of(options->solvers.begin(), options->solvers.end(), bounded_by_radius);
    if (all_bounded) require_common(command, options->solvers.front());
    check(command, *options);
    with_precision(options->fit.precision, [&](auto number) { compare<decltype(number)>(*options); });
  });
}

}  // namespace seesaw::cli
