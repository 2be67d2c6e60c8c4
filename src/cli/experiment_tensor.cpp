#include <algorithm>
#include <cmath>
#include <typeinfo>
#include <utility>

#include "cp_fit.hpp"
#include "experiment.hpp"
#include "seesaw/random.hpp"

namespace seesaw::cli {
namespace {

/// planted_cp() draws from the streams of its seed below this.
constexpr std::uint64_t kKnownStream = 0x6b6e6f77;

/// The elements of a dense tensor at the places that are `wanted`, in their order.
template <class T>
SparseTensor<T> entries_at(const DenseTensor<T>& tensor, const std::vector<bool>& known, bool wanted) {
  std::array<index_t, kMaxOrder> steps{};  // from one index of a mode to the next
  index_t step = 1;
  for (auto n = static_cast<std::size_t>(tensor.order); n-- > 0; step *= tensor.shape[n]) steps[n] = step;
  const auto index_of = [&](std::size_t n, offset_t e) { return e / steps[n] % tensor.shape[n]; };
  return picked<T>(tensor.order, tensor.shape, tensor.values.data(), index_of, known, wanted);
}

/// Planted components of which some elements are known: complete_tensor().
template <class T>
class TensorCompletionRuns : public ExperimentProblem {
 public:
  TensorCompletionRuns(const Experiment& experiment, const BackendOptions& backend)
      : experiment_(experiment), backend_(backend) {}

  RunOutcome solve(const PlannedRun& run, const RunWatch& watch) override {
    load(run);
    TensorCompletionOptions options;
    options.rank = *run.rank;
    options.lambda.fill(*run.penalty);
    options.weighting = experiment_.completion.weighting;
    options.exponent = experiment_.completion.exponent;
    options.centre = experiment_.completion.centre;
    options.seed = run.start_seed;
    options.stopping = experiment_.completion.stopping;
    options.stopping.sweeps = experiment_.sweeps;
    options.stopping.seconds = experiment_.seconds;
    RunOutcome outcome{Json::array(), "", "", data_->facts, data_->chosen.context.description()};
    options.callback = [&](int, const SweepRecord& record) {
      const double error = record.validation_rmse / data_->unknown_size;
      outcome.history.push_back({{"sweep", record.sweep},
                                 {"error", error},
                                 {"objective", record.objective},
                                 {"train_rmse", record.train_rmse},
                                 {"validation_rmse", record.validation_rmse},
                                 {"seconds", record.seconds}});
      return watch(record.sweep, error);
    };
    try {
      const TensorCompletionProblem<T> problem{data_->known.view(), data_->unknown.view()};
      const auto result = counting_from_one([&] {
        return complete_tensor(data_->chosen.context, problem, options, run.method->solver, run.method->own);
      });
      outcome.ended = to_string(result.runs.front().stopped);
    } catch (const Error& error) {
      if (typeid(error) != typeid(Error)) throw;  // those that are nothing more tell of divergence
      outcome.ended = to_string(StopReason::diverged);
      outcome.failure = error.what();
    }
    return outcome;
  }

 private:
  struct Data {
    ChosenBackend chosen;
    SparseTensor<T> known, unknown;
    double unknown_size = 1;  ///< root mean square of the unknown elements
    Json facts;
  };

  void load(const PlannedRun& run) {
    const std::pair<std::optional<double>, std::uint64_t> wanted{run.noise, run.data_seed};
    if (data_ && wanted == loaded_) return;
    data_.reset();  // before there are others
    data_.emplace(generated(run));
    loaded_ = wanted;
  }

  Data generated(const PlannedRun& run) const {
    PlantedCpOptions planted = experiment_.data.cp;
    planted.noise = *run.noise;
    planted.seed = run.data_seed;
    const DenseTensor<T> tensor = planted_cp<T>(planted, backend_.threads).tensor;
    const std::uint64_t seed = random_bits(run.data_seed, kKnownStream);
    std::vector<bool> is_known(static_cast<std::size_t>(tensor.values.size()));
    for (std::size_t e = 0; e < is_known.size(); ++e) is_known[e] = random_uniform(seed, e) < experiment_.data.known;
    SparseTensor<T> known = entries_at(tensor, is_known, true), unknown = entries_at(tensor, is_known, false);
    if (known.values.empty() || unknown.values.empty())
      throw Error("known leaves no element known, or none to find; a larger shape has some of both");
    const double size = norm_of(unknown.values) / std::sqrt(static_cast<double>(unknown.values.size()));
    Json facts = {{"order", tensor.order},
                  {"shape", planted.shape},
                  {"entries", known.values.size()},
                  {"validation_entries", unknown.values.size()}};
    TensorCompletionSize problem;
    problem.order = tensor.order;
    problem.shape = tensor.shape;
    problem.entries = known.values.size();
    problem.validation_entries = unknown.values.size();
    problem.rank = *std::max_element(experiment_.ranks.begin(), experiment_.ranks.end());
    problem.element_bytes = sizeof(T);
    const std::int64_t entry = tensor.order * static_cast<std::int64_t>(sizeof(column_t)) + sizeof(T);
    ChosenBackend chosen = choose_backend(backend_, [&](const Context& context) {
      return bytes_together(complete_tensor_memory(context, problem), tensor.values.size() * entry);
    });
    known = placed_entries(chosen.context, std::move(known));
    unknown = placed_entries(chosen.context, std::move(unknown));
    return {std::move(chosen), std::move(known), std::move(unknown), size > 0 ? size : 1, facts};
  }

  const Experiment& experiment_;
  const BackendOptions backend_;
  std::optional<Data> data_;
  std::pair<std::optional<double>, std::uint64_t> loaded_;
};

}  // namespace

std::unique_ptr<ExperimentProblem> tensor_completion_problem(const Experiment& experiment,
                                                             const BackendOptions& backend, Progress&) {
  return with_precision(experiment.precision, [&](auto number) -> std::unique_ptr<ExperimentProblem> {
    return std::make_unique<TensorCompletionRuns<decltype(number)>>(experiment, backend);
  });
}

}  // namespace seesaw::cli
