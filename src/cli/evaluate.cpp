#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "arguments.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "prediction.hpp"

namespace seesaw::cli {
namespace {

struct EvaluateOptions {
  std::string model;
  std::string ratings;
  RatingsOptions format;
  Range clip;
  bool json = false;
};

struct Errors {
  offset_t count = 0;
  offset_t left_out = 0;
  double rmse = 0;
  double mae = 0;
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
      const double error = static_cast<double>(entries.values[e]) - clipped(predicted, clip);
      sums.squared += error * error;
      sums.absolute += std::abs(error);
    }
    each[static_cast<std::size_t>(block)] = sums;
  }
  Sums all;
  for (const Sums& sums : each) all = {all.squared + sums.squared, all.absolute + sums.absolute};
  return all;
}

template <class T>
Errors measure(const EvaluateOptions& options) {
  const Model<T> model = load_model<T>(options.model);
  RatingsOptions format = options.format;
  format.rows = &model.rows;
  format.cols = &model.cols;
  const Ratings<T> ratings = read_ratings<T>(options.ratings, format);
  const SparseTensorView<T> entries = ratings.entries.view();
  if (entries.entries == 0)
    throw Error(fmt::format("{}: none of its {} ratings is of a user and an item that {} knows", options.ratings,
                            ratings.left_out, options.model));
  const Sums sums = sums_of_errors(model, entries, options.clip, options.format.threads);
  const auto count = static_cast<double>(entries.entries);
  return {entries.entries, ratings.left_out, std::sqrt(sums.squared / count), sums.absolute / count};
}

void evaluate(const EvaluateOptions& options) {
  require_range("--clip", options.clip);
  require_readable(options.ratings);
  const Errors errors = with_precision(precision_of_model(options.model),
                                       [&](auto number) { return measure<decltype(number)>(options); });
  Output output;
  if (options.json)
    output.write(to_text({{"command", "evaluate"},
                          {"model", options.model},
                          {"ratings", options.ratings},
                          {"count", errors.count},
                          {"left_out", errors.left_out},
                          {"rmse", errors.rmse},
                          {"mae", errors.mae}}));
  else
    output.write(
        fmt::format("RMSE {:.6g}, MAE {:.6g} over {} ratings; {} left out, of users or items that the model "
                    "does not know\n",
                    errors.rmse, errors.mae, errors.count, errors.left_out));
  output.finish();
}

}  // namespace

void add_evaluate(CLI::App& program) {
  const auto options = std::make_shared<EvaluateOptions>();
  CLI::App& command = *program.add_subcommand("evaluate", "Measure a model's errors on ratings");
  command.add_option("MODEL", options->model, "A model written by fit")->required();
  command.add_option("RATINGS", options->ratings, "CSV, TSV, MovieLens or Matrix Market, plain or gzip")->required();
  add_range(command, "--clip", options->clip, "Hold predictions within this range");
  add_threads(command, options->format.threads);
  add_format(command, options->format);
  add_json(command, options->json);
  command.footer(
      "Ratings of users or items that the model does not know are left out and counted.\n\n"
      "Example:\n"
      "  seesaw evaluate model.h5 u1.test --clip 1,5");
  command.callback([options] { evaluate(*options); });
}

}  // namespace seesaw::cli
