#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "fit.hpp"
#include "json.hpp"
#include "output.hpp"
#include "seesaw/version.hpp"

namespace seesaw::cli {
namespace {

/// Over all starts.
std::pair<int, double> sweeps_and_seconds(const std::vector<CompletionRun>& runs) {
  std::pair<int, double> total{0, 0};
  for (const CompletionRun& run : runs) {
    total.first += static_cast<int>(run.history.size());
    if (!run.history.empty()) total.second += run.history.back().seconds;
  }
  return total;
}

}  // namespace

SweepRecord kept_sweep(const std::vector<CompletionRun>& runs, int best_run, int best_sweep) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (best_sweep == 0) return {.objective = kNaN, .train_rmse = kNaN};
  return runs.at(static_cast<std::size_t>(best_run)).history.at(static_cast<std::size_t>(best_sweep) - 1);
}

double seconds_per_sweep(const std::vector<CompletionRun>& runs) {
  const auto [sweeps, seconds] = sweeps_and_seconds(runs);
  return seconds / sweeps;
}

std::string runs_text(const std::vector<CompletionRun>& runs, bool interrupted) {
  const auto [sweeps, seconds] = sweeps_and_seconds(runs);
  std::string text =
      fmt::format("{} in {}, {} each; ended by {}\n", counted(sweeps, "sweep"), seconds_text(seconds),
                  seconds_text(seconds / sweeps), interrupted ? "Ctrl-C" : to_string(runs.back().stopped));
  const auto diverged = std::count_if(runs.begin(), runs.end(),
                                      [](const CompletionRun& run) { return run.stopped == StopReason::diverged; });
  if (diverged > 0) text += fmt::format("{} of {} diverged\n", diverged, counted(std::ssize(runs), "start"));
  return text;
}

std::string fit_text(const FitOptions& options, const FitSummary& summary, const std::vector<CompletionRun>& runs) {
  const SweepRecord best = kept_sweep(runs, summary.best_run, summary.best_sweep);
  std::string text =
      fmt::format("{}: rank {}, {}, {}, {}\n", options.output, options.completion.rank, counted(summary.users, "user"),
                  counted(summary.items, "item"), counted(summary.entries, "rating"));
  text += fmt::format("sweep {}", summary.best_sweep);
  if (runs.size() > 1) text += fmt::format(" of start {}", summary.best_run + 1);
  text += fmt::format(": {}\n", merits(best));
  text += runs_text(runs, summary.interrupted);
  if (summary.singular_rows > 0)
    text += fmt::format(
        "{} solved by minimum norm: {} for rank {} and this lambda\n",
        summary.singular_rows == 1 ? "1 user or item was"
                                   : fmt::format("{} users or items were", summary.singular_rows),
        options.implicit ? "too few users or items, or confidences too far above --unobserved," : "too few ratings",
        options.completion.rank);
  return text;
}

std::string fit_json(const FitOptions& options, const FitSummary& summary, const std::vector<CompletionRun>& runs) {
  const SweepRecord best = kept_sweep(runs, summary.best_run, summary.best_sweep);
  Json all_runs = Json::array();
  for (const CompletionRun& run : runs) all_runs.push_back(json_of(run));
  Json document = {{"command", "fit"},
                   {"version", kVersion},
                   {"ratings",
                    {{"path", options.ratings},
                     {"entries", summary.entries},
                     {"users", summary.users},
                     {"items", summary.items},
                     {"merged", summary.merged}}},
                   {"validation", nullptr},
                   {"backend", {{"description", summary.backend}, {"why", summary.why}}},
                   {"precision", options.precision == Precision::single ? "float" : "double"},
                   {"solver", to_string(options.solver)},
                   {"solver_options", json_of(options.solver, options.own)},
                   {"options", json_of(options.completion)},
                   {"mean", summary.mean},
                   {"runs", all_runs},
                   {"best_run", summary.best_run},
                   {"best_sweep", summary.best_sweep},
                   {"train_rmse", best.train_rmse},
                   {"validation_rmse", best.validation_rmse},
                   {"singular_rows", summary.singular_rows},
                   {"seconds_per_sweep", seconds_per_sweep(runs)},
                   {"interrupted", summary.interrupted},
                   {"failure", summary.failure.empty() ? Json(nullptr) : Json(summary.failure)},
                   {"model", summary.saved ? Json(options.output) : Json(nullptr)},
                   {"plot", options.plot.empty() || !summary.saved ? Json(nullptr) : Json(options.plot)}};
  if (summary.validation_entries > 0)
    document["validation"] = {{"path", options.validation.empty() ? Json(nullptr) : Json(options.validation)},
                              {"entries", summary.validation_entries},
                              {"left_out", summary.validation_left_out}};
  return to_text(document);
}

}  // namespace seesaw::cli
