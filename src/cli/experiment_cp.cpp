#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <typeinfo>
#include <utility>

#include "cp_fit.hpp"
#include "experiment.hpp"

namespace seesaw::cli {
namespace {

template <class T>
class CpRuns : public ExperimentProblem {
 public:
  CpRuns(const Experiment& experiment, const BackendOptions& backend, Progress& progress)
      : experiment_(experiment), backend_(backend), progress_(progress) {}

  RunOutcome solve(const PlannedRun& run, const RunWatch& watch) override {
    load(run);
    RunOutcome outcome{Json::array(), "", "", json_of(problem_->facts), problem_->chosen.context.description()};
    outcome.facts.erase("path");
    CpOptions options;
    options.rank = *run.rank;
    for (CpMode& mode : options.modes) mode = {.ridge = *run.penalty, .nonnegative = run.method->nonnegative};
    options.start = run.method->start;
    options.seed = run.start_seed;
    options.stopping = experiment_.cp;
    options.stopping.sweeps = experiment_.sweeps;
    options.stopping.seconds = experiment_.seconds;
    options.callback = [&](int, const CpSweep& sweep) {
      outcome.history.push_back({{"sweep", sweep.sweep},
                                 {"error", 1 - sweep.fit},
                                 {"objective", sweep.objective},
                                 {"seconds", sweep.seconds}});
      return watch(sweep.sweep, 1 - sweep.fit);
    };
    try {
      const CpResult<T> result = decompose(problem_->chosen.context, problem_->tensor, options);
      outcome.ended = to_string(result.runs.front().stopped);
    } catch (const Error& error) {
      if (typeid(error) != typeid(Error)) throw;  // cp_als() throws those that are nothing more where it diverges
      outcome.ended = to_string(StopReason::diverged);
      outcome.failure = error.what();
    }
    return outcome;
  }

 private:
  void load(const PlannedRun& run) {
    const std::pair<std::optional<double>, std::uint64_t> wanted{run.noise, run.data_seed};
    const bool read = !experiment_.data.file.empty();
    if (problem_ && (read || wanted == loaded_)) return;
    problem_.reset();  // before there is another
    problem_.emplace(read ? of_file() : generated(run));
    loaded_ = wanted;
  }

  index_t most_rank() const { return *std::max_element(experiment_.ranks.begin(), experiment_.ranks.end()); }

  /// Of the methods' starts the one that takes most memory.
  CpStart hungriest_start() const {
    const auto& methods = experiment_.methods;
    return std::any_of(methods.begin(), methods.end(), [](const auto& one) { return one.start == CpStart::nvecs; })
               ? CpStart::nvecs
               : CpStart::normal;
  }

  CpProblem<T> of_file() const {
    CpFitOptions fit;
    fit.tensor = experiment_.data.file;
    fit.format = experiment_.data.tensor;
    fit.backend = backend_;
    fit.cp.start = hungriest_start();
    return read_problem<T>(fit, most_rank(), progress_);
  }

  CpProblem<T> generated(const PlannedRun& run) const {
    PlantedCpOptions options = experiment_.data.cp;
    options.noise = *run.noise;
    options.seed = run.data_seed;
    DenseTensor<T> tensor = planted_cp<T>(options, backend_.threads).tensor;
    TensorFacts facts;
    facts.order = tensor.order;
    facts.shape = tensor.shape;
    facts.entries = tensor.values.size();
    ChosenBackend chosen = choose_backend(backend_, [&](const Context& context) {
      return fit_bytes(context, facts, {.rank = most_rank(), .element_bytes = sizeof(T), .start = hungriest_start()});
    });
    if (!chosen.context.memory()->on_host())
      tensor.values = to_context(chosen.context, tensor.values.data(), tensor.values.size());
    return {facts, std::move(chosen), std::move(tensor)};
  }

  const Experiment& experiment_;
  const BackendOptions backend_;
  Progress& progress_;
  std::optional<CpProblem<T>> problem_;
  std::pair<std::optional<double>, std::uint64_t> loaded_;
};

}  // namespace

std::unique_ptr<ExperimentProblem> cp_problem(const Experiment& experiment, const BackendOptions& backend,
                                              Progress& progress) {
  return with_precision(experiment.precision, [&](auto number) -> std::unique_ptr<ExperimentProblem> {
    return std::make_unique<CpRuns<decltype(number)>>(experiment, backend, progress);
  });
}

}  // namespace seesaw::cli
