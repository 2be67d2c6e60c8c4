#include <fmt/format.h>

#include "arguments.hpp"
#include "fit.hpp"

namespace seesaw::cli {
namespace {

/// What only a command says of it that has further options.
void add_to_description(CLI::App& command, const std::string& name, const std::string& text) {
  CLI::Option* const option = command.get_option(name);
  option->description(option->get_description() + text);
}

}  // namespace

void add_implicit_options(CLI::App& command, bool& wanted, ImplicitFeedback& feedback, const std::string& what) {
  const std::string group = "Implicit feedback";
  add_to_description(command, "--weighting",
                     "; with --implicit the\ndefault is plain, and the weight of what was not observed counts too");
  CLI::Option* const implicit = command.add_flag("--implicit", wanted, what)->group(group);
  CLI::Option* const alpha =
      command.add_option("--alpha", feedback.alpha, "The confidence of an entry is 1 + A times its value")
          ->type_name("A")
          ->check(positive())
          ->capture_default_str()
          ->needs(implicit)
          ->group(group);
  command.add_flag("--confidences", feedback.confidences, "The values are the confidences themselves")
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
  CompletionOptions& als = options.completion;
  command.add_option("--rank,-k", options.rank, fmt::format("Number of factors; default {}", als.rank))
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
                        "Whether a user's (item's) penalty grows with the number of ratings")
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
  CompletionOptions& als = options.completion;
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
}

void add_start_options(CLI::App& command, FitOptions& options) {
  const std::string group = "Run";
  add_to_description(command, "--rank", ", or that of --start");
  command
      .add_option("--restarts", options.completion.restarts,
                  "Starts to try, with seeds from --seed on; the best is kept")
      ->type_name("N")
      ->check(count_from(1))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--start", options.start,
                  "Go on from this model: its factors, by id; those of new ids are drawn. als takes those of the items")
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
      .add_option("--patience", options.completion.stopping.patience,
                  "End after so many sweeps without a better validation RMSE and keep the best; 0: never")
      ->type_name("N")
      ->check(count_from(0))
      ->capture_default_str()
      ->group(group);
}

}  // namespace seesaw::cli
