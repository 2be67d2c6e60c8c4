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
#include "solver_options.hpp"

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
           als_memory(context, {train.rows, train.cols, train.entries, weights, validation.entries,
                                options.completion.rank, element, options.implicit});
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

/// Where the solver diverged, the last good factors (none, where it has none), and why in `failure`.
template <class T>
CompletionResult<T> completed(Context& context, const FitOptions& options, const CompletionProblem<T>& problem,
                              std::string& failure) {
  try {
    return complete(context, options.solver, problem, options.completion, options.own);
  } catch (const Diverged<T>& error) {
    failure = error.what();
    return std::move(*error.result);
  }
}

template <class T>
void save(const FitOptions& options, const Context& context, FitData<T>& data, CompletionResult<T>& result) {
  Model<T> model{on_host(context, std::move(result.x)),
                 on_host(context, std::move(result.y)),
                 std::move(data.rows),
                 std::move(data.cols),
                 result.mean,
                 options.completion,
                 result.runs,
                 result.best_run,
                 result.best_sweep,
                 to_string(options.solver),
                 options.own};
  model.options.callback = nullptr;
  save_model(options.output, model);
}

/// A report on standard output: where the solver diverged, as JSON alone.
void report(const FitOptions& options, const FitSummary& summary, const std::vector<CompletionRun>& runs) {
  if (!summary.failure.empty() && !options.json) return;
  Output output;
  output.write(options.json ? fit_json(options, summary, runs) : fit_text(options, summary, runs));
  output.finish();
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
  const Matrix<T> x = placed(context, std::move(data.x)), y = placed(context, std::move(data.y));
  const InterruptGuard interrupt(!progress.silent());
  options.completion.callback = [&](int start, const SweepRecord& record) {
    progress.sweep(options.completion.stopping, options.completion.restarts, start, record);
    return !interrupt.requested();
  };
  CompletionResult<T> result =
      completed<T>(context, options, {train.view(), validation.view(), y.view(), x.view()}, summary.failure);
  summary.saved = result.x.rows() > 0;
  if (summary.saved) options.completion.rank = result.x.cols();

  summary.validation_left_out = data.validation_unknown + result.validation_left_out;
  summary.validation_entries = validation.view().entries - result.validation_left_out;
  summary.mean = result.mean;
  summary.best_run = result.best_run;
  summary.best_sweep = result.best_sweep;
  summary.singular_rows = result.singular_rows;
  summary.interrupted = result.runs.back().stopped == StopReason::callback;

  if (summary.saved) save(options, context, data, result);
  if (summary.saved && !summary.failure.empty())
    summary.failure +=
        fmt::format("; {} holds the factors as they were after sweep {}", options.output, summary.best_sweep);
  if (summary.interrupted) progress.note("stopped early; the model is saved as it was then");
  progress.end();
  if (summary.saved && !options.plot.empty()) draw_convergence(options, result.runs, result.best_run);
  report(options, summary, result.runs);
  if (!summary.failure.empty()) throw Error(summary.failure);
}

void check(FitOptions& options) {
  CompletionOptions& completion = options.completion;
  if (completion.stopping.patience > 0 && options.validation.empty() && options.holdout == 0)
    throw UsageError("--patience needs ratings to watch: --validation or --holdout");
  if (completion.restarts > 1 && !options.start.empty())
    throw UsageError("--restarts draws several starts, but --start gives one");
  if (options.feedback.cg_steps > 0 && (completion.lambda_x == 0 || completion.lambda_y == 0))
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
    if (options.rank > 0) completion.rank = options.rank;
    return;
  }
  completion.rank = model_info(options.start).rank;
  if (options.rank > 0 && options.rank != completion.rank)
    throw UsageError(fmt::format("--rank is {}, but {} has rank {}", options.rank, options.start, completion.rank));
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
  command
      .add_option_function<std::string>(
          "--solver", [options](const std::string& name) { options->solver = one_solver(name); },
          "The way down: als, agd, gd, lbfgs, sgd, newton, newton-dense, gauss-newton, frank-wolfe or nuclear-pgd")
      ->type_name("NAME")
      ->default_str("als")
      ->group("Solver");
  const auto arguments = std::make_shared<SolverArguments>(command, options->own, options->completion.stopping);
  add_model_options(command, *options);
  add_implicit_options(command, options->implicit, options->feedback,
                       "RATINGS are counts of what was done, not opinions; all else counts as 0, with little weight");
  add_run_options(command, *options);
  add_start_options(command, *options);
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
      "  seesaw fit plays.csv -o model.h5 --rank 64 --implicit --alpha 10 --lambda 10\n"
      "  seesaw fit u1.base -o model.h5 --solver lbfgs --rank 10 --sweeps 100 --gradient-norm 0.01");
  command.callback([options, arguments, &command] {
    arguments->require_fitting({options->solver});
    require_common(command, options->solver);
    if (options->implicit) take_feedback(command, options->feedback, options->completion);
    if (command.count("--exponent") > 0 && options->completion.weighting == Weighting::plain)
      throw UsageError("--exponent goes with --weighting by-count");
    check(*options);
    options->format.threads = options->backend.threads;
    with_precision(options->precision, [&](auto number) { fit<decltype(number)>(*options); });
  });
}

}  // namespace seesaw::cli
