#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "arguments.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "seesaw/io/model.hpp"
#include "seesaw/io/ratings_writer.hpp"
#include "seesaw/planted.hpp"

namespace seesaw::cli {
namespace {

struct GenerateOptions {
  std::string output;
  std::string truth;
  PlantedOptions planted;
  Range range;
  double step = 0;
  Precision precision = Precision::single;
  int threads = 0;
  ProgressStyle progress = ProgressStyle::automatic;
  bool json = false;
};

/// Rounded to a multiple of --step, then held within --range.
double shaped(const GenerateOptions& options, double value) {
  return clipped(options.step > 0 ? std::round(value / options.step) * options.step : value, options.range);
}

/// Behind the last row that fits into a block with the row `first`, which always does.
index_t block_end(const std::vector<offset_t>& offsets, index_t first) {
  constexpr offset_t kBlock = 1 << 20;
  const offset_t most = offsets[static_cast<std::size_t>(first)] + kBlock;
  const auto end = std::upper_bound(offsets.begin() + first, offsets.end(), most) - 1;
  return std::max(end - offsets.begin(), first + 1);
}

template <class T>
void write_ratings(const GenerateOptions& options, const Planted& planted, const Ids& users, const Ids& items,
                   Progress& progress) {
  RatingsWriter writer(options.output, users, items, /*weights=*/false, options.threads);
  const std::vector<offset_t>& offsets = planted.offsets();
  for (index_t first = 0, last = 0; first < users.size(); first = last) {
    last = block_end(offsets, first);
    SparseTensor<T> block = planted.entries<T>(first, last, options.threads);
    for (offset_t e = 0; e < block.values.size(); ++e) {
      T& value = block.values.data()[e];
      value = static_cast<T>(shaped(options, static_cast<double>(value)));
    }
    writer.write(block.view());
    const offset_t done = offsets[static_cast<std::size_t>(last)];
    progress.bar(static_cast<double>(done) / static_cast<double>(offsets.back()),
                 fmt::format("{} of {} ratings", done, offsets.back()));
  }
  writer.commit();
}

/// The planted factors as a model, which `evaluate` and `predict` read as any other.
void save_truth(const GenerateOptions& options, const Planted& planted, const Ids& users, const Ids& items) {
  Model<double> model;
  model.x = to_host(planted.x());
  model.y = to_host(planted.y());
  model.rows = users;
  model.cols = items;
  model.mean = options.planted.mean;
  model.options.rank = options.planted.rank;
  model.options.seed = options.planted.seed;
  save_model(options.truth, model);
}

std::string report(const GenerateOptions& options, double seconds) {
  const PlantedOptions& planted = options.planted;
  if (!options.json)
    return fmt::format("{}: {} by {} of {}, rank {}, written in {}\n", options.output,
                       counted(planted.entries, "rating"), counted(planted.rows, "user"), counted(planted.cols, "item"),
                       planted.rank, seconds_text(seconds));
  return to_text({{"command", "generate"},
                  {"ratings", options.output},
                  {"truth", options.truth.empty() ? Json(nullptr) : Json(options.truth)},
                  {"entries", planted.entries},
                  {"users", planted.rows},
                  {"items", planted.cols},
                  {"rank", planted.rank},
                  {"noise", planted.noise},
                  {"seed", planted.seed},
                  {"seconds", seconds}});
}

Planted plan(const PlantedOptions& options) {
  try {
    return Planted(options);
  } catch (const InvalidArgument& error) {  // more entries than places, say
    throw UsageError(error.what());
  }
}

void generate(const GenerateOptions& options) {
  require_range("--range", options.range);
  require_writable(options.output, {});
  if (!options.truth.empty()) {
    require_writable(options.truth, {});
    if (options.truth == options.output) throw UsageError("--truth and --output are the same file");
  }
  const auto begin = std::chrono::steady_clock::now();
  Progress progress(options.json ? ProgressStyle::none : options.progress);
  const Planted planted = plan(options.planted);
  const Ids users = Ids::range(1, options.planted.rows), items = Ids::range(1, options.planted.cols);
  if (!options.truth.empty()) save_truth(options, planted, users, items);
  with_precision(options.precision,
                 [&](auto number) { write_ratings<decltype(number)>(options, planted, users, items, progress); });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  progress.end();
  Output output;
  output.write(report(options, took.count()));
  output.finish();
}

void add_planted_options(CLI::App& command, PlantedOptions& planted) {
  const auto size = [&](const char* name, std::int64_t& value, std::int64_t most, const char* description) {
    return command.add_option(name, value, description)->type_name("N")->check(between(1, most));
  };
  size("--users", planted.rows, kMostRows, "Users, with the ids 1, 2, ...")->required();
  size("--items", planted.cols, kMostRows, "Items, with the ids 1, 2, ...")->required();
  size("--entries", planted.entries, kMostEntries, "Ratings, each of another user or item")->required();
  size("--rank,-k", planted.rank, kMostRank, "Factors")->capture_default_str();
  const auto amount = [&](const char* name, double& value, const char* description) {
    return command.add_option(name, value, description)->type_name("X")->check(not_negative())->capture_default_str();
  };
  command.add_option("--mean", planted.mean, "Of the ratings")->type_name("X")->check(finite())->capture_default_str();
  amount("--spread", planted.spread, "Standard deviation of what the factors add to the mean");
  amount("--noise", planted.noise, "Standard deviation of what is added besides");
  amount("--user-exponent", planted.row_exponent, "The p-th most active user has about p^-X times the first's ratings");
  amount("--item-exponent", planted.col_exponent, "The p-th most popular item is p^-X times as likely as the first");
  add_seed(command, planted.seed, "The same seed gives the same file");
}

}  // namespace

void add_generate(CLI::App& program) {
  const auto options = std::make_shared<GenerateOptions>();
  CLI::App& command = *program.add_subcommand("generate", "Write planted low-rank ratings, whose answer is known");
  command.add_option("-o,--output", options->output, "Ratings as CSV (user,item,rating); gzip where it ends in .gz")
      ->type_name("FILE")
      ->required();
  add_planted_options(command, options->planted);
  command.add_option("--step", options->step, "Round ratings to multiples of this")->type_name("X")->check(positive());
  add_range(command, "--range", options->range, "Hold ratings within this range");
  command.add_option("--truth", options->truth, "Save the planted factors as a model")->type_name("MODEL");
  add_precision(command, options->precision)->description("Numbers to write");
  add_threads(command, options->threads);
  add_progress(command, options->progress);
  add_json(command, options->json);
  command.footer(
      "Example:\n"
      "  seesaw generate -o ratings.csv --users 480000 --items 17000 --entries 20000000 --rank 16 --mean 3.6 \\\n"
      "    --noise 0.5 --user-exponent 0.7 --item-exponent 0.9 --step 1 --range 1,5 --truth truth.h5");
  command.callback([options] { generate(*options); });
}

}  // namespace seesaw::cli
