#include "predict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "arguments.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "prediction.hpp"
#include "seesaw/io/delimited.hpp"

namespace seesaw::cli {

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

namespace {

// ---- one user and item

template <class T>
void predict_one(const PredictOptions& options, const Model<T>& model, Output& output) {
  const index_t i = known(options, "user", model.rows, options.user.front());
  const index_t j = known(options, "item", model.cols, options.item);
  const double value = clipped(prediction(model, i, j), options.clip);
  if (options.json)
    output.write(to_text({{"command", "predict"},
                          {"model", options.model},
                          {"user", options.user.front()},
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

// ---- the command

void check(const PredictOptions& options) {
  const int ways = (options.pairs.empty() ? 0 : 1) + (options.item.empty() ? 0 : 1) + (options.top > 0 ? 1 : 0);
  if (ways != 1) throw UsageError("give one of --pairs FILE, --user ID --item ID, --user ID --top N");
  const bool named = !options.user.empty() || !options.users.empty();
  if (named != options.pairs.empty())
    throw UsageError(named ? "--user and --users do not go with --pairs" : "--user is missing");
  if (options.top == 0 && !(options.seen.empty() && options.titles.empty() && options.users.empty()))
    throw UsageError("--seen, --titles and --users go with --top");
  if (!options.user.empty() && !options.users.empty()) throw UsageError("give one of --user ID and --users FILE");
  if (!options.item.empty() && options.user.size() > 1) throw UsageError("--item goes with one --user");
  require_range("--clip", options.clip);
  require_backend(options.backend);
  std::vector<std::string> inputs;
  for (const std::string& input : {options.model, options.users, options.pairs, options.seen, options.titles})
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
  CLI::App& command = *program.add_subcommand("predict", "Predict ratings, or recommend items to users");
  command.add_option("MODEL", options->model, "A model written by fit")->required();
  command.add_option("--user", options->user, "A user's id; with --top any number of times")
      ->type_name("ID")
      ->allow_extra_args(false);
  command.add_option("--users", options->users, "For --top: a user's id first on each line; - is standard input")
      ->type_name("FILE");
  command.add_option("--item", options->item, "An item's id: prints the one prediction")->type_name("ID");
  command
      .add_option("--top", options->top,
                  "Print so many items with the best predictions for a user; of several users, as CSV")
      ->type_name("N")
      ->check(between(1, kMostRows));
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
  add_choice<Unknown>(
      command, "--unknown", options->unknown,
      {{"error", Unknown::error}, {"mean", Unknown::mean}, {"skip", Unknown::skip}},
      "A pair whose user or item the model does not know: an error, the mean rating, no line; of --users, an "
      "error unless skip");
  add_range(command, "--clip", options->clip, "Hold predictions within this range");
  command.add_option("-o,--output", options->output, "Write there instead of to standard output")->type_name("FILE");
  add_backend(command, options->backend);
  add_json(command, options->json);
  add_format(command, options->format);
  command.footer(
      "Examples:\n"
      "  seesaw predict model.h5 --user 196 --item 242\n"
      "  seesaw predict model.h5 --user 196 --top 10 --seen u.data --titles u.item\n"
      "  seesaw predict model.h5 --users users.txt --top 10 --seen u.data -o recommendations.csv\n"
      "  seesaw predict model.h5 --pairs pairs.csv -o predictions.csv --unknown mean");
  command.callback([options] {
    options->format.threads = options->backend.threads;
    check(*options);
    with_precision(precision_of_model(options->model), [&](auto number) { predict<decltype(number)>(*options); });
  });
}

}  // namespace seesaw::cli
