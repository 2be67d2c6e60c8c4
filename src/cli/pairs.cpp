#include "pairs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iostream>
#include <iterator>

#include "checks.hpp"
#include "delimited.hpp"

namespace seesaw::cli {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// Lower case, without the type that RecBole adds ("user_id:token").
std::string plain_name(const std::string& field) {
  std::string name = field.substr(0, field.find(':'));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

std::size_t find_named(const std::vector<std::string>& header, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < header.size(); ++i)
    if (std::find(names.begin(), names.end(), plain_name(header[i])) != names.end()) return i;
  return kNone;
}

/// From 0; kNone where the column is given by name or not at all.
std::size_t position_of(const std::string& column) {
  if (column.empty() || column.size() > 6 || column.find_first_not_of("0123456789") != std::string::npos) return kNone;
  const std::size_t position = std::stoul(column);
  if (position == 0) throw Error("column 0 does not exist; positions count from 1");
  return position - 1;
}

}  // namespace

PairsReader::PairsReader(const std::string& path, const RatingsOptions& options)
    : path_(path), in_(&file_), separator_(options.separator) {
  if (path == "-") {
    path_ = "standard input";
    in_ = &std::cin;
  } else {
    require_readable(path);
    file_.open(path);
  }
  if (!read_fields()) throw ParseError(path_ + ": is empty, expected pairs of user and item");
  if (line_.rfind("\x1f\x8b", 0) == 0) throw ParseError(path_ + ": is gzip; unpack it first, or pipe it in");
  find_columns(options);
}

void PairsReader::find_columns(const RatingsOptions& options) {
  static const std::vector<std::string> users{"user", "userid", "user_id", "users", "uid"};
  static const std::vector<std::string> items{"item",    "itemid",   "item_id", "items",     "iid",       "movie",
                                              "movieid", "movie_id", "film",    "productid", "product_id"};
  const auto by_name = [](const std::string& column) { return !column.empty() && position_of(column) == kNone; };
  const bool known = find_named(fields_, users) != kNone && find_named(fields_, items) != kNone;
  const bool header = options.header == Header::yes || (options.header == Header::automatic &&
                                                        (known || by_name(options.user) || by_name(options.item)));
  const auto column = [&](const char* role, const std::string& given, const std::vector<std::string>& names,
                          std::size_t usual) {
    std::size_t found = position_of(given);
    if (by_name(given)) found = find_named(fields_, {plain_name(given)});
    if (given.empty()) found = header ? find_named(fields_, names) : usual;
    if (found == kNone && given.empty()) fail(fmt::format("no column is known to be the {}", role));
    if (found >= fields_.size())
      throw Error(fmt::format("{}: no {} column {} among {} fields", path_, role,
                              given.empty() ? std::to_string(usual + 1) : "\"" + given + "\"", fields_.size()));
    return found;
  };
  user_ = column("user", options.user, users, 0);
  item_ = column("item", options.item, items, 1);
  have_first_ = !header;
}

bool PairsReader::next(Pair& pair) {
  if (!have_first_ && !read_fields()) return false;
  have_first_ = false;
  if (fields_.size() <= std::max(user_, item_))
    fail(fmt::format("found {} fields, expected at least {}", fields_.size(), std::max(user_, item_) + 1));
  pair.user = fields_[user_];
  pair.item = fields_[item_];
  pair.place = fmt::format("{}:{}", path_, number_);
  return true;
}

bool PairsReader::read_fields() {
  do {
    if (!next_line(*in_, number_ == 0, line_)) {
      if (in_->bad()) throw IoError(path_ + ": cannot be read");
      return false;
    }
    ++number_;
  } while (line_.find_first_not_of(" \t") == std::string::npos);
  if (separator_.empty()) separator_ = separator_of(line_);
  if (!split_fields(line_, separator_, fields_)) fail("a quotation mark is not closed");
  return true;
}

void PairsReader::fail(const std::string& what) const {
  constexpr std::size_t kShown = 80;
  throw ParseError(fmt::format("{}:{}: {}: \"{}\"", path_, number_, what, line_.substr(0, kShown)));
}

}  // namespace seesaw::cli
