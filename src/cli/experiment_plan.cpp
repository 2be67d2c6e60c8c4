#include <fmt/format.h>

#include <array>
#include <cmath>
#include <fstream>
#include <map>

#include "cp.hpp"
#include "experiment.hpp"
#include "seesaw/random.hpp"
#include "solver_options.hpp"

namespace seesaw::cli {
namespace {

/// The data of a run are drawn from its seed, so its start must come from another: cp_als() and planted_cp() draw the
/// factors of one seed from the same numbers.
constexpr std::uint64_t kStartStream = 0x73746172;

/// FNV-1a of the bytes, to know a file again.
std::string checksum_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::uint64_t sum = 0xcbf29ce484222325u;
  std::array<char, 1 << 16> block;
  while (file.read(block.data(), block.size()) || file.gcount() > 0)
    for (std::streamsize i = 0; i < file.gcount(); ++i)
      sum = (sum ^ static_cast<unsigned char>(block[static_cast<std::size_t>(i)])) * 0x100000001b3u;
  if (file.bad()) throw IoError(path + ": cannot be read");
  return fmt::format("fnv1a {:016x}", sum);
}

const char* word_for(Duplicates duplicates) {
  constexpr const char* kWords[] = {"error", "last", "mean", "sum"};
  return kWords[static_cast<std::size_t>(duplicates)];
}

/// All that is the same for every run; the seed is added for each.
Json data_of(const Experiment& experiment) {
  const ExperimentData& data = experiment.data;
  const bool cp = data.kind == ExperimentKind::cp;
  Json document = {{"kind", to_string(data.kind)}};
  if (data.file.empty() && cp) {
    document["shape"] = data.cp.shape;
    document["rank"] = data.cp.rank;
    document["congruence"] = data.cp.congruence ? Json(*data.cp.congruence) : Json(nullptr);
    if (data.known > 0) document["known"] = data.known;
    return document;
  }
  if (data.file.empty()) {
    const PlantedOptions& planted = data.planted;
    document.update({{"users", planted.rows},
                     {"items", planted.cols},
                     {"entries", planted.entries},
                     {"rank", planted.rank},
                     {"mean", planted.mean},
                     {"spread", planted.spread},
                     {"user_exponent", planted.row_exponent},
                     {"item_exponent", planted.col_exponent}});
  } else {
    document["file"] = data.file;
    document["checksum"] = checksum_of(data.file);
    document["duplicates"] = word_for(cp ? data.tensor.duplicates : data.ratings.duplicates);
  }
  if (cp) {
    document["shape"] = data.tensor.shape.empty() ? Json(nullptr) : Json(data.tensor.shape);
    return document;
  }
  if (!data.validation.empty()) {
    document["validation"] = data.validation;
    document["validation_checksum"] = checksum_of(data.validation);
  }
  document["holdout"] = data.holdout;
  return document;
}

Json optional(const auto& value) { return value ? Json(*value) : Json(nullptr); }

Json parameters_of(const Experiment& experiment, const PlannedRun& run) {
  const ExperimentMethod& method = *run.method;
  const bool cp = experiment.data.kind == ExperimentKind::cp && experiment.data.known == 0;
  Json parameters = {{"method", method.name}, {"solver", cp ? "als" : to_string(method.solver)}};
  if (cp)
    parameters["options"] = {{"start", cli::word_for(method.start)}, {"nonnegative", method.nonnegative}};
  else
    parameters["options"] = json_of(method.solver, method.own);
  parameters["rank"] = optional(run.rank);
  parameters["noise"] = optional(run.noise);
  parameters[penalty_name(experiment.data.kind)] = optional(run.penalty);
  parameters["seed"] = run.seed;
  parameters["sweeps"] = experiment.sweeps;
  parameters["time_limit"] = std::isfinite(experiment.seconds) ? Json(experiment.seconds) : Json(nullptr);
  if (cp) {
    parameters["fit_change"] = experiment.cp.fit_change;
    parameters["relative_error"] = experiment.cp.relative_error;
  } else {
    const CompletionOptions& options = experiment.completion;
    parameters["weighting"] = options.weighting == Weighting::by_count ? "by-count" : "plain";
    parameters["exponent"] = options.exponent;
    parameters["centre"] = options.centre;
    parameters["tolerance"] = options.stopping.tolerance;
    parameters["gradient_norm"] = options.stopping.gradient_norm;
    if (experiment.data.kind == ExperimentKind::completion) parameters["gap"] = options.stopping.gap;
    parameters["patience"] = options.stopping.patience;
  }
  parameters["precision"] = experiment.precision == Precision::single ? "float" : "double";
  return parameters;
}

/// Empty, or one that is no level: where data are read.
std::vector<std::optional<double>> levels_of(const std::vector<double>& noise) {
  if (noise.empty()) return {std::nullopt};
  return {noise.begin(), noise.end()};
}

}  // namespace

const char* to_string(ExperimentKind kind) { return kind == ExperimentKind::cp ? "cp" : "completion"; }
const char* penalty_name(ExperimentKind kind) { return kind == ExperimentKind::cp ? "ridge" : "lambda"; }

std::string key_of(const Json& parameters) {
  auto sorted = nlohmann::json::parse(parameters.dump());
  sorted.erase("method");  // only a name
  return sorted.dump();
}

std::vector<PlannedRun> plan(const Experiment& experiment) {
  const Json data = data_of(experiment);
  std::vector<PlannedRun> runs;
  std::map<std::string, const ExperimentMethod*> seen;
  const auto add = [&](PlannedRun run) {
    run.data_seed = experiment.data.seed.value_or(run.seed);
    run.start_seed = random_bits(run.seed, kStartStream);
    run.parameters = parameters_of(experiment, run);
    run.key = key_of(run.parameters);
    run.data = data;
    const bool drawn = experiment.data.file.empty() || experiment.data.holdout > 0;
    run.data["seed"] = drawn ? Json(run.data_seed) : Json(nullptr);
    const auto [same, fresh] = seen.emplace(run.key, run.method);
    if (!fresh)
      throw UsageError(
          fmt::format("{}: the methods {} and {} are the same", experiment.path, same->second->name, run.method->name));
    runs.push_back(std::move(run));
  };
  for (const std::optional<double>& noise : levels_of(experiment.data.noise))
    for (const std::uint64_t seed : experiment.seeds) {
      const auto with = [&](const ExperimentMethod& method, std::optional<index_t> rank,
                            std::optional<double> penalty) {
        add({.method = &method,
             .noise = noise,
             .rank = rank,
             .penalty = penalty,
             .seed = seed,
             .parameters = {},
             .data = {},
             .key = {}});
      };
      for (const index_t rank : experiment.ranks)
        for (const double penalty : experiment.penalties)
          for (const ExperimentMethod& method : experiment.methods)
            if (!bounded_by_radius(method.solver)) with(method, rank, penalty);
      for (const ExperimentMethod& method : experiment.methods)
        if (bounded_by_radius(method.solver)) with(method, std::nullopt, std::nullopt);
    }
  return runs;
}

std::string text_of(const Experiment& experiment, const PlannedRun& run) {
  std::string text = run.method->name;
  if (run.rank) text += fmt::format(", rank {}", *run.rank);
  if (run.noise) text += fmt::format(", noise {}", *run.noise);
  if (run.penalty) text += fmt::format(", {} {}", penalty_name(experiment.data.kind), *run.penalty);
  return text + fmt::format(", seed {}", run.seed);
}

std::vector<RunSweep> sweeps_of(ExperimentKind kind, const Json& history) {
  std::vector<RunSweep> sweeps;
  for (const Json& entry : history) {
    const auto number = [&](const char* name) {
      const Json& value = entry.at(name);
      return value.is_null() ? std::nan("") : double(value);
    };
    RunSweep sweep{entry.at("sweep"), 0, number("objective"), number("seconds")};
    if (kind == ExperimentKind::cp) {
      sweep.error = number("error");
    } else {
      sweep.error = number("validation_rmse");
      if (std::isnan(sweep.error)) sweep.error = number("train_rmse");
    }
    sweeps.push_back(sweep);
  }
  return sweeps;
}

}  // namespace seesaw::cli
