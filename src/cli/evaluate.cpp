#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "prediction.hpp"
#include "seesaw/ranking.hpp"

namespace seesaw::cli {
namespace {

struct EvaluateOptions {
  std::string model;
  std::string ratings;
  RatingsOptions format;
  Range clip;
  index_t at = 0;  ///< 0: the ranking is not measured
  std::optional<double> relevant;
  std::string seen;
  bool no_auc = false;
  BackendOptions backend;
  bool json = false;
};

struct Errors {
  bool of_one = false;  ///< the model is of implicit feedback: 1 is what it should have predicted
  offset_t count = 0;
  offset_t left_out = 0;
  double rmse = 0;
  double mae = 0;
};

struct Ranking {
  RankingFigures figures;
  std::string backend;
};

struct Measured {
  Errors errors;
  std::optional<Ranking> ranking;
};

struct Sums {
  double squared = 0;
  double absolute = 0;
};

/// Over blocks of fixed bounds, added in their order: the same for any number of threads.
template <class T>
Sums sums_of_errors(const Model<T>& model, const SparseTensorView<T>& entries, const Range& clip, int threads) {
  constexpr offset_t kBlock = 4096;
  const offset_t blocks = (entries.entries + kBlock - 1) / kBlock;
  std::vector<Sums> each(static_cast<std::size_t>(blocks));
#pragma omp parallel for num_threads(threads > 0 ? threads : omp_get_max_threads())
  for (offset_t block = 0; block < blocks; ++block) {
    Sums sums;
    for (offset_t e = block * kBlock; e < std::min((block + 1) * kBlock, entries.entries); ++e) {
      const double predicted = prediction(model, entries.indices[0][e], entries.indices[1][e]);
      const double wanted = model.options.implicit ? 1 : static_cast<double>(entries.values[e]);
      const double error = wanted - clipped(predicted, clip);
      sums.squared += error * error;
      sums.absolute += std::abs(error);
    }
    each[static_cast<std::size_t>(block)] = sums;
  }
  Sums all;
  for (const Sums& sums : each) all = {all.squared + sums.squared, all.absolute + sums.absolute};
  return all;
}

/// Ratings of users and items that the model knows.
template <class T>
Ratings<T> read_known(const std::string& path, const Model<T>& model, RatingsOptions format) {
  format.rows = &model.rows;
  format.cols = &model.cols;
  Ratings<T> ratings = read_ratings<T>(path, format);
  if (ratings.entries.values.empty())
    throw Error(fmt::format("{}: none of its {} ratings is of a user and an item that the model knows", path,
                            ratings.left_out));
  return ratings;
}

template <class T>
Ranking rank(const EvaluateOptions& options, Model<T> model, const Ratings<T>& ratings) {
  Context host = Context::cpu(options.backend.threads);
  Csr<T> test = compress(host, ratings.entries.view()), seen;
  if (!options.seen.empty()) {
    RatingsOptions format = options.format;
    format.duplicates = Duplicates::last;  // only the places matter
    seen = compress(host, read_known(options.seen, model, format).entries.view());
  }
  ChosenBackend chosen = choose_ranking_backend(options.backend, model.x.rows(), model.y.rows(), model.x.cols(),
                                                std::max(test.view().entries, seen.view().entries), 0,
                                                static_cast<std::int64_t>(sizeof(T)));
  Context& context = chosen.context;
  const Matrix<T> x = placed(context, std::move(model.x)), y = placed(context, std::move(model.y));
  const Csr<T> test_there = placed(context, std::move(test));
  const Csr<T> seen_there = options.seen.empty() ? Csr<T>() : placed(context, std::move(seen));
  RankingOptions ranking{.at = options.at, .auc = !options.no_auc};
  if (options.relevant) ranking.relevant = *options.relevant;
  return {ranking_figures(context, x.view(), y.view(), test_there.view(), seen_there.view(), ranking),
          context.description()};
}

template <class T>
Measured measure(const EvaluateOptions& options) {
  Model<T> model = load_model<T>(options.model);
  const Ratings<T> ratings = read_known(options.ratings, model, options.format);
  const SparseTensorView<T> entries = ratings.entries.view();
  const Sums sums = sums_of_errors(model, entries, options.clip, options.backend.threads);
  const auto count = static_cast<double>(entries.entries);
  Measured measured{{model.options.implicit.has_value(), entries.entries, ratings.left_out,
                     std::sqrt(sums.squared / count), sums.absolute / count},
                    {}};
  if (options.at > 0) measured.ranking = rank(options, std::move(model), ratings);
  return measured;
}

Json json_of(const EvaluateOptions& options, const Ranking& ranking) {
  const RankingFigures& figures = ranking.figures;
  Json json{{"at", options.at},         {"relevant", options.relevant ? Json(*options.relevant) : Json()},
            {"users", figures.users},   {"precision", figures.precision},
            {"recall", figures.recall}, {"ndcg", figures.ndcg},
            {"map", figures.map}};
  if (!options.no_auc) {
    json["auc"] = figures.auc;
    json["auc_users"] = figures.auc_users;
  }
  json["backend"] = ranking.backend;
  return json;
}

std::string text_of(const EvaluateOptions& options, const RankingFigures& figures) {
  return fmt::format(
      "precision@{0} {1:.6g}, recall@{0} {2:.6g}, NDCG@{0} {3:.6g}, MAP@{0} {4:.6g}{5} over {6} users with "
      "a rating{7}\n",
      options.at, figures.precision, figures.recall, figures.ndcg, figures.map,
      options.no_auc ? "" : fmt::format(", AUC {:.6g}", figures.auc), figures.users,
      options.relevant ? fmt::format(" of at least {}", *options.relevant) : "");
}

void check(const EvaluateOptions& options) {
  require_range("--clip", options.clip);
  if (options.at == 0 && (options.relevant || !options.seen.empty() || options.no_auc))
    throw UsageError("--relevant, --seen and --no-auc go with --at");
  require_backend(options.backend);
  require_readable(options.ratings);
  if (!options.seen.empty()) require_readable(options.seen);
}

void evaluate(const EvaluateOptions& options) {
  check(options);
  const Measured measured = with_precision(precision_of_model(options.model),
                                           [&](auto number) { return measure<decltype(number)>(options); });
  const Errors& errors = measured.errors;
  Output output;
  if (options.json) {
    Json json{{"command", "evaluate"}, {"model", options.model},        {"ratings", options.ratings},
              {"count", errors.count}, {"left_out", errors.left_out},   {"rmse", errors.rmse},
              {"mae", errors.mae},     {"errors_of_one", errors.of_one}};
    if (measured.ranking) json["ranking"] = json_of(options, *measured.ranking);
    output.write(to_text(json));
  } else {
    output.write(
        fmt::format("RMSE {:.6g}, MAE {:.6g} {}over {} ratings; {} left out, of users or items that the model "
                    "does not know\n",
                    errors.rmse, errors.mae, errors.of_one ? "of 1 - prediction " : "", errors.count, errors.left_out));
    if (measured.ranking) output.write(text_of(options, measured.ranking->figures));
  }
  output.finish();
}

}  // namespace

void add_evaluate(CLI::App& program) {
  const auto options = std::make_shared<EvaluateOptions>();
  CLI::App& command = *program.add_subcommand("evaluate", "Measure a model's errors on ratings, and how it ranks");
  command.add_option("MODEL", options->model, "A model written by fit")->required();
  command.add_option("RATINGS", options->ratings, "CSV, TSV, MovieLens or Matrix Market, plain or gzip")->required();
  add_range(command, "--clip", options->clip, "Hold predictions within this range");
  command
      .add_option("--at", options->at,
                  "Measure the ranking too: precision, recall, NDCG and MAP at the best N items, and AUC")
      ->type_name("N")
      ->check(between(1, kMostRows));
  command
      .add_option("--relevant", options->relevant,
                  "With --at: ratings of at least this are relevant; by default all are")
      ->type_name("RATING")
      ->check(finite());
  command
      .add_option("--seen", options->seen,
                  "With --at: ratings (those that the model was fitted to, say) whose items are not ranked")
      ->type_name("RATINGS");
  command.add_flag("--no-auc", options->no_auc, "With --at: leave out the AUC, for which every item must be ranked");
  add_backend(command, options->backend);
  add_format(command, options->format);
  add_json(command, options->json);
  command.footer(
      "Errors are of the ratings or, where the model is of implicit feedback, of 1, what its predictions should be.\n"
      "Ratings of users or items that the model does not know are left out and counted. The ranking is of all items "
      "of\n"
      "the model but those seen, and its figures are means over the users with a relevant rating. --backend is where\n"
      "it is computed.\n\n"
      "Examples:\n"
      "  seesaw evaluate model.h5 u1.test --clip 1,5\n"
      "  seesaw evaluate model.h5 u1.test --at 10 --relevant 4 --seen u1.base");
  command.callback([options] {
    options->format.threads = options->backend.threads;
    evaluate(*options);
  });
}

}  // namespace seesaw::cli
