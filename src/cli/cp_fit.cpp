#include "cp_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

#include "arguments.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "plot.hpp"
#include "seesaw/version.hpp"

namespace seesaw::cli {

template <class T>
std::vector<Matrix<T>> start_factors(const Context& context, const CpFitOptions& options, const TensorFacts& facts) {
  if (options.start_model.empty()) return {};
  CpModel<T> model = load_cp_model<T>(options.start_model);
  if (!options.known_only && model.completion && model.completion->mean != 0)
    throw Error(
        fmt::format("{} is of a completed tensor less its mean, {}, which a decomposition does not have: go on "
                    "from it with --known-only, or from one of --no-centre",
                    options.start_model, model.completion->mean));
  std::vector<index_t> shape;
  for (const Matrix<T>& factor : model.factors) shape.push_back(factor.rows());
  if (shape != shape_of(facts))
    throw Error(fmt::format("{} is of a tensor of {}, but {} is {}", options.start_model, shape_text(shape),
                            options.tensor, shape_text(shape_of(facts))));
  const auto order = static_cast<std::size_t>(facts.order);
  const auto is_fixed = [&](std::size_t n) { return options.cp.modes[n].fixed; };
  int solved = 0;
  for (std::size_t n = 0; n < order; ++n) solved += is_fixed(n) ? 0 : 1;
  for (std::size_t n = 0; n < order; ++n) {
    if (is_fixed(n)) continue;
    for (index_t r = 0; r < model.factors[n].cols(); ++r) {
      const double weight = model.weights[static_cast<std::size_t>(r)],
                   share = std::pow(std::abs(weight), 1.0 / solved);
      for (index_t i = 0; i < model.factors[n].rows(); ++i) model.factors[n](i, r) *= static_cast<T>(share);
    }
  }
  for (Matrix<T>& factor : model.factors) factor = placed(context, std::move(factor));
  return std::move(model.factors);
}

template <class T>
void draw_components(const CpFitOptions& options, const CpModel<T>& model) {
  if (options.plot.empty()) return;
  try {
    draw(options.plot, components_figure("Components of " + file_name(options.output), model));
  } catch (const IoError& error) {
    throw Error(fmt::format("{}; the model {} is saved", error.what(), options.output));
  }
}

template std::vector<Matrix<float>> start_factors(const Context&, const CpFitOptions&, const TensorFacts&);
template std::vector<Matrix<double>> start_factors(const Context&, const CpFitOptions&, const TensorFacts&);
template void draw_components(const CpFitOptions&, const CpModel<float>&);
template void draw_components(const CpFitOptions&, const CpModel<double>&);

namespace {

/// What a fit came to besides its model, for its report.
struct CpSummary {
  TensorFacts facts;
  std::string backend, why;
  double seconds = 0;
  bool interrupted = false;
};

template <class T>
std::string fit_text(const CpFitOptions& options, const CpSummary& summary, const CpModel<T>& model) {
  const CpRun& best = model.runs[static_cast<std::size_t>(model.best_run)];
  std::string text = fmt::format("{}: rank {} of {} ({})\n", options.output, model.options.rank, options.tensor,
                                 facts_text(summary.facts));
  text += fmt::format("backend {} ({})\n", summary.backend, summary.why);
  text += fmt::format("fit {:.6f} after {}", model.fit, counted(std::ssize(best.history), "sweep"));
  if (model.runs.size() > 1) text += fmt::format(" of start {} of {}", model.best_run + 1, model.runs.size());
  text += fmt::format(" in {}; ended: {}\n", seconds_text(summary.seconds), ending_text(best, model.options.stopping));
  std::string weights;
  for (const double weight : model.weights) weights += fmt::format("{}{:.6g}", weights.empty() ? "" : ", ", weight);
  text += fmt::format("weights {}\n", weights);
  return text + diagnostics_text(model.diagnostics, best) + starts_text(model.runs, model.best_run);
}

template <class T>
std::string fit_json(const CpFitOptions& options, const CpSummary& summary, const CpModel<T>& model) {
  Json runs = Json::array();
  for (const CpRun& run : model.runs) runs.push_back(json_of(run));
  const CpRun& best = model.runs[static_cast<std::size_t>(model.best_run)];
  return to_text({{"command", "cp fit"},
                  {"version", kVersion},
                  {"tensor", json_of(summary.facts)},
                  {"backend", {{"description", summary.backend}, {"why", summary.why}}},
                  {"precision", options.precision == Precision::single ? "float" : "double"},
                  {"options", json_of(model.options, summary.facts.order)},
                  {"fit", model.fit},
                  {"sweeps", best.history.size()},
                  {"seconds", summary.seconds},
                  {"ended", ending_text(best, model.options.stopping)},
                  {"weights", model.weights},
                  {"diagnostics", json_of(model.diagnostics)},
                  {"best_run", model.best_run},
                  {"runs", runs},
                  {"interrupted", summary.interrupted},
                  {"model", options.output},
                  {"plot", options.plot.empty() ? Json(nullptr) : Json(options.plot)}});
}

template <class T>
void fit(CpFitOptions& options) {
  Progress progress(options.json ? ProgressStyle::none : options.progress);
  CpProblem<T> problem = read_problem<T>(options, options.cp.rank, progress);
  const Context& context = problem.chosen.context;
  const std::vector<Matrix<T>> start = start_factors<T>(context, options, problem.facts);
  const InterruptGuard interrupt(!progress.silent());
  CpResult<T> result = solve(problem, options.cp, views_of(start), progress, [&] { return interrupt.requested(); });

  CpModel<T> model;
  for (Matrix<T>& factor : result.factors)
    model.factors.push_back(context.memory()->on_host() ? std::move(factor) : to_host(factor));
  model.weights = std::move(result.weights);
  model.fit = result.fit;
  model.options = options.cp;
  model.runs = std::move(result.runs);
  model.best_run = result.best_run;
  model.diagnostics = result.diagnostics;
  save_cp_model(options.output, model);

  CpSummary summary{problem.facts, context.description(), problem.chosen.why};
  for (const CpRun& run : model.runs) {
    if (!run.history.empty()) summary.seconds = std::max(summary.seconds, run.history.back().seconds);
    summary.interrupted = summary.interrupted || run.stopped == StopReason::callback;
  }
  if (summary.interrupted) progress.note("stopped early; the model is saved as it was then");
  progress.end();
  draw_components(options, model);
  Output output;
  output.write(options.json ? fit_json(options, summary, model) : fit_text(options, summary, model));
  output.finish();
}

// ---- the command line

/// "1,3" as {0, 2}.
std::vector<int> modes_of(const std::string& option, const std::string& text) {
  std::vector<int> modes;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find(',', first), text.size());
    int mode = 0;
    const char* const last = text.data() + end;
    const auto [behind, error] = std::from_chars(text.data() + first, last, mode);
    if (error != std::errc{} || behind != last || mode < 1 || mode > kMaxOrder)
      throw UsageError(
          fmt::format("{} is \"{}\", expected modes from 1 to {} with commas between them", option, text, kMaxOrder));
    if (std::find(modes.begin(), modes.end(), mode - 1) != modes.end())
      throw UsageError(fmt::format("{} names mode {} twice", option, mode));
    modes.push_back(mode - 1);
    first = end + 1;
  }
  return modes;
}

/// "1:8" as {1, 8}.
std::vector<index_t> scan_of(const std::string& text) {
  std::vector<index_t> ranks(2);
  const std::size_t colon = std::min(text.find(':'), text.size());
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), text.data() + colon, ranks[0]);
  const auto last = std::from_chars(text.data() + std::min(colon + 1, text.size()), end, ranks[1]);
  if (first.ec != std::errc{} || first.ptr != text.data() + colon || last.ec != std::errc{} || last.ptr != end ||
      ranks[0] < 1 || ranks[1] < ranks[0] || ranks[1] > kMostRank)
    throw UsageError(fmt::format("--rank-scan is \"{}\", expected the first and the last rank, as in 1:8", text));
  return ranks;
}

void check(CpFitOptions& options) {
  if (options.cp.start != CpStart::normal && (options.all_nonnegative || !options.nonnegative.empty()))
    throw UsageError(fmt::format("--start {} has negative elements, --nonnegative needs --start normal",
                                 word_for(options.cp.start)));
  if (options.cp.start == CpStart::nvecs && options.cp.starts > 1)
    throw UsageError("--start nvecs is the same for every seed, --starts needs another");
  if (!options.fixed.empty() && options.start_model.empty())
    throw UsageError("--fixed needs the factors that stay: --start-model");
  if (!options.start_model.empty() && options.cp.starts > 1)
    throw UsageError("--starts draws several starts, but --start-model gives one");
  require_readable(options.tensor);
  require_backend(options.backend);
  if (!options.scan.empty()) {
    if (!options.plot.empty()) require_plot(options.plot, {options.tensor});
    return;
  }
  if (options.output.empty()) throw UsageError("-o,--output is required unless there is --rank-scan");
  std::vector<std::string> inputs{options.tensor};
  if (!options.validation.empty()) {
    require_readable(options.validation);
    inputs.push_back(options.validation);
  }
  require_writable(options.output, inputs);
  if (!options.plot.empty()) {
    inputs.push_back(options.output);
    if (!options.start_model.empty()) inputs.push_back(options.start_model);
    require_plot(options.plot, inputs);
  }
  if (options.start_model.empty()) {
    if (options.rank > 0) options.cp.rank = options.rank;
    return;
  }
  options.cp.rank = cp_model_info(options.start_model).rank;
  if (options.rank > 0 && options.rank != options.cp.rank)
    throw UsageError(
        fmt::format("--rank is {}, but {} has rank {}", options.rank, options.start_model, options.cp.rank));
}

void add_model_options(CLI::App& command, CpFitOptions& options) {
  const std::string group = "Model";
  command
      .add_option("--rank,-k", options.rank,
                  fmt::format("Number of components (default {}, or that of --start-model)", options.cp.rank))
      ->type_name("K")
      ->check(between(1, kMostRank))
      ->group(group);
  command
      .add_option(
          "--ridge", options.ridge,
          "Penalty on the factors' squared norms: one number, or one for each mode; default 0, with --known-only or "
          "--implicit 0.1")
      ->type_name("X[,X,...]")
      ->delimiter(',')
      ->check(not_negative())
      ->group(group);
  command
      .add_option_function<std::string>(
          "--nonnegative",
          [&options](const std::string& text) {
            options.all_nonnegative = text.empty() || text == "all";
            if (!options.all_nonnegative) options.nonnegative = modes_of("--nonnegative", text);
          },
          "Factors of these modes (1,3 say; none named: all) have no negative elements")
      ->type_name("[MODES]")
      ->expected(0, 1)
      ->group(group);
  command
      .add_option_function<std::string>(
          "--fixed", [&options](const std::string& text) { options.fixed = modes_of("--fixed", text); },
          "Factors of these modes stay as --start-model has them")
      ->type_name("MODES")
      ->group(group);
  add_cp_precision(command, options.precision)->group(group);
}

void add_run_options(CLI::App& command, CpFitOptions& options) {
  const std::string group = "Run";
  CpStopping& stopping = options.cp.stopping;
  command.add_option("--sweeps", stopping.sweeps, "Sweeps at most")
      ->type_name("N")
      ->check(count_from(1))
      ->capture_default_str()
      ->group(group);
  const auto number = [&](const char* name, double& value, const char* description) {
    return command.add_option(name, value, description)->type_name("X")->check(not_negative())->group(group);
  };
  number("--fit-change", stopping.fit_change, "End when the fit changes by less; 0: never")->capture_default_str();
  number("--relative-error", stopping.relative_error, "End when |T - M| / |T| is at most so much; 0: never")
      ->capture_default_str();
  command.add_option("--time-limit", stopping.seconds, "Begin no sweep after so many seconds")
      ->type_name("SECONDS")
      ->check(positive())
      ->group(group);
  command
      .add_option_function<std::string>(
          "--order", [&options](const std::string& text) { options.cp.order = modes_of("--order", text); },
          "In which a sweep solves the modes; default 1,2,3,...")
      ->type_name("MODES")
      ->group(group);
  command
      .add_flag(
          "--sorted-copies", options.cp.sorted_copies,
          "Keep a sorted copy of a sparse tensor for each mode on the cpu: 1.7 to 4 times as fast, for the memory that "
          "cp info tells; cuda always does")
      ->group(group);
}

void add_start_options(CLI::App& command, CpFitOptions& options) {
  const std::string group = "Start";
  add_start(command, options.cp.start,
            "Normal random numbers, bases of the tensor's products with some, or its leading singular vectors")
      ->group(group);
  add_seed(command, options.cp.seed, "Of the start and of --holdout")->group(group);
  command
      .add_option("--starts", options.cp.starts,
                  "Starts, with seeds from --seed on, side by side (one by one with --known-only or --implicit); the "
                  "best is kept")
      ->type_name("N")
      ->check(between(1, 10000))
      ->capture_default_str()
      ->group(group);
  command.add_option("--start-model", options.start_model, "Go on from the factors of this model")
      ->type_name("MODEL")
      ->excludes(command.get_option("--start"))
      ->group(group);
}

}  // namespace

void add_cp_fit(CLI::App& cp) {
  const auto options = std::make_shared<CpFitOptions>();
  CLI::App& command = *cp.add_subcommand("fit", "Decompose a tensor into components and save the model");
  command.add_option("TENSOR", options->tensor, "FROSTT's .tns, sptensor or tensor text, or .npy, plain or gzip")
      ->required();
  command
      .add_option("-o,--output", options->output, "The model (HDF5); an old one is replaced when the new one is whole")
      ->type_name("MODEL");
  add_plot(command, options->plot, "Draw the components, a panel for each mode; of a rank scan what it found");
  CLI::Option* const scan = command.add_option_function<std::string>(
      "--rank-scan", [options](const std::string& text) { options->scan = scan_of(text); },
      "Fit each of these ranks, print fit, core consistency and seconds of each; no model is written");
  scan->type_name("FIRST:LAST");
  add_model_options(command, *options);
  add_run_options(command, *options);
  add_start_options(command, *options);
  const auto completion = std::make_shared<CompletionArguments>(command, *options);
  add_backend(command, options->backend);
  add_tensor_format(command, options->format);
  add_progress(command, options->progress);
  add_json(command, options->json);
  for (const char* const name : {"--output", "--rank", "--start-model"}) scan->excludes(command.get_option(name));
  command.footer(
      "Modes are numbered from 1, as components and starts are. Ctrl-C ends the run after the current sweep and saves\n"
      "the model as it is then; a second one ends it at once and leaves an old model as it was.\n\n"
      "Examples:\n"
      "  seesaw cp fit aminoacids.tns -o model.h5 --rank 3 --starts 8 --nonnegative --plot components.svg\n"
      "  seesaw cp fit nell.tns.gz -o model.h5 --rank 32 --ridge 0.1 --sweeps 50\n"
      "  seesaw cp fit ratings.tns -o model.h5 --known-only --rank 16 --ridge 0.05 --holdout 0.1 --patience 5\n"
      "  seesaw cp fit plays.tns -o model.h5 --implicit --alpha 10 --rank 32 --ridge 10\n"
      "  seesaw cp fit aminoacids.tns --rank-scan 1:6");
  command.callback([options, completion] {
    completion->settle(*options);
    check(*options);
    with_precision(options->precision, [&](auto number) {
      using T = decltype(number);
      if (options->completes()) return complete_known<T>(*options);
      options->scan.empty() ? fit<T>(*options) : scan_ranks<T>(*options);
    });
  });
}

}  // namespace seesaw::cli
