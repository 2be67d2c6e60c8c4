#include "experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "arguments.hpp"
#include "commands.hpp"
#include "experiment_log.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "plot.hpp"
#include "seesaw/version.hpp"

namespace seesaw::cli {
namespace {

struct ExperimentOptions {
  std::string file, output, plot;
  int sweeps = 0;  ///< 0: the file's
  BackendOptions backend;
  ProgressStyle progress = ProgressStyle::automatic;
  bool json = false;
};

/// What became of the runs as a whole.
struct Tally {
  int found = 0, fresh = 0;
  std::string failure;  ///< why the first of those that could not begin did not; empty: all could
  bool interrupted = false;
};

std::unique_ptr<ExperimentProblem> problem_of(const Experiment& experiment, const BackendOptions& backend,
                                              Progress& progress) {
  switch (experiment.data.kind) {
    case ExperimentKind::cp:
      return experiment.data.known > 0 ? tensor_completion_problem(experiment, backend, progress)
                                       : cp_problem(experiment, backend, progress);
    case ExperimentKind::completion:
      return completion_problem(experiment, backend, progress);
  }
  throw Error("this kind of experiment has no solvers");
}

/// The runs that are not in the log, one after the other; each is in it as soon as it is done.
class Runner {
 public:
  Runner(const Experiment& experiment, const BackendOptions& backend, const std::vector<PlannedRun>& runs,
         ExperimentLog& log, Progress& progress)
      : experiment_(experiment),
        runs_(runs),
        log_(log),
        progress_(progress),
        interrupt_(/*aloud=*/false),
        problem_(problem_of(experiment, backend, progress)) {}

  Tally all(std::vector<const RunOutcome*>& outcomes) {
    Tally tally;
    for (const PlannedRun& run : runs_) {
      outcomes.push_back(log_.find(run));
      if (outcomes.back() != nullptr) ++tally.found;
    }
    progress_.note(fmt::format("{}: {}, {} of them in {}", experiment_.path, counted(std::ssize(runs_), "run"),
                               tally.found, experiment_.output));
    for (std::size_t r = 0; r < runs_.size() && !interrupt_.requested(); ++r) {
      if (outcomes[r] != nullptr) continue;
      outcomes[r] = one(r, tally.failure);
      if (outcomes[r] != nullptr) ++tally.fresh;
    }
    tally.interrupted = interrupt_.requested();
    return tally;
  }

 private:
  /// Null where it did not begin, or was interrupted.
  const RunOutcome* one(std::size_t r, std::string& failure) {
    const PlannedRun& run = runs_[r];
    const std::string name = fmt::format("run {}/{}: {}", r + 1, runs_.size(), text_of(experiment_, run));
    const double all = static_cast<double>(runs_.size());
    const auto watch = [&](int sweep, double error) {
      const double part = static_cast<double>(sweep) / experiment_.sweeps;
      progress_.bar((static_cast<double>(r) + part) / all,
                    fmt::format("{}, sweep {}/{}: error {:.4g}", name, sweep, experiment_.sweeps, error));
      return !interrupt_.requested();
    };
    try {
      RunOutcome outcome = problem_->solve(run, watch);
      if (interrupt_.requested() && outcome.ended == to_string(StopReason::callback)) return nullptr;
      note(name, outcome);
      return &log_.append(experiment_, run, std::move(outcome));
    } catch (const InvalidArgument& error) {
      begun_badly(name, error, failure);
    } catch (const OutOfMemory& error) {
      begun_badly(name, error, failure);
    }
    return nullptr;
  }

  void begun_badly(const std::string& name, const Error& error, std::string& failure) {
    const std::string text = fmt::format("{}: {}", name, error.what());
    progress_.note(text);
    if (failure.empty()) failure = text;
  }

  void note(const std::string& name, const RunOutcome& outcome) {
    if (!outcome.failure.empty()) return progress_.note(fmt::format("{}: {}", name, outcome.failure));
    const std::vector<RunSweep> sweeps = sweeps_of(experiment_.data.kind, outcome.history);
    if (sweeps.empty()) return;
    progress_.line(fmt::format("{}: error {:.6g} after {} in {}, ended by {}", name, sweeps.back().error,
                               counted(std::ssize(sweeps), "sweep"), seconds_text(sweeps.back().seconds),
                               outcome.ended));
  }

  const Experiment& experiment_;
  const std::vector<PlannedRun>& runs_;
  ExperimentLog& log_;
  Progress& progress_;
  InterruptGuard interrupt_;
  std::unique_ptr<ExperimentProblem> problem_;
};

void draw_experiment(const Experiment& experiment, const std::vector<Configuration>& all) {
  try {
    draw(experiment.plot, experiment_figure(experiment, all));
  } catch (const IoError& error) {
    throw Error(
        fmt::format("{}; the runs are in {}, and the same command draws them", error.what(), experiment.output));
  }
}

std::string document(const Experiment& experiment, const Tally& tally, std::size_t planned, bool torn,
                     const std::vector<Configuration>& all) {
  return to_text(
      {{"command", "experiment"},
       {"version", kVersion},
       {"experiment", experiment.path},
       {"title", experiment.title},
       {"output", experiment.output},
       {"plot", experiment.plot.empty() ? Json(nullptr) : Json(experiment.plot)},
       {"runs", {{"planned", planned}, {"found", tally.found}, {"done", tally.fresh}, {"torn_line_dropped", torn}}},
       {"summary", summary_json(experiment, all)},
       {"failure", tally.failure.empty() ? Json(nullptr) : Json(tally.failure)},
       {"interrupted", tally.interrupted}});
}

Experiment checked(const ExperimentOptions& options) {
  Experiment experiment = read_experiment(options.file);
  if (!options.output.empty()) experiment.output = options.output;
  if (!options.plot.empty()) experiment.plot = options.plot;
  if (options.sweeps > 0) experiment.sweeps = options.sweeps;
  if (experiment.output.empty())
    throw UsageError(fmt::format("{}: has no output, the file of the finished runs; give one there or by --output",
                                 experiment.path));
  std::vector<std::string> inputs{experiment.path};
  for (const std::string& path : {experiment.data.file, experiment.data.validation})
    if (!path.empty()) inputs.push_back(path);
  for (const std::string& input : inputs) require_readable(input);
  require_writable(experiment.output, inputs);
  if (!experiment.plot.empty()) {
    inputs.push_back(experiment.output);
    require_plot(experiment.plot, inputs);
  }
  require_backend(options.backend);
  return experiment;
}

void run(const ExperimentOptions& options) {
  const Experiment experiment = checked(options);
  Progress progress(options.json ? ProgressStyle::none : options.progress);
  const std::vector<PlannedRun> runs = plan(experiment);
  ExperimentLog log(experiment.output, experiment.data.kind);
  if (log.was_torn())
    progress.note(
        fmt::format("{}: the last line was cut off, and is dropped: its run is done again", experiment.output));
  std::vector<const RunOutcome*> outcomes;
  const Tally tally = Runner(experiment, options.backend, runs, log, progress).all(outcomes);
  if (tally.interrupted)
    progress.note("stopped early; the finished runs are kept, and the same command does the others");
  progress.end();
  const std::vector<Configuration> all = configurations(runs, outcomes);
  Output output;
  output.write(options.json ? document(experiment, tally, runs.size(), log.was_torn(), all)
                            : summary_table(experiment, all));
  output.finish();
  if (!experiment.plot.empty()) draw_experiment(experiment, all);
  if (!tally.failure.empty()) throw Error(tally.failure);
}

}  // namespace

void add_experiment(CLI::App& program) {
  const auto options = std::make_shared<ExperimentOptions>();
  CLI::App& command = *program.add_subcommand(
      "experiment", "Run methods x ranks x noise x regularization x seeds, as a file says, and sum them up");
  command.add_option("FILE", options->file, "What to run, in TOML: see docs/experiment-format.md")->required();
  command
      .add_option("-o,--output", options->output,
                  "The finished runs, a line of JSON each, in place of the file's output. Runs that are there are not "
                  "done again")
      ->type_name("LOG");
  add_plot(command, options->plot, "Draw error against sweep, in place of the file's plot");
  command.add_option("--sweeps", options->sweeps, "At most so many, in place of the file's sweeps")
      ->type_name("N")
      ->check(count_from(1));
  add_backend(command, options->backend);
  add_progress(command, options->progress);
  add_json(command, options->json);
  command.footer(
      "Paths in the file are seen from the current folder, as those on the command line. Ctrl-C ends the run that is\n"
      "going on and sums up those that are done; the same command goes on from there, after a kill too.\n\n"
      "Example:\n"
      "  seesaw experiment examples/classic.toml --output classic.jsonl --plot classic.svg");
  command.callback([options] { run(*options); });
}

}  // namespace seesaw::cli
