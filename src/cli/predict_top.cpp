#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <unordered_map>
#include <utility>

#include "json.hpp"
#include "predict.hpp"
#include "seesaw/io/delimited.hpp"
#include "seesaw/top_k.hpp"
#include "titles.hpp"

namespace seesaw::cli {
namespace {

struct Recommendation {
  std::string item;
  std::string title;
  double prediction = 0;
};

/// The users asked for, in that order.
std::vector<index_t> users_asked_for(const PredictOptions& options, const Ids& ids) {
  std::vector<index_t> users;
  for (const std::string& name : options.user) users.push_back(known(options, "user", ids, name));
  if (options.users.empty()) return users;
  DelimitedReader lines(options.users, options.format.separator);
  if (options.format.header == Header::yes) lines.next();
  while (lines.next()) {
    const std::string& name = lines.fields().front();
    const index_t i = ids.find(name);
    if (i >= 0)
      users.push_back(i);
    else if (options.unknown != Unknown::skip)
      throw Error(fmt::format("{}: {} knows no user \"{}\"; see --unknown", lines.place(), options.model, name));
  }
  return users;
}

Ids ids_at(const Ids& ids, const std::vector<index_t>& ascending) {
  if (ids.integral()) {
    std::vector<std::int64_t> some;
    for (const index_t i : ascending) some.push_back(ids.integer(i));
    return Ids::integers(std::move(some));
  }
  std::vector<std::string_view> some;
  for (const index_t i : ascending) some.push_back(ids.text(i));
  return Ids::strings(some);
}

/// What these users have rated in the file; row r is that of users[r].
template <class T>
Csr<T> seen_by(const PredictOptions& options, const Model<T>& model, const std::vector<index_t>& users) {
  const Ids rows = ids_at(model.rows, users);
  RatingsOptions format = options.format;
  format.rows = &rows;
  format.cols = &model.cols;
  format.duplicates = Duplicates::last;  // only the places matter
  const Ratings<T> ratings = read_ratings<T>(options.seen, format);
  if (ratings.entries.values.empty() && !options.json) {
    const std::string whom = users.size() == 1 ? fmt::format("user {}", rows.name(0)) : "these users";
    std::fputs(fmt::format("note: {} has no rating of {}\n", options.seen, whom).c_str(), stderr);
  }
  Context host = Context::cpu(options.backend.threads);
  return compress(host, ratings.entries.view());
}

/// The best items for users, who are distinct and ascending.
template <class T>
class Ranked {
 public:
  Ranked(const PredictOptions& options, const Model<T>& model, std::vector<index_t> users) : users_(std::move(users)) {
    const auto m = static_cast<index_t>(users_.size()), k = model.x.cols();
    const index_t count = std::max<index_t>(1, std::min(options.top, model.cols.size()));
    Csr<T> seen;
    if (!options.seen.empty()) seen = seen_by(options, model, users_);
    Matrix<T> x(m, k);
    for (index_t r = 0; r < m; ++r) {
      const T* row = model.x.view().row(users_[static_cast<std::size_t>(r)]);
      std::copy(row, row + k, x.view().row(r));
    }
    ChosenBackend chosen = choose_ranking_backend(options.backend, m, model.y.rows(), k, seen.view().entries, count,
                                                  static_cast<std::int64_t>(sizeof(T)));
    Context& context = chosen.context;
    const bool host = context.memory()->on_host();
    const Matrix<T> y = host ? Matrix<T>() : to_context(context, model.y);
    const Matrix<T> x_there = placed(context, std::move(x));
    const Csr<T> seen_there = options.seen.empty() ? Csr<T>() : placed(context, std::move(seen));
    Matrix<column_t> items(context, m, count);
    Matrix<T> scores(context, m, count);
    top_k(context, x_there.view(), host ? model.y.view() : y.view(), seen_there.view(), items.view(), scores.view());
    items_ = to_host(items);
    scores_ = to_host(scores);
  }

  std::vector<Recommendation> of(index_t user, const PredictOptions& options, const Model<T>& model,
                                 const std::unordered_map<std::string, std::string>& titles) const {
    const index_t r = std::lower_bound(users_.begin(), users_.end(), user) - users_.begin();
    std::vector<Recommendation> best;
    for (index_t p = 0; p < items_.cols() && items_(r, p) >= 0; ++p) {
      const std::string item = model.cols.name(items_(r, p));
      const auto title = titles.find(item);
      best.push_back({item, title == titles.end() ? "" : title->second,
                      clipped(model.mean + static_cast<double>(scores_(r, p)), options.clip)});
    }
    return best;
  }

 private:
  std::vector<index_t> users_;
  Matrix<column_t> items_;
  Matrix<T> scores_;
};

Json json_of(const PredictOptions& options, const std::vector<Recommendation>& best) {
  Json items = Json::array();
  for (const Recommendation& one : best) {
    items.push_back({{"item", one.item}, {"prediction", one.prediction}});
    if (!options.titles.empty()) items.back()["title"] = one.title;
  }
  return items;
}

/// For one user, for a person.
std::string table(const PredictOptions& options, const std::vector<Recommendation>& best) {
  std::size_t width = 4;
  for (const Recommendation& one : best) width = std::max(width, one.item.size());
  std::string text = fmt::format("prediction  {:<{}}{}\n", "item", width, options.titles.empty() ? "" : "  title");
  for (const Recommendation& one : best)
    text += fmt::format("{:>10.3f}  {:<{}}{}\n", one.prediction, one.item, one.title.empty() ? 0 : width,
                        one.title.empty() ? "" : fmt::format("  {}", one.title));
  return text;
}

template <class T>
std::string csv_lines(const PredictOptions& options, const std::string& user, const std::vector<Recommendation>& best) {
  std::string text;
  for (const Recommendation& one : best)
    text += fmt::format("{},{},{}{}\n", csv_field(user), csv_field(one.item), static_cast<T>(one.prediction),
                        options.titles.empty() ? "" : fmt::format(",{}", csv_field(one.title)));
  return text;
}

}  // namespace

template <class T>
void predict_top(const PredictOptions& options, const Model<T>& model, Output& output) {
  const std::vector<index_t> asked = users_asked_for(options, model.rows);
  std::vector<index_t> users = asked;
  std::sort(users.begin(), users.end());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  if (users.empty()) throw Error(fmt::format("{}: names no user that {} knows", options.users, options.model));
  std::unordered_map<std::string, std::string> titles;
  if (!options.titles.empty()) titles = read_titles(options.titles);
  const Ranked<T> ranked(options, model, std::move(users));
  const auto best_of = [&](index_t user) { return ranked.of(user, options, model, titles); };
  const bool one = options.users.empty() && asked.size() == 1;
  Json document{{"command", "predict"}, {"model", options.model}};
  if (one && options.json) {
    document["user"] = model.rows.name(asked.front());
    document["items"] = json_of(options, best_of(asked.front()));
  } else if (one) {
    output.write(table(options, best_of(asked.front())));
  } else if (options.json) {
    document["users"] = Json::array();
    for (const index_t i : asked)
      document["users"].push_back({{"user", model.rows.name(i)}, {"items", json_of(options, best_of(i))}});
  } else {
    output.write(options.titles.empty() ? "user,item,prediction\n" : "user,item,prediction,title\n");
    for (const index_t i : asked) output.write(csv_lines<T>(options, model.rows.name(i), best_of(i)));
  }
  if (options.json) output.write(to_text(document));
}

template void predict_top(const PredictOptions&, const Model<float>&, Output&);
template void predict_top(const PredictOptions&, const Model<double>&, Output&);

}  // namespace seesaw::cli
