#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "arguments.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "prediction.hpp"
#include "seesaw/io/delimited.hpp"
#include "titles.hpp"

namespace seesaw::cli {
namespace {

enum class Unknown { error, mean, skip };

struct PredictOptions {
  std::string model;
  std::string user, item;
  std::string pairs;
  index_t top = 0;
  std::string seen, titles;
  Unknown unknown = Unknown::error;
  RatingsOptions format;  ///< of the pairs and of the seen ratings
  Range clip;
  std::string output;
  bool json = false;
};

/// Quoted where CSV wants it.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

index_t known(const PredictOptions& options, const char* what, const Ids& ids, const std::string& name) {
  const index_t index = ids.find(name);
  if (index < 0) throw Error(fmt::format("{}: knows no {} \"{}\"", options.model, what, name));
  return index;
}

// ---- one user and item

template <class T>
void predict_one(const PredictOptions& options, const Model<T>& model, Output& output) {
  const index_t i = known(options, "user", model.rows, options.user);
  const index_t j = known(options, "item", model.cols, options.item);
  const double value = clipped(prediction(model, i, j), options.clip);
  if (options.json)
    output.write(to_text({{"command", "predict"},
                          {"model", options.model},
                          {"user", options.user},
                          {"item", options.item},
                          {"prediction", value}}));
  else
    output.write(fmt::format("{}\n", static_cast<T>(value)));
}

// ---- a file of pairs

template <class T>
void predict_pairs(const PredictOptions& options, const Model<T>& model, Output& output) {
  PairsReader reader(options.pairs, options.format);
  Json predictions = Json::array();
  offset_t unknown = 0;
  if (!options.json) output.write("user,item,prediction\n");
  for (Pair pair; reader.next(pair);) {
    const index_t i = model.rows.find(pair.user), j = model.cols.find(pair.item);
    double value = model.mean;
    if (i >= 0 && j >= 0) {
      value = prediction(model, i, j);
    } else {
      if (options.unknown == Unknown::error)
        throw Error(fmt::format("{}: {} knows no {} \"{}\"; see --unknown", pair.place, options.model,
                                i < 0 ? "user" : "item", i < 0 ? pair.user : pair.item));
      ++unknown;
      if (options.unknown == Unknown::skip) continue;
    }
    value = clipped(value, options.clip);
    if (options.json)
      predictions.push_back({{"user", pair.user}, {"item", pair.item}, {"prediction", value}});
    else
      output.write(fmt::format("{},{},{}\n", csv_field(pair.user), csv_field(pair.item), static_cast<T>(value)));
  }
  if (options.json)
    output.write(to_text({{"command", "predict"},
                          {"model", options.model},
                          {"pairs", options.pairs},
                          {"unknown", unknown},
                          {"predictions", std::move(predictions)}}));
}

// ---- the best items for a user

/// Which items of the model the user has rated in the file.
template <class T>
std::vector<bool> seen_items(const PredictOptions& options, const Model<T>& model) {
  std::vector<bool> seen(static_cast<std::size_t>(model.cols.size()));
  if (options.seen.empty()) return seen;
  const index_t i = model.rows.find(options.user);
  const Ids user = model.rows.integral() ? Ids::integers({model.rows.integer(i)}) : Ids::strings({model.rows.text(i)});
  RatingsOptions format = options.format;
  format.rows = &user;
  format.cols = &model.cols;
  format.duplicates = Duplicates::last;  // only the places matter
  const Ratings<T> ratings = read_ratings<T>(options.seen, format);
  const SparseTensorView<T> entries = ratings.entries.view();
  if (entries.entries == 0 && !options.json)
    std::fputs(fmt::format("note: {} has no rating of user {}\n", options.seen, options.user).c_str(), stderr);
  for (offset_t e = 0; e < entries.entries; ++e) seen[static_cast<std::size_t>(entries.indices[1][e])] = true;
  return seen;
}

struct Recommendation {
  std::string item;
  std::string title;
  double prediction = 0;
};

/// Best first; of equals the item of the smaller id.
template <class T>
std::vector<Recommendation> best_items(const PredictOptions& options, const Model<T>& model) {
  const index_t i = known(options, "user", model.rows, options.user);
  const std::vector<bool> seen = seen_items(options, model);
  std::vector<std::pair<double, index_t>> scores;  // the better the smaller
  for (index_t j = 0; j < model.cols.size(); ++j)
    if (!seen[static_cast<std::size_t>(j)]) scores.emplace_back(-prediction(model, i, j), j);
  const auto count = std::min(static_cast<std::ptrdiff_t>(scores.size()), static_cast<std::ptrdiff_t>(options.top));
  std::partial_sort(scores.begin(), scores.begin() + count, scores.end());
  std::unordered_map<std::string, std::string> titles;
  if (!options.titles.empty()) titles = read_titles(options.titles);
  std::vector<Recommendation> best;
  for (std::ptrdiff_t p = 0; p < count; ++p) {
    const auto [score, j] = scores[static_cast<std::size_t>(p)];
    const std::string item = model.cols.name(j);
    const auto title = titles.find(item);
    best.push_back({item, title == titles.end() ? "" : title->second, clipped(-score, options.clip)});
  }
  return best;
}

template <class T>
void predict_top(const PredictOptions& options, const Model<T>& model, Output& output) {
  const std::vector<Recommendation> best = best_items(options, model);
  if (options.json) {
    Json items = Json::array();
    for (const Recommendation& one : best) {
      items.push_back({{"item", one.item}, {"prediction", one.prediction}});
      if (!options.titles.empty()) items.back()["title"] = one.title;
    }
    output.write(to_text(
        {{"command", "predict"}, {"model", options.model}, {"user", options.user}, {"items", std::move(items)}}));
    return;
  }
  std::size_t width = 4;
  for (const Recommendation& one : best) width = std::max(width, one.item.size());
  output.write(fmt::format("prediction  {:<{}}{}\n", "item", width, options.titles.empty() ? "" : "  title"));
  for (const Recommendation& one : best)
    output.write(fmt::format("{:>10.3f}  {:<{}}{}\n", one.prediction, one.item, one.title.empty() ? 0 : width,
                             one.title.empty() ? "" : "  " + one.title));
}

// ---- the command

void check(const PredictOptions& options) {
  const int ways = (options.pairs.empty() ? 0 : 1) + (options.item.empty() ? 0 : 1) + (options.top > 0 ? 1 : 0);
  if (ways != 1) throw UsageError("give one of --pairs FILE, --user ID --item ID, --user ID --top N");
  if (options.user.empty() != !options.pairs.empty())
    throw UsageError(options.pairs.empty() ? "--user is missing" : "--user does not go with --pairs");
  if (options.top == 0 && !(options.seen.empty() && options.titles.empty()))
    throw UsageError("--seen and --titles go with --top");
  require_range("--clip", options.clip);
  std::vector<std::string> inputs;
  for (const std::string& input : {options.model, options.pairs, options.seen, options.titles})
    if (!input.empty() && input != "-") inputs.push_back(input);
  for (const std::string& input : inputs) require_readable(input);
  if (!options.output.empty()) require_writable(options.output, inputs);
}

template <class T>
void predict(const PredictOptions& options) {
  const Model<T> model = load_model<T>(options.model);
  Output output(options.output);
  if (!options.pairs.empty())
    predict_pairs(options, model, output);
  else if (options.top > 0)
    predict_top(options, model, output);
  else
    predict_one(options, model, output);
  output.finish();
}

}  // namespace

void add_predict(CLI::App& program) {
  const auto options = std::make_shared<PredictOptions>();
  CLI::App& command = *program.add_subcommand("predict", "Predict ratings, or recommend items to a user");
  command.add_option("MODEL", options->model, "A model written by fit")->required();
  command.add_option("--user", options->user, "A user's id")->type_name("ID");
  command.add_option("--item", options->item, "An item's id: prints the one prediction")->type_name("ID");
  command.add_option("--top", options->top, "Print so many items with the best predictions for --user")
      ->type_name("N")
      ->check(at_least(1));
  command
      .add_option("--seen", options->seen,
                  "Ratings (those that the model was fitted to, say) whose items --top leaves out")
      ->type_name("RATINGS");
  command
      .add_option("--titles", options->titles,
                  "Titles for --top: id and title first on each line (u.item, movies.dat, movies.csv)")
      ->type_name("FILE");
  command.add_option("--pairs", options->pairs, "User and item on each line; - is standard input. Prints CSV")
      ->type_name("FILE");
  add_choice<Unknown>(command, "--unknown", options->unknown,
                      {{"error", Unknown::error}, {"mean", Unknown::mean}, {"skip", Unknown::skip}},
                      "A pair whose user or item the model does not know: an error, the mean rating, no line");
  add_range(command, "--clip", options->clip, "Hold predictions within this range");
  command.add_option("-o,--output", options->output, "Write there instead of to standard output")->type_name("FILE");
  add_json(command, options->json);
  add_format(command, options->format);
  command.footer(
      "Examples:\n"
      "  seesaw predict model.h5 --user 196 --item 242\n"
      "  seesaw predict model.h5 --user 196 --top 10 --seen u.data --titles u.item\n"
      "  seesaw predict model.h5 --pairs pairs.csv -o predictions.csv --unknown mean");
  command.callback([options] {
    check(*options);
    with_precision(precision_of_model(options->model), [&](auto number) { predict<decltype(number)>(*options); });
  });
}

}  // namespace seesaw::cli
