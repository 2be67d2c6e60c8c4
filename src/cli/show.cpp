#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "plot.hpp"
#include "seesaw/io/model.hpp"

namespace seesaw::cli {
namespace {

struct ShowOptions {
  std::string model;
  std::string ratings;  ///< empty: none
  std::string plot;
  bool convergence = false;
  index_t users = 100, items = 100;  ///< at most so many
  RatingsOptions format;
  bool json = false;
};

/// Rows (columns) of the model in the order in which they are shown.
struct Shown {
  std::vector<index_t> indices;
  bool by_count = false;  ///< else the first ones
};

/// The `most` with the highest counts, highest first; without counts the first; all in their order where there are no
/// more than that.
Shown chosen(index_t size, index_t most, const std::vector<offset_t>& counts) {
  Shown shown;
  shown.indices.resize(static_cast<std::size_t>(size));
  std::iota(shown.indices.begin(), shown.indices.end(), index_t{0});
  if (size <= most) return shown;
  if (!counts.empty()) {
    shown.by_count = true;
    const auto count = [&](index_t i) { return counts[static_cast<std::size_t>(i)]; };
    std::stable_sort(shown.indices.begin(), shown.indices.end(),
                     [&](index_t a, index_t b) { return count(a) > count(b); });
  }
  shown.indices.resize(static_cast<std::size_t>(most));
  return shown;
}

/// How many entries each row (mode 0) or column (mode 1) has.
template <class T>
std::vector<offset_t> counts_of(const SparseTensorView<T>& entries, int mode, index_t size) {
  std::vector<offset_t> counts(static_cast<std::size_t>(size));
  for (offset_t e = 0; e < entries.entries; ++e) ++counts[static_cast<std::size_t>(entries.indices[mode][e])];
  return counts;
}

/// What stands in row i of the factor, for the rows that are shown.
template <class T>
Matrix<double> rows_of(const Matrix<T>& factor, const Shown& shown) {
  Matrix<double> rows(std::ssize(shown.indices), factor.cols());
  for (index_t r = 0; r < rows.rows(); ++r)
    for (index_t f = 0; f < rows.cols(); ++f)
      rows(r, f) = static_cast<double>(factor(shown.indices[static_cast<std::size_t>(r)], f));
  return rows;
}

std::vector<std::string> names_of(const Ids& ids, const Shown& shown) {
  std::vector<std::string> names;
  for (const index_t i : shown.indices) names.push_back(ids.name(i));
  return names;
}

/// Where each index of the model is shown; -1: it is not.
std::vector<index_t> places_of(const Shown& shown, index_t size) {
  std::vector<index_t> places(static_cast<std::size_t>(size), -1);
  for (std::size_t r = 0; r < shown.indices.size(); ++r)
    places[static_cast<std::size_t>(shown.indices[r])] = static_cast<index_t>(r);
  return places;
}

/// Of implicit feedback what a prediction approximates: 1 where something was done, 0 elsewhere.
template <class T>
Matrix<double> observed(const Model<T>& model, const SparseTensorView<T>& entries, const Shown& users,
                        const Shown& items) {
  const bool implicit = model.options.implicit.has_value();
  Matrix<double> matrix(std::ssize(users.indices), std::ssize(items.indices));
  std::fill_n(matrix.view().data, matrix.rows() * matrix.cols(),
              implicit ? 0 : std::numeric_limits<double>::quiet_NaN());
  const std::vector<index_t> row = places_of(users, model.rows.size()), column = places_of(items, model.cols.size());
  for (offset_t e = 0; e < entries.entries; ++e) {
    const index_t i = row[static_cast<std::size_t>(entries.indices[0][e])];
    const index_t j = column[static_cast<std::size_t>(entries.indices[1][e])];
    if (i >= 0 && j >= 0) matrix(i, j) = implicit ? 1 : static_cast<double>(entries.values[e]);
  }
  return matrix;
}

/// "100 of 943 users, the most active first", "all 40 users".
std::string side_text(const Shown& shown, index_t size, const std::string& noun, const char* chosen_by) {
  const auto count = std::ssize(shown.indices);
  if (count == size) return size == 1 ? "the one " + noun : fmt::format("all {}", counted(size, noun));
  return fmt::format("{} of {}, {}", count, counted(size, noun), shown.by_count ? chosen_by : "the first ones");
}

template <class T>
Ratings<T> read_known(const ShowOptions& options, const Model<T>& model) {
  RatingsOptions format = options.format;
  format.rows = &model.rows;
  format.cols = &model.cols;
  Ratings<T> ratings = read_ratings<T>(options.ratings, format);
  if (ratings.entries.values.empty())
    throw Error(fmt::format("{}: none of its {} ratings is of a user and an item that the model knows", options.ratings,
                            ratings.left_out));
  return ratings;
}

struct Drawn {
  index_t users = 0, items = 0;
  offset_t left_out = 0;
  std::string subtitle;
};

template <class T>
Drawn draw_decomposition(const ShowOptions& options, const Model<T>& model) {
  if (model.x.rows() == 0 || model.y.rows() == 0)
    throw Error(fmt::format("{}: has {} and {}, nothing to show", options.model, counted(model.x.rows(), "user"),
                            counted(model.y.rows(), "item")));
  Ratings<T> ratings;
  std::vector<offset_t> of_users, of_items;
  if (!options.ratings.empty()) {
    ratings = read_known(options, model);
    of_users = counts_of(ratings.entries.view(), 0, model.rows.size());
    of_items = counts_of(ratings.entries.view(), 1, model.cols.size());
  }
  const Shown users = chosen(model.rows.size(), options.users, of_users);
  const Shown items = chosen(model.cols.size(), options.items, of_items);
  DecompositionFigure figure;
  figure.title = fmt::format("{}: rank {}", file_name(options.model), model.x.cols());
  if (!options.ratings.empty()) figure.title += fmt::format(", beside {}", file_name(options.ratings));
  figure.subtitle = side_text(users, model.rows.size(), "user", "the most active first") + "; " +
                    side_text(items, model.cols.size(), "item", "the most rated first");
  figure.row_label = "user";
  figure.column_label = "item";
  const std::string value = model.options.implicit ? "preference" : "rating";
  figure.value_label = model.mean == 0 ? value : fmt::format("{} - mean {:.3g}", value, model.mean);
  figure.row_names = names_of(model.rows, users);
  figure.column_names = names_of(model.cols, items);
  if (!options.ratings.empty()) figure.observed = observed(model, ratings.entries.view(), users, items);
  figure.x = rows_of(model.x, users);
  figure.y = rows_of(model.y, items);
  figure.mean = model.mean;
  draw(options.plot, figure);
  return {figure.x.rows(), figure.y.rows(), ratings.left_out, figure.subtitle};
}

template <class T>
Drawn draw_convergence(const ShowOptions& options, const Model<T>& model) {
  if (model.runs.empty()) throw Error(fmt::format("{}: has no history to show", options.model));
  draw(options.plot, convergence_of_starts(options.model, model.runs, model.best_run));
  return {model.rows.size(), model.cols.size(), 0,
          fmt::format("convergence of {}", counted(std::ssize(model.runs), "start"))};
}

void show(const ShowOptions& options) {
  const Drawn drawn = with_precision(precision_of_model(options.model), [&](auto number) {
    const auto model = load_model<decltype(number)>(options.model);
    return options.convergence ? draw_convergence(options, model) : draw_decomposition(options, model);
  });
  Output output;
  if (options.json) {
    Json document{{"command", "show"},
                  {"model", options.model},
                  {"ratings", options.ratings.empty() ? Json(nullptr) : Json(options.ratings)},
                  {"plot", options.plot}};
    if (!options.convergence) {
      document["users"] = drawn.users;
      document["items"] = drawn.items;
      document["left_out"] = drawn.left_out;
    }
    output.write(to_text(document));
  } else {
    output.write(fmt::format("{}: {}\n", options.plot, drawn.subtitle));
  }
  output.finish();
}

void check(const ShowOptions& options) {
  std::vector<std::string> inputs{options.model};
  if (!options.ratings.empty()) inputs.push_back(options.ratings);
  for (const std::string& input : inputs) require_readable(input);
  require_plot(options.plot, inputs);
}

}  // namespace

void add_show(CLI::App& program) {
  const auto options = std::make_shared<ShowOptions>();
  CLI::App& command = *program.add_subcommand("show", "Draw a model: the matrix and its factors, or the convergence");
  command.add_option("MODEL", options->model, "A model written by fit")->required();
  CLI::Option* const ratings = command.add_option(
      "RATINGS", options->ratings, "Ratings to draw beside what the model makes of them (CSV, TSV, MovieLens, ...)");
  add_plot(command, options->plot, "The picture")->required();
  CLI::Option* const convergence =
      command.add_flag("--convergence", options->convergence, "Draw how it converged instead, as fit --plot does")
          ->excludes(ratings);
  constexpr std::int64_t kMost = 400;
  const auto size = [&](const char* name, index_t& most, const char* description) {
    command.add_option(name, most, description)
        ->type_name("N")
        ->check(between(1, kMost))
        ->capture_default_str()
        ->excludes(convergence);
  };
  size("--users", options->users, "Users shown at most: with RATINGS those who rated most, else the first");
  size("--items", options->items, "Items shown at most, likewise");
  add_threads(command, options->format.threads);
  add_json(command, options->json);
  add_format(command, options->format);
  command.footer(
      "The recovered matrix stands with the users' factors at its left and the items' above it, the observed one\n"
      "beside it. Colours run from blue for the least through white for 0 (for the mean, where the model is centred)\n"
      "to red for the most; grey was not observed. The factors are scaled alike, the largest first. The "
      "picture\n"
      "says which users and items it shows.\n\n"
      "Examples:\n"
      "  seesaw show model.h5 u1.base --plot model.png\n"
      "  seesaw show model.h5 --convergence --plot convergence.svg");
  command.callback([options] {
    check(*options);
    show(*options);
  });
}

}  // namespace seesaw::cli
