#include "fit.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "commands.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "plot.hpp"

namespace seesaw::cli {
namespace {

template <class T>
Matrix<T> on_host(const Context& context, Matrix<T> matrix) {
  return context.memory()->on_host() ? std::move(matrix) : to_host(matrix);
}

template <class T>
ChosenBackend choose(const FitOptions& options, const CsrView<T>& train, const CsrView<T>& validation) {
  const auto element = static_cast<std::int64_t>(sizeof(T));
  const bool weights = train.weights != nullptr;
  return choose_backend(options.backend, [&](const Context& context) {
    return ratings_bytes(train.rows, train.entries, weights, element) +
           ratings_bytes(validation.rows, validation.entries, false, element) +
           als_memory(context, {train.rows, train.cols, train.entries, weights, validation.entries, options.als.rank,
                                element, options.implicit});
  });
}

/// The model is saved by then: where the picture fails, that must not frighten.
void draw_convergence(const FitOptions& options, const std::vector<CompletionRun>& runs, int best_run) {
  try {
    draw(options.plot, convergence_of_starts(options.output, runs, best_run));
  } catch (const IoError& error) {
    throw Error(
        fmt::format("{}; the model {} is saved, and seesaw show --convergence draws it", error.what(), options.output));
  }
}

template <class T>
void fit(FitOptions& options) {
  Progress progress(options.json ? ProgressStyle::none : options.progress);
  FitData<T> data = read_fit_data<T>(options, progress);
  ChosenBackend chosen = choose(options, data.train.view(), data.validation.view());
  Context& context = chosen.context;
  progress.note(fmt::format("backend {} ({})", context.description(), chosen.why));

  FitSummary summary;
  summary.users = data.rows.size();
  summary.items = data.cols.size();
  summary.entries = data.train.view().entries;
  summary.merged = data.merged;
  summary.backend = context.description();
  summary.why = chosen.why;

  const Csr<T> train = placed(context, std::move(data.train));
  const Csr<T> validation = placed(context, std::move(data.validation));
  const Matrix<T> y = placed(context, std::move(data.y));
  const InterruptGuard interrupt(!progress.silent());
  options.als.callback = [&](int start, const SweepRecord& record) {
    progress.sweep(options.als, start, record);
    return !interrupt.requested();
  };
  CompletionResult<T> result = als(context, {train.view(), validation.view(), y.view()}, options.als);

  summary.validation_left_out = data.validation_unknown + result.validation_left_out;
  summary.validation_entries = validation.view().entries - result.validation_left_out;
  summary.mean = result.mean;
  summary.best_run = result.best_run;
  summary.best_sweep = result.best_sweep;
  summary.singular_rows = result.singular_rows;
  summary.interrupted = result.runs.back().stopped == StopReason::callback;

  Model<T> model{on_host(context, std::move(result.x)),
                 on_host(context, std::move(result.y)),
                 std::move(data.rows),
                 std::move(data.cols),
                 result.mean,
                 options.als,
                 std::move(result.runs),
                 result.best_run,
                 result.best_sweep};
  model.options.callback = nullptr;
  save_model(options.output, model);
  if (summary.interrupted) progress.note("stopped early; the model is saved as it was then");
  progress.end();
  if (!options.plot.empty()) draw_convergence(options, model.runs, model.best_run);

  Output output;
  output.write(options.json ? fit_json(options, summary, model.runs) : fit_text(options, summary, model.runs));
  output.finish();
}

void check(FitOptions& options) {
  CompletionOptions& als = options.als;
  if (als.stopping.patience > 0 && options.validation.empty() && options.holdout == 0)
    throw UsageError("--patience needs ratings to watch: --validation or --holdout");
  if (als.restarts > 1 && !options.start.empty())
    throw UsageError("--restarts draws several starts, but --start gives one");
  if (options.feedback.cg_steps > 0 && (als.lambda_x == 0 || als.lambda_y == 0))
    throw UsageError("--cg-steps needs a --lambda that is more than 0");
  std::vector<std::string> inputs{options.ratings};
  if (!options.validation.empty()) inputs.push_back(options.validation);
  for (const std::string& input : inputs) require_readable(input);
  require_writable(options.output, inputs);
  if (!options.plot.empty()) {
    inputs.push_back(options.output);
    require_plot(options.plot, inputs);
  }
  require_backend(options.backend);
  if (options.start.empty()) {
    if (options.rank > 0) als.rank = options.rank;
    return;
  }
  als.rank = model_info(options.start).rank;
  if (options.rank > 0 && options.rank != als.rank)
    throw UsageError(fmt::format("--rank is {}, but {} has rank {}", options.rank, options.start, als.rank));
}

void add_implicit_options(CLI::App& command, FitOptions& options) {
  const std::string group = "Implicit feedback";
  ImplicitFeedback& feedback = options.feedback;
  CLI::Option* const implicit =
      command
          .add_flag("--implicit", options.implicit,
                    "RATINGS are counts of what was done, not opinions; all else counts as 0, with little weight")
          ->group(group);
  CLI::Option* const alpha =
      command.add_option("--alpha", feedback.alpha, "The confidence of an entry is 1 + A times its rating")
          ->type_name("A")
          ->check(positive())
          ->capture_default_str()
          ->needs(implicit)
          ->group(group);
  command.add_flag("--confidences", feedback.confidences, "The ratings are the confidences themselves")
      ->needs(implicit)
      ->excludes(alpha)
      ->group(group);
  command.add_option("--unobserved", feedback.unobserved, "Weight of what was not observed; confidences are no less")
      ->type_name("W")
      ->check(CLI::Range(1e-12, 1e12))
      ->capture_default_str()
      ->needs(implicit)
      ->group(group);
  command
      .add_option("--cg-steps", feedback.cg_steps,
                  "So many steps of conjugate gradients from the last sweep's factors; 0: exact")
      ->type_name("N")
      ->check(count_from(0))
      ->capture_default_str()
      ->needs(implicit)
      ->group(group);
}

void add_model_options(CLI::App& command, FitOptions& options) {
  const std::string group = "Model";
  CompletionOptions& als = options.als;
  command
      .add_option("--rank,-k", options.rank,
                  fmt::format("Number of factors (default {}, or that of --start)", als.rank))
      ->type_name("K")
      ->check(between(1, kMostRank))
      ->group(group);
  const auto lambda = [&](const std::string& name, const std::string& description) {
    return command
        .add_option_function<double>(
            name,
            [&als, name](double value) {
              if (name != "--lambda-y") als.lambda_x = value;
              if (name != "--lambda-x") als.lambda_y = value;
            },
            description)
        ->type_name("L")
        ->check(not_negative())
        ->group(group);
  };
  lambda("--lambda", fmt::format("Penalty on the factors (default {})", als.lambda_x));
  lambda("--lambda-x", "Penalty on the users' factors alone");
  lambda("--lambda-y", "Penalty on the items' factors alone");
  add_choice<Weighting>(command, "--weighting", als.weighting,
                        {{"by-count", Weighting::by_count}, {"plain", Weighting::plain}},
                        "Whether a user's (item's) penalty grows with the number of ratings; with --implicit the\n"
                        "default is plain, and the weight of what was not observed counts too")
      ->group(group);
  command.add_option("--exponent", als.exponent, "Of that number, with --weighting by-count")
      ->type_name("NU")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str()
      ->group(group);
  command
      .add_flag_callback(
          "--no-centre,--no-center", [&als] { als.centre = false; }, "Do not subtract the mean of the ratings")
      ->group(group);
  add_precision(command, options.precision)->group(group);
}

void add_run_options(CLI::App& command, FitOptions& options) {
  const std::string group = "Run";
  CompletionOptions& als = options.als;
  Stopping& stopping = als.stopping;
  command.add_option("--sweeps", stopping.sweeps, "Sweeps at most")
      ->type_name("N")
      ->check(count_from(1))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--tolerance", stopping.tolerance, "End when the objective changes by less than this part; 0: never")
      ->type_name("X")
      ->check(not_negative())
      ->capture_default_str()
      ->group(group);
  command.add_option("--time-limit", stopping.seconds, "Begin no sweep after so many seconds")
      ->type_name("SECONDS")
      ->check(positive())
      ->group(group);
  add_seed(command, als.seed, "Of the start and of --holdout")->group(group);
  command.add_option("--restarts", als.restarts, "Starts to try, with seeds from --seed on; the best is kept")
      ->type_name("N")
      ->check(count_from(1))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--start", options.start, "Go on from this model: its item factors, by item id; new items are drawn")
      ->type_name("MODEL")
      ->group(group);
}

void add_validation_options(CLI::App& command, FitOptions& options) {
  const std::string group = "Validation";
  CLI::Option* const file =
      command.add_option("--validation", options.validation, "Ratings to measure the RMSE on after each sweep")
          ->type_name("FILE")
          ->group(group);
  command
      .add_option("--holdout", options.holdout, "Hold out this part of RATINGS instead; never a user's or item's last")
      ->type_name("FRACTION")
      ->check(fraction())
      ->excludes(file)
      ->group(group);
  command
      .add_option("--patience", options.als.stopping.patience,
                  "End after so many sweeps without a better validation RMSE and keep the best; 0: never")
      ->type_name("N")
      ->check(count_from(0))
      ->capture_default_str()
      ->group(group);
}

}  // namespace

void add_fit(CLI::App& program) {
  const auto options = std::make_shared<FitOptions>();
  CLI::App& command = *program.add_subcommand("fit", "Factorize a file of ratings and save the model");
  command.add_option("RATINGS", options->ratings, "CSV, TSV, MovieLens or Matrix Market, plain or gzip")->required();
  command
      .add_option("-o,--output", options->output, "The model (HDF5); an old one is replaced when the new one is whole")
      ->type_name("MODEL")
      ->required();
  add_plot(command, options->plot,
           "Draw how it converged: objective, error and RMSE against sweeps and seconds, a curve for each start");
  add_model_options(command, *options);
  add_implicit_options(command, *options);
  add_run_options(command, *options);
  add_validation_options(command, *options);
  add_backend(command, options->backend);
  add_format(command, options->format);
  add_progress(command, options->progress);
  add_json(command, options->json);
  command.footer(
      "Ctrl-C ends the run after the current sweep and saves the model as it is then; a second one ends it at once\n"
      "and leaves an old model as it was.\n\n"
      "Example:\n"
      "  seesaw fit u1.base -o model.h5 --rank 32 --lambda 0.1 --sweeps 20 --validation u1.test\n"
      "  seesaw fit plays.csv -o model.h5 --rank 64 --implicit --alpha 10 --lambda 10");
  command.callback([options, &command] {
    if (options->implicit) {
      if (command.count("--weighting") == 0) options->als.weighting = Weighting::plain;
      options->als.implicit = options->feedback;
      options->als.centre = false;
    }
    if (command.count("--exponent") > 0 && options->als.weighting == Weighting::plain)
      throw UsageError("--exponent goes with --weighting by-count");
    check(*options);
    options->format.threads = options->backend.threads;
    with_precision(options->precision, [&](auto number) { fit<decltype(number)>(*options); });
  });
}

}  // namespace seesaw::cli
