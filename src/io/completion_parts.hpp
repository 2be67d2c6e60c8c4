#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "model_parts.hpp"
#include "own_options.hpp"

// What the models of completed matrices and tensors share: the run's options and history. All throw IoError.
namespace seesaw::io {

/// The attributes of the group `options` but the penalties. `Options` are CompletionOptions or TensorCompletionOptions.
template <class Options>
void write_completion_options(hid_t group, const Options& options) {
  write_attribute(group, "rank", options.rank);
  write_attribute(group, "weighting", std::string_view(options.weighting == Weighting::plain ? "plain" : "by_count"));
  write_attribute(group, "exponent", options.exponent);
  write_attribute(group, "centre", static_cast<std::int64_t>(options.centre));
  write_attribute(group, "seed", options.seed);
  write_attribute(group, "restarts", static_cast<std::int64_t>(options.restarts));
  write_attribute(group, "sweeps", static_cast<std::int64_t>(options.stopping.sweeps));
  write_attribute(group, "tolerance", options.stopping.tolerance);
  write_attribute(group, "seconds", options.stopping.seconds);
  write_attribute(group, "patience", static_cast<std::int64_t>(options.stopping.patience));
  write_attribute(group, "gradient_norm", options.stopping.gradient_norm);
  write_attribute(group, "gap", options.stopping.gap);
  if (!options.implicit) return;
  write_attribute(group, "alpha", options.implicit->alpha);
  write_attribute(group, "confidences", static_cast<std::int64_t>(options.implicit->confidences));
  write_attribute(group, "unobserved", options.implicit->unobserved);
  write_attribute(group, "cg_steps", static_cast<std::int64_t>(options.implicit->cg_steps));
}

template <class Options>
void read_completion_options(hid_t group, Options& options) {
  options.rank = read_int(group, "rank", 1);
  std::string weighting;
  read_attribute(group, "weighting", weighting);
  if (weighting != "plain" && weighting != "by_count")
    throw IoError("attribute \"weighting\" is \"" + weighting + "\", expected \"plain\" or \"by_count\"");
  options.weighting = weighting == "plain" ? Weighting::plain : Weighting::by_count;
  if (has_attribute(group, "exponent")) options.exponent = read_number(group, "exponent");
  options.centre = read_int(group, "centre", 0) != 0;
  read_attribute(group, "seed", options.seed);
  options.restarts = read_int(group, "restarts", 1);
  options.stopping.sweeps = read_int(group, "sweeps", 1);
  options.stopping.tolerance = read_number(group, "tolerance");
  options.stopping.seconds = read_number(group, "seconds");
  options.stopping.patience = read_int(group, "patience", 0);
  if (has_attribute(group, "gradient_norm")) options.stopping.gradient_norm = read_number(group, "gradient_norm");
  if (has_attribute(group, "gap")) options.stopping.gap = read_number(group, "gap");
  if (!has_attribute(group, "alpha")) return;
  options.implicit = ImplicitFeedback{.alpha = read_number(group, "alpha"),
                                      .confidences = read_int(group, "confidences", 0) != 0,
                                      .unobserved = read_number(group, "unobserved"),
                                      .cg_steps = read_int(group, "cg_steps", 0)};
}

inline HistoryTable completion_table() {
  return {{{"sweep", offsetof(SweepRecord, sweep), Number::int32, false},
           {"objective", offsetof(SweepRecord, objective), Number::float64, false},
           {"train_rmse", offsetof(SweepRecord, train_rmse), Number::float64, false},
           {"validation_rmse", offsetof(SweepRecord, validation_rmse), Number::float64, false},
           {"seconds", offsetof(SweepRecord, seconds), Number::float64, false},
           {"gradient_norm", offsetof(SweepRecord, gradient_norm), Number::float64, true},
           {"gap", offsetof(SweepRecord, gap), Number::float64, true},
           {"products", offsetof(SweepRecord, products), Number::int64, true}},
          sizeof(SweepRecord)};
}

/// The group "runs".
inline void write_completion_runs(hid_t file, const std::vector<CompletionRun>& runs, int best_run, int best_sweep) {
  const Hdf5Id group = make_group(file, "runs");
  write_attribute(group, "count", static_cast<std::int64_t>(runs.size()));
  write_attribute(group, "best_run", static_cast<std::int64_t>(best_run));
  write_attribute(group, "best_sweep", static_cast<std::int64_t>(best_sweep));
  for (std::size_t i = 0; i < runs.size(); ++i) write_run(group, std::to_string(i), completion_table(), runs[i]);
}

inline void read_completion_runs(hid_t file, std::vector<CompletionRun>& runs, int& best_run, int& best_sweep) {
  const Hdf5Id group = open_group(file, "runs");
  const int count = read_int(group, "count", 0);
  for (int i = 0; i < count; ++i) read_run(group, std::to_string(i), completion_table(), runs.emplace_back());
  best_run = read_best_run(group, count);
  best_sweep = read_int(group, "best_sweep", 0);
}

}  // namespace seesaw::io
