#include <fmt/format.h>

#include <cmath>

#include "cp.hpp"
#include "fit.hpp"
#include "output.hpp"

namespace seesaw::cli {
namespace {

/// So many sweeps without a step worth the name are a swamp, fewer only a slow stretch.
constexpr int kSwamp = 10;

std::vector<int> from_one(const std::vector<int>& modes) {
  std::vector<int> numbers;
  for (const int mode : modes) numbers.push_back(mode + 1);
  return numbers;
}

}  // namespace

Json json_of(const CpOptions& options, int order) {
  Json ridge = Json::array(), nonnegative = Json::array(), fixed = Json::array();
  for (int n = 0; n < order; ++n) {
    const CpMode& mode = options.modes[static_cast<std::size_t>(n)];
    ridge.push_back(mode.ridge);
    if (mode.nonnegative) nonnegative.push_back(n + 1);
    if (mode.fixed) fixed.push_back(n + 1);
  }
  return {{"rank", options.rank},
          {"ridge", ridge},
          {"nonnegative", nonnegative},
          {"fixed", fixed},
          {"order", from_one(options.order)},
          {"start", word_for(options.start)},
          {"seed", options.seed},
          {"starts", options.starts},
          {"sweeps", options.stopping.sweeps},
          {"fit_change", options.stopping.fit_change},
          {"relative_error", options.stopping.relative_error},
          {"time_limit", options.stopping.seconds}};
}

Json json_of(const CpRun& run) {
  Json history = Json::array();
  for (const CpSweep& sweep : run.history)
    history.push_back(
        {{"sweep", sweep.sweep}, {"fit", sweep.fit}, {"objective", sweep.objective}, {"seconds", sweep.seconds}});
  return {{"seed", run.seed},
          {"stopped", to_string(run.stopped)},
          {"fit", run.history.empty() ? Json(nullptr) : Json(run.history.back().fit)},
          {"sweeps", run.history.size()},
          {"match", run.match},
          {"swamp_sweeps", run.swamp_sweeps},
          {"history", history}};
}

Json json_of(const CpDiagnostics& diagnostics) {
  Json pair = nullptr;
  if (diagnostics.first != diagnostics.second) pair = {diagnostics.first + 1, diagnostics.second + 1};
  return {{"core_consistency", diagnostics.core_consistency},
          {"gram_condition", diagnostics.gram_condition},
          {"cosine", diagnostics.cosine},
          {"components", pair},
          {"degenerate", diagnostics.degenerate}};
}

template <class T>
std::string completed_text(const CpModel<T>& model) {
  const CpCompletion& completion = *model.completion;
  std::string text = fmt::format("sweep {}", completion.best_sweep);
  if (completion.runs.size() > 1) text += fmt::format(" of start {} of {}", model.best_run + 1, completion.runs.size());
  text += fmt::format(": {}; fit {:.6f} of the known entries\n",
                      merits(kept_sweep(completion.runs, model.best_run, completion.best_sweep)), model.fit);
  return text + fmt::format("mean {:.6g}, weights {:.6g}\n", completion.mean, fmt::join(model.weights, ", "));
}

template <class T>
Json completed_json(const CpModel<T>& model) {
  const CpCompletion& completion = *model.completion;
  const TensorCompletionOptions& options = completion.options;
  const SweepRecord kept = kept_sweep(completion.runs, model.best_run, completion.best_sweep);
  const auto solver = find_solver(completion.solver);
  Json runs = Json::array();
  for (const CompletionRun& run : completion.runs) runs.push_back(json_of(run));
  const auto lambda = options.lambda.begin();
  return {{"solver", completion.solver},
          {"solver_options", solver ? json_of(*solver, completion.own) : Json::object()},
          {"options",
           {{"rank", options.rank},
            {"ridge", std::vector<double>(lambda, lambda + std::ssize(model.factors))},
            {"weighting", options.weighting == Weighting::by_count ? "by-count" : "plain"},
            {"exponent", options.exponent},
            {"centre", options.centre},
            {"implicit", json_of(options.implicit)},
            {"seed", options.seed},
            {"starts", options.restarts},
            {"sweeps", options.stopping.sweeps},
            {"tolerance", options.stopping.tolerance},
            {"time_limit", options.stopping.seconds},
            {"patience", options.stopping.patience},
            {"gradient_norm", options.stopping.gradient_norm}}},
          {"fit", model.fit},
          {"mean", completion.mean},
          {"weights", model.weights},
          {"train_rmse", kept.train_rmse},
          {"validation_rmse", kept.validation_rmse},
          {"runs", runs},
          {"best_run", model.best_run},
          {"best_sweep", completion.best_sweep}};
}

template std::string completed_text(const CpModel<float>&);
template std::string completed_text(const CpModel<double>&);
template Json completed_json(const CpModel<float>&);
template Json completed_json(const CpModel<double>&);

std::string diagnostics_text(const CpDiagnostics& diagnostics, const CpRun& best) {
  std::string conditions;
  for (const double condition : diagnostics.gram_condition)
    conditions += fmt::format("{}{:.3g}", conditions.empty() ? "" : ", ", condition);
  std::string text = std::isnan(diagnostics.core_consistency)
                         ? "core consistency: none (the core is too large, or a factor has dependent columns)\n"
                         : fmt::format("core consistency {:.1f} %\n", diagnostics.core_consistency);
  text += fmt::format("condition of the Grams {}\n", conditions);
  if (diagnostics.first != diagnostics.second)
    text += fmt::format("most negative cosine {:.3f}, of components {} and {}\n", diagnostics.cosine,
                        diagnostics.first + 1, diagnostics.second + 1);
  if (diagnostics.degenerate)
    text += fmt::format(
        "degenerate: components {} and {} cancel each other (cosine {:.2f}); a --ridge keeps them bounded\n",
        diagnostics.first + 1, diagnostics.second + 1, diagnostics.cosine);
  if (best.swamp_sweeps >= kSwamp)
    text += fmt::format("swamp: {} sweeps barely changed the fit before it moved again\n", best.swamp_sweeps);
  return text;
}

std::string starts_text(const std::vector<CpRun>& runs, int best_run) {
  if (runs.size() < 2) return "";
  std::string text =
      fmt::format("{:>5} {:>20} {:>10} {:>7} {:>7}  {}\n", "start", "seed", "fit", "sweeps", "match", "ended by");
  for (std::size_t s = 0; s < runs.size(); ++s) {
    const CpRun& run = runs[s];
    const std::string fit = run.history.empty() ? "-" : fmt::format("{:.6f}", run.history.back().fit);
    text += fmt::format("{:>5} {:>20} {:>10} {:>7} {:>7.4f}  {}{}\n", s + 1, run.seed, fit, run.history.size(),
                        run.match, to_string(run.stopped), static_cast<int>(s) == best_run ? " (kept)" : "");
  }
  return text;
}

std::string ending_text(const CpRun& run, const CpStopping& stopping) {
  switch (run.stopped) {
    case StopReason::tolerance: {
      const double error = run.history.empty() ? 1 : 1 - run.history.back().fit;
      return stopping.relative_error > 0 && error <= stopping.relative_error
                 ? fmt::format("the relative error is at most {}", stopping.relative_error)
                 : fmt::format("the fit changed by less than {}", stopping.fit_change);
    }
    case StopReason::sweeps:
      return stopping.sweeps == 1 ? "the 1 sweep was done" : fmt::format("all {} sweeps were done", stopping.sweeps);
    case StopReason::time:
      return fmt::format("the time limit of {} was over", seconds_text(stopping.seconds));
    case StopReason::callback:
      return "Ctrl-C";
    default:
      return to_string(run.stopped);
  }
}

}  // namespace seesaw::cli
