#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "experiment.hpp"
#include "fit.hpp"
#include "seesaw/random.hpp"
#include "solver_options.hpp"

namespace seesaw::cli {
namespace {

/// Planted draws from the streams of its seed below this.
constexpr std::uint64_t kHoldOutStream = 0x686f6c64;

template <class T>
class CompletionRuns : public ExperimentProblem {
 public:
  CompletionRuns(const Experiment& experiment, const BackendOptions& backend, Progress& progress)
      : experiment_(experiment), backend_(backend), progress_(progress) {}

  RunOutcome solve(const PlannedRun& run, const RunWatch& watch) override {
    load(run);
    CompletionOptions options = experiment_.completion;
    const bool ball = bounded_by_radius(run.method->solver);
    if (!ball) {
      options.rank = *run.rank;
      options.lambda_x = options.lambda_y = *run.penalty;
    }
    options.seed = run.start_seed;
    options.stopping.sweeps = experiment_.sweeps;
    options.stopping.seconds = experiment_.seconds;
    if (ball) options.stopping.gradient_norm = 0;  // which they do not tell
    CompletionRun went;
    options.callback = [&](int, const SweepRecord& record) {
      went.history.push_back(record);
      const double validation = record.validation_rmse;
      return watch(record.sweep, validation == validation ? validation : record.train_rmse);
    };
    RunOutcome outcome;
    try {
      const CompletionProblem<T> problem{data_->train.view(), data_->validation.view()};
      went.stopped =
          complete(data_->chosen.context, run.method->solver, problem, options, run.method->own).runs.back().stopped;
    } catch (const Diverged<T>& error) {
      went.stopped = StopReason::diverged;
      outcome.failure = error.what();
    }
    outcome.history = json_of(went)["history"];
    outcome.ended = to_string(went.stopped);
    outcome.facts = {{"users", data_->train.rows},
                     {"items", data_->train.cols},
                     {"entries", data_->train.view().entries},
                     {"validation_entries", data_->validation.view().entries}};
    outcome.backend = data_->chosen.context.description();
    return outcome;
  }

 private:
  struct Data {
    ChosenBackend chosen;
    Csr<T> train, validation;
  };

  void load(const PlannedRun& run) {
    const bool drawn = experiment_.data.file.empty() || experiment_.data.holdout > 0;
    const std::pair<std::optional<double>, std::uint64_t> wanted{run.noise, drawn ? run.data_seed : 0};
    if (data_ && wanted == loaded_) return;
    data_.reset();  // before there are others
    data_.emplace(experiment_.data.file.empty() ? generated(run) : of_file(run));
    loaded_ = wanted;
  }

  Data of_file(const PlannedRun& run) const {
    FitOptions fit;
    fit.ratings = experiment_.data.file;
    fit.validation = experiment_.data.validation;
    fit.holdout = experiment_.data.holdout;
    fit.completion.seed = run.data_seed;
    fit.backend = backend_;
    fit.format = experiment_.data.ratings;
    fit.format.threads = backend_.threads;
    FitData<T> data = read_fit_data<T>(fit, progress_);
    return placed_data(std::move(data.train), std::move(data.validation));
  }

  Data generated(const PlannedRun& run) const {
    PlantedOptions options = experiment_.data.planted;
    options.noise = *run.noise;
    options.seed = run.data_seed;
    Context host = Context::cpu(backend_.threads);
    const Planted planted(options);
    Csr<T> train = compress(host, planted.entries<T>(0, options.rows, backend_.threads).view());
    Csr<T> validation;
    const double holdout = experiment_.data.holdout;
    if (holdout > 0) validation = hold_out(train, holdout, random_bits(run.data_seed, kHoldOutStream));
    return placed_data(std::move(train), std::move(validation));
  }

  Data placed_data(Csr<T> train, Csr<T> validation) const {
    const auto element = static_cast<std::int64_t>(sizeof(T));
    const bool weights = train.view().weights != nullptr;
    const offset_t entries = train.view().entries, held = validation.view().entries;
    const index_t rank = experiment_.ranks.empty()
                             ? experiment_.completion.rank
                             : *std::max_element(experiment_.ranks.begin(), experiment_.ranks.end());
    ChosenBackend chosen = choose_backend(backend_, [&](const Context& context) {
      return ratings_bytes(train.rows, entries, weights, element) +
             ratings_bytes(validation.rows, held, false, element) +
             als_memory(context, {train.rows, train.cols, entries, weights, held, rank, element, false});
    });
    Csr<T> there = placed(chosen.context, std::move(train)), held_there = placed(chosen.context, std::move(validation));
    return {std::move(chosen), std::move(there), std::move(held_there)};
  }

  const Experiment& experiment_;
  const BackendOptions backend_;
  Progress& progress_;
  std::optional<Data> data_;
  std::pair<std::optional<double>, std::uint64_t> loaded_;
};

}  // namespace

std::unique_ptr<ExperimentProblem> completion_problem(const Experiment& experiment, const BackendOptions& backend,
                                                      Progress& progress) {
  return with_precision(experiment.precision, [&](auto number) -> std::unique_ptr<ExperimentProblem> {
    return std::make_unique<CompletionRuns<decltype(number)>>(experiment, backend, progress);
  });
}

}  // namespace seesaw::cli
