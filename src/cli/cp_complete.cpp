#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cp_fit.hpp"
#include "fit.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "seesaw/version.hpp"

namespace seesaw::cli {
namespace {

/// What a completion came to besides its model, for its report.
struct Summary {
  TensorFacts facts;
  offset_t fitted = 0;
  offset_t validation_entries = 0, validation_left_out = 0;  ///< the second are not among the first
  std::string backend, why;
  std::int64_t singular_rows = 0;
  bool interrupted = false;
};

/// What the options of any fit say of this one, now that the tensor's order is known.
void settle(CpFitOptions& options, int order) {
  TensorCompletionOptions& completion = options.completion;
  completion.rank = options.cp.rank;
  completion.seed = options.cp.seed;
  completion.restarts = options.cp.starts;
  completion.stopping.sweeps = options.cp.stopping.sweeps;
  completion.stopping.seconds = options.cp.stopping.seconds;
  if (options.ridge.empty()) return;
  require_ridges(options.ridge, order);
  for (int n = 0; n < order; ++n)
    completion.lambda[static_cast<std::size_t>(n)] =
        options.ridge[options.ridge.size() > 1 ? static_cast<std::size_t>(n) : 0];
}

template <class T>
offset_t longest_slice(const SparseTensor<T>& tensor) {
  offset_t longest = 0;
  for (std::size_t n = 0; n < static_cast<std::size_t>(tensor.order); ++n) {
    std::vector<offset_t> counts(static_cast<std::size_t>(tensor.shape[n]));
    for (offset_t e = 0; e < tensor.values.size(); ++e)
      longest = std::max(longest, ++counts[static_cast<std::size_t>(tensor.indices[n].data()[e])]);
  }
  return longest;
}

template <class T>
ChosenBackend choose(const CpFitOptions& options, const KnownEntries<T>& entries) {
  const offset_t held = entries.validation.values.size();
  TensorCompletionSize size{entries.facts.order,
                            entries.facts.shape,
                            entries.known.values.size(),
                            false,
                            held,
                            longest_slice(entries.known),
                            options.completion.rank,
                            sizeof(T),
                            options.implicit};
  return choose_backend(options.backend, [&](const Context& context) {
    return bytes_together(complete_tensor_memory(context, size), tensor_bytes(entries.facts, sizeof(T)));
  });
}

/// 1 - |T - M| / |T| over the entries that were fitted, `norm` the |T| of so many.
double fit_of(double norm, offset_t entries, const SweepRecord& kept) {
  return norm > 0 ? 1 - kept.train_rmse * std::sqrt(static_cast<double>(entries)) / norm : 0;
}

template <class T>
std::string text_of(const CpFitOptions& options, const Summary& summary, const CpModel<T>& model) {
  const CpCompletion& completion = *model.completion;
  std::string text =
      fmt::format("{}: rank {} of {} ({}), {}\n", options.output, options.completion.rank, options.tensor,
                  facts_text(summary.facts), options.implicit ? "implicit feedback" : "the entries known");
  text += fmt::format("backend {} ({})\n", summary.backend, summary.why);
  text += completed_text(model);
  text += runs_text(completion.runs, summary.interrupted);
  if (summary.validation_left_out > 0)
    text += fmt::format("{} left out of the validation: some index has no known entry\n", summary.validation_left_out);
  if (summary.singular_rows > 0)
    text += fmt::format(
        "{} solved by minimum norm: {} for rank {} and this ridge\n",
        summary.singular_rows == 1 ? "1 index was" : fmt::format("{} indices were", summary.singular_rows),
        options.implicit ? "too few indices, or confidences too far above --unobserved," : "too few entries",
        options.completion.rank);
  return text;
}

template <class T>
std::string json_text_of(const CpFitOptions& options, const Summary& summary, const CpModel<T>& model) {
  Json document = {{"command", "cp fit"},
                   {"version", kVersion},
                   {"tensor", json_of(summary.facts)},
                   {"known_only", options.known_only},
                   {"fitted_entries", summary.fitted},
                   {"validation", nullptr},
                   {"backend", {{"description", summary.backend}, {"why", summary.why}}},
                   {"precision", options.precision == Precision::single ? "float" : "double"}};
  if (summary.validation_entries > 0)
    document["validation"] = {{"path", options.validation.empty() ? Json(nullptr) : Json(options.validation)},
                              {"entries", summary.validation_entries},
                              {"left_out", summary.validation_left_out}};
  document.update(completed_json(model));
  document["singular_rows"] = summary.singular_rows;
  document["seconds_per_sweep"] = seconds_per_sweep(model.completion->runs);
  document["interrupted"] = summary.interrupted;
  document["model"] = options.output;
  document["plot"] = options.plot.empty() ? Json(nullptr) : Json(options.plot);
  return to_text(document);
}

}  // namespace

template <class T>
void complete_known(CpFitOptions& options) {
  Progress progress(options.json ? ProgressStyle::none : options.progress);
  options.format.threads = options.backend.threads;
  KnownEntries<T> entries = read_known<T>(options, progress);
  settle(options, entries.facts.order);
  ChosenBackend chosen = choose(options, entries);
  Context& context = chosen.context;
  progress.note(fmt::format("backend {} ({})", context.description(), chosen.why));
  const std::vector<Matrix<T>> start = start_factors<T>(context, options, entries.facts);
  // With implicit feedback every entry says 1.
  const double norm =
      options.implicit ? std::sqrt(static_cast<double>(entries.known.values.size())) : norm_of(entries.known.values);
  const SparseTensor<T> known = placed_entries(context, std::move(entries.known));
  const SparseTensor<T> validation = placed_entries(context, std::move(entries.validation));
  const bool validates = validation.values.size() > 0;
  const InterruptGuard interrupt(!progress.silent());
  TensorCompletionOptions watched = options.completion;
  watched.callback = [&](int of, const SweepRecord& record) {
    progress.sweep(watched.stopping, watched.restarts, of, record);
    return !interrupt.requested();
  };
  TensorCompletionResult<T> result = counting_from_one([&] {
    return complete_tensor(context,
                           {known.view(), validates ? validation.view() : SparseTensorView<T>{}, views_of(start)},
                           watched, options.solver, options.own_of_solver);
  });

  CpModel<T> model;
  for (Matrix<T>& factor : result.factors)
    model.factors.push_back(context.memory()->on_host() ? std::move(factor) : to_host(factor));
  model.weights = std::move(result.weights);
  model.best_run = result.best_run;
  const SweepRecord kept = kept_sweep(result.runs, result.best_run, result.best_sweep);
  model.fit = fit_of(norm, known.values.size(), kept);
  Summary summary{entries.facts,
                  known.values.size(),
                  validation.values.size() - result.validation_left_out,
                  entries.validation_unknown + result.validation_left_out,
                  context.description(),
                  chosen.why,
                  result.singular_rows,
                  result.runs.back().stopped == StopReason::callback};
  model.completion = {result.mean,           options.completion,     to_string(options.solver),
                      options.own_of_solver, std::move(result.runs), result.best_sweep};
  save_cp_model(options.output, model);
  if (summary.interrupted) progress.note("stopped early; the model is saved as it was then");
  progress.end();
  draw_components(options, model);
  Output output;
  output.write(options.json ? json_text_of(options, summary, model) : text_of(options, summary, model));
  output.finish();
}

template void complete_known<float>(CpFitOptions&);
template void complete_known<double>(CpFitOptions&);

}  // namespace seesaw::cli
