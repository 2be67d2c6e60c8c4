#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "experiment.hpp"
#include "output.hpp"
#include "solver_options.hpp"

namespace seesaw::cli {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Least, median and greatest; of an even number the median is the mean of the two in the middle. NaN of none.
struct Spread {
  double least = kNaN, median = kNaN, most = kNaN;
};
Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {values.front(), median, values.back()};
}

/// The histories of those that did not diverge and have one.
std::vector<std::vector<RunSweep>> histories_of(ExperimentKind kind, const Configuration& configuration) {
  std::vector<std::vector<RunSweep>> histories;
  for (const RunOutcome* const outcome : configuration.outcomes)
    if (outcome->failure.empty() && !outcome->history.empty()) histories.push_back(sweeps_of(kind, outcome->history));
  return histories;
}

int diverged(const Configuration& configuration) {
  return static_cast<int>(std::count_if(configuration.outcomes.begin(), configuration.outcomes.end(),
                                        [](const RunOutcome* outcome) { return !outcome->failure.empty(); }));
}

/// What the seeds of a configuration came to.
struct Figures {
  Spread error, objective, sweeps, seconds_per_sweep;
};
Figures figures_of(ExperimentKind kind, const Configuration& configuration) {
  std::vector<double> errors, objectives, sweeps, seconds;
  for (const std::vector<RunSweep>& history : histories_of(kind, configuration)) {
    const RunSweep& last = history.back();
    errors.push_back(last.error);
    objectives.push_back(last.objective);
    sweeps.push_back(static_cast<double>(history.size()));
    seconds.push_back(last.seconds / static_cast<double>(history.size()));
  }
  return {spread_of(errors), spread_of(objectives), spread_of(sweeps), spread_of(seconds)};
}

std::string optional_text(const auto& value) { return value ? fmt::format("{}", *value) : "-"; }
std::string number_text(double value) { return std::isnan(value) ? "-" : fmt::format("{:.6g}", value); }

bool validated(const Experiment& experiment) {
  return experiment.data.holdout > 0 || !experiment.data.validation.empty();
}

/// What RunSweep::error is.
std::string error_name(const Experiment& experiment) {
  if (experiment.data.known > 0) return "relative error of what is not known";
  if (experiment.data.kind == ExperimentKind::cp) return "relative error |T - M| / |T|";
  return validated(experiment) ? "validation RMSE" : "train RMSE";
}

// ---- the picture

/// The median over the runs after each sweep, in a band from the least to the greatest.
template <class Measure>
Curve curve_of(const std::vector<std::vector<RunSweep>>& histories, int colour, const Measure& measure) {
  constexpr int kColours = 10;
  Curve curve;
  curve.colour = colour;
  curve.dashed = colour / kColours % 2 == 1;
  std::size_t longest = 0;
  for (const auto& history : histories) longest = std::max(longest, history.size());
  for (std::size_t s = 0; s < longest; ++s) {
    std::vector<double> values;
    for (const auto& history : histories) values.push_back(measure(history[std::min(s, history.size() - 1)]));
    const Spread spread = spread_of(values);
    curve.x.push_back(static_cast<double>(s + 1));
    curve.y.push_back(spread.median);
    if (histories.size() < 2) continue;
    curve.low.push_back(spread.least);
    curve.high.push_back(spread.most);
  }
  return curve;
}

/// The method, and of rank, noise and penalty those that differ among the configurations.
std::string name_of(const Experiment& experiment, const Configuration& configuration) {
  const PlannedRun& run = *configuration.run;
  std::string name = run.method->name;
  if (run.rank && experiment.ranks.size() > 1) name += fmt::format(", rank {}", *run.rank);
  if (run.noise && experiment.data.noise.size() > 1) name += fmt::format(", noise {}", *run.noise);
  if (run.penalty && experiment.penalties.size() > 1)
    name += fmt::format(", {} {}", penalty_name(experiment.data.kind), *run.penalty);
  if (const int count = diverged(configuration); count > 0) name += fmt::format(" ({} diverged)", count);
  return name;
}

template <class Measure>
Panel panel_of(const Experiment& experiment, const std::vector<Configuration>& all, const std::string& title,
               const std::string& label, bool named, const Measure& measure) {
  Panel panel{title, "sweep", label, {}, /*log_y=*/true, /*whole_x=*/true};
  for (std::size_t c = 0; c < all.size(); ++c) {
    panel.curves.push_back(curve_of(histories_of(experiment.data.kind, all[c]), static_cast<int>(c), measure));
    if (named) panel.curves.back().name = name_of(experiment, all[c]);
  }
  return panel;
}

/// Solvers of the nuclear-norm ball have another objective than the others.
bool of_one_objective(const Experiment& experiment) {
  const auto ball = std::count_if(experiment.methods.begin(), experiment.methods.end(),
                                  [](const ExperimentMethod& method) { return bounded_by_radius(method.solver); });
  return ball == 0 || ball == std::ssize(experiment.methods);
}

}  // namespace

std::vector<Configuration> configurations(const std::vector<PlannedRun>& runs,
                                          const std::vector<const RunOutcome*>& outcomes) {
  std::vector<Configuration> all;
  std::map<std::string, std::size_t> places;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    Json same = runs[r].parameters;
    same.erase("seed");
    const auto [place, fresh] = places.emplace(same.dump(), all.size());
    if (fresh) all.push_back({&runs[r], 0, {}});
    Configuration& configuration = all[place->second];
    ++configuration.planned;
    if (outcomes[r] != nullptr) configuration.outcomes.push_back(outcomes[r]);
  }
  return all;
}

std::string summary_table(const Experiment& experiment, const std::vector<Configuration>& all) {
  const ExperimentKind kind = experiment.data.kind;
  std::vector<std::vector<std::string>> rows{
      {"method", "rank", "noise", penalty_name(kind), "runs", "error", "least", "greatest", "sweeps", "s/sweep", ""}};
  for (const Configuration& one : all) {
    const Figures figures = figures_of(kind, one);
    const std::size_t done = one.outcomes.size();
    const int count = diverged(one);
    rows.push_back(
        {one.run->method->name, optional_text(one.run->rank), optional_text(one.run->noise),
         optional_text(one.run->penalty),
         std::ssize(one.outcomes) == one.planned ? fmt::format("{}", done) : fmt::format("{} of {}", done, one.planned),
         number_text(figures.error.median), number_text(figures.error.least), number_text(figures.error.most),
         number_text(figures.sweeps.median),
         std::isnan(figures.seconds_per_sweep.median) ? "-" : fmt::format("{:.3g}", figures.seconds_per_sweep.median),
         count > 0 ? fmt::format("{} diverged", count) : ""});
  }
  return fmt::format("error: the last {}, median over the seeds; so are sweeps and s/sweep\n", error_name(experiment)) +
         aligned(rows);
}

Json summary_json(const Experiment& experiment, const std::vector<Configuration>& all) {
  Json table = Json::array();
  const auto json_of_spread = [](const Spread& spread) -> Json {
    return {{"least", spread.least}, {"median", spread.median}, {"greatest", spread.most}};
  };
  for (const Configuration& one : all) {
    const Figures figures = figures_of(experiment.data.kind, one);
    const Json& parameters = one.run->parameters;
    const char* const penalty = penalty_name(experiment.data.kind);
    table.push_back({{"method", parameters["method"]},
                     {"solver", parameters["solver"]},
                     {"options", parameters["options"]},
                     {"rank", parameters["rank"]},
                     {"noise", parameters["noise"]},
                     {penalty, parameters[penalty]},
                     {"planned", one.planned},
                     {"runs", one.outcomes.size()},
                     {"diverged", diverged(one)},
                     {"error", json_of_spread(figures.error)},
                     {"objective", json_of_spread(figures.objective)},
                     {"sweeps", figures.sweeps.median},
                     {"seconds_per_sweep", figures.seconds_per_sweep.median}});
  }
  return table;
}

CurvesFigure experiment_figure(const Experiment& experiment, const std::vector<Configuration>& all) {
  const bool several = std::any_of(all.begin(), all.end(), [](const Configuration& one) { return one.planned > 1; });
  const std::string band = several ? "; band: the spread over the seeds" : "";
  CurvesFigure figure{experiment.title, {}, 2};
  const bool cp = experiment.data.kind == ExperimentKind::cp;
  const std::string error = cp                      ? "Error"
                            : validated(experiment) ? "Error: RMSE on validation entries"
                                                    : "Error: RMSE on training entries";
  figure.panels.push_back(panel_of(experiment, all, error + band, cp ? "|T - M| / |T|" : error_name(experiment), true,
                                   [](const RunSweep& sweep) { return sweep.error; }));
  if (!cp && of_one_objective(experiment))
    figure.panels.push_back(panel_of(experiment, all, "Objective" + band, "objective", false,
                                     [](const RunSweep& sweep) { return sweep.objective; }));
  return figure;
}

}  // namespace seesaw::cli
