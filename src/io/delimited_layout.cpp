#include <algorithm>
#include <vector>

#include "fields.hpp"
#include "layout.hpp"
#include "numbers.hpp"

namespace seesaw::io {
namespace {

const std::vector<std::string>& known_names(Role role) {
  static const std::vector<std::string> user{"user", "userid", "user_id", "users", "uid"};
  static const std::vector<std::string> item{"item",    "itemid",   "item_id", "items",     "iid",       "movie",
                                             "movieid", "movie_id", "film",    "productid", "product_id"};
  static const std::vector<std::string> rating{"rating", "ratings", "score", "value", "stars"};
  static const std::vector<std::string> weight{"weight"};
  return role == kUser ? user : role == kItem ? item : role == kRating ? rating : weight;
}

using Fields = std::vector<std::string>;

/// A column's position, from 1, where the option gives one; 0 where it is a name or empty.
int stated_position(const std::string& column) {
  std::int64_t position = 0;
  if (!parse_canonical(column, position)) return 0;
  constexpr std::int64_t kMost = 1 << 20;
  if (position < 1 || position > kMost)
    throw InvalidArgument("column " + column + " does not exist; positions count from 1");
  return static_cast<int>(position);
}

bool is_named_column(const std::string& column) { return !column.empty() && stated_position(column) == 0; }

const std::string& stated_column(const RatingsOptions& options, Role role) {
  return role == kUser     ? options.user
         : role == kItem   ? options.item
         : role == kRating ? options.rating
                           : options.weight;
}

bool is_number(const std::string& field) {
  double value = 0;
  return parse_number<double>(field, value) != NumberFault::syntax;
}

/// RecBole writes "user_id:token"; either form is found by "user_id".
bool is_named(const std::string& field, const std::string& name) {
  const std::string have = lower_case(field), want = lower_case(name);
  return have == want || have.substr(0, have.find(':')) == want;
}

int find_column(const Fields& header, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < header.size(); ++i)
    for (const std::string& name : names)
      if (is_named(header[i], name)) return static_cast<int>(i);
  return -1;
}

/// Stated names need a header; by positions, it is one where the rating is no number; by default, where user and item
/// are found in it by known names, or nothing in it is a number.
bool has_header(const RatingsOptions& options, const Fields& first) {
  if (options.header != Header::automatic) return options.header == Header::yes;
  for (const Role role : {kUser, kItem, kRating, kWeight})
    if (is_named_column(stated_column(options, role))) return true;
  if (const int rating = stated_position(options.rating); rating > 0)
    return rating <= static_cast<int>(first.size()) && !is_number(first[static_cast<std::size_t>(rating) - 1]);
  if (find_column(first, known_names(kUser)) >= 0 && find_column(first, known_names(kItem)) >= 0) return true;
  return std::none_of(first.begin(), first.end(), is_number);
}

std::string listed(const Fields& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + quoted(name);
  return text;
}

/// The field of a role, from 0; -1 for a weight that was not asked for.
int field_of(const std::string& path, const RatingsOptions& options, Role role, const FirstLine& first,
             const char* least) {
  const std::string& column = stated_column(options, role);
  if (column.empty() && role == kWeight) return -1;
  const std::string name = role_name(role);
  const int count = static_cast<int>(first.fields.size());
  const int position = !column.empty() ? stated_position(column) : first.is_header ? 0 : role + 1;
  if (position > 0) {
    if (position <= count) return position - 1;
    const std::string have = std::to_string(count) + (count == 1 ? " field" : " fields");
    if (column.empty())
      throw line_error(path, first.number, "expected at least " + std::string(least) + " but found " + have,
                       first.text);
    throw InvalidArgument(path + ": the " + name + " column " + column + " does not exist; the lines have " + have);
  }
  if (!column.empty() && !first.is_header)
    throw InvalidArgument(path + ": the " + name + " column is given by the name " + quoted(column) +
                          ", but the file has no header; give a position");
  const int found = find_column(first.fields, column.empty() ? known_names(role) : Fields{column});
  if (found >= 0) return found;
  const std::string among = "; the columns are " + listed(first.fields);
  if (!column.empty())
    throw InvalidArgument(path + ": no " + name + " column " + quoted(column) + among +
                          (options.header == Header::yes ? "" : " (the first line was taken for a header)"));
  throw line_error(path, first.number, "no column is known to be the " + name + among);
}

void check_distinct(const std::string& path, const Layout& layout) {
  for (const Role a : {kUser, kItem, kRating, kWeight})
    for (int b = a + 1; b < kRoles; ++b)
      if (layout.field[a] >= 0 && layout.field[a] == layout.field[static_cast<std::size_t>(b)])
        throw InvalidArgument(path + ": " + role_name(a) + " and " + role_name(static_cast<Role>(b)) +
                              " are both column " + std::to_string(layout.field[a] + 1));
}

}  // namespace

const char* role_name(Role role) {
  return role == kUser ? "user" : role == kItem ? "item" : role == kRating ? "rating" : "weight";
}

std::vector<std::string> fields_of(const std::string& path, index_t number, std::string_view line,
                                   const std::string& separator, bool quotes) {
  std::vector<std::string_view> views(line.size() + 1);
  const int capacity = static_cast<int>(views.size());
  const int count = with_separator(separator, [&](auto s) { return split(line, s, views.data(), capacity, quotes); });
  if (count == kUnclosedQuote) throw line_error(path, number, "a quotation mark is not closed", line);
  if (count == kTextAfterQuote) throw line_error(path, number, "text after a closing quotation mark", line);
  Fields fields;
  for (int i = 0; i < count; ++i) {
    const std::string_view field = views[static_cast<std::size_t>(i)];
    fields.push_back(quotes && !field.empty() && field.front() == '"' ? unquoted(field) : std::string(field));
  }
  return fields;
}

std::string detected_separator(std::string_view line) {
  std::string bare;
  bool inside = false;
  for (const char c : line) {
    inside = inside != (c == '"');
    if (!inside) bare += c;
  }
  for (const char* separator : {"\t", "::"})
    if (bare.find(separator) != std::string::npos) return separator;
  const std::size_t first = bare.find_first_of("|,;");
  return first == std::string::npos ? " " : std::string(1, bare[first]);
}

void check_separator(const std::string& separator) {
  if (separator.empty() || separator == "::" ||
      (separator.size() == 1 && std::string("\"\r\n").find(separator) == std::string::npos))
    return;
  throw InvalidArgument("separator is " + quoted(separator) +
                        ", expected one character (not a quotation mark or line break), \"::\", or \" \" for any "
                        "spaces and tabs");
}

PairLayout pair_layout(const std::string& path, FirstLine first, const RatingsOptions& options) {
  const bool known =
      find_column(first.fields, known_names(kUser)) >= 0 && find_column(first.fields, known_names(kItem)) >= 0;
  const bool named = is_named_column(options.user) || is_named_column(options.item);
  first.is_header = options.header == Header::yes || (options.header == Header::automatic && (known || named));
  const char* const least = "2 fields (user, item)";
  const int user = field_of(path, options, kUser, first, least), item = field_of(path, options, kItem, first, least);
  return {user, item, first.is_header};
}

Layout delimited_layout(const std::string& path, std::string_view text, const RatingsOptions& options) {
  check_separator(options.separator);
  const Line line = line_at(text, 0);
  Layout layout;
  layout.separator = options.separator.empty() ? detected_separator(line.text) : options.separator;
  FirstLine first{1, line.text, fields_of(path, 1, line.text, layout.separator), false};
  first.is_header = has_header(options, first.fields);
  layout.fields = static_cast<int>(first.fields.size());
  for (const Role role : {kUser, kItem, kRating, kWeight})
    layout.field[role] = field_of(path, options, role, first, "3 fields (user, item, rating)");
  check_distinct(path, layout);
  layout.data = text.substr(first.is_header ? line.next : 0);
  layout.first_line = first.is_header ? 2 : 1;
  if (layout.data.empty()) throw line_error(path, 1, "only a header, no ratings", first.text);
  return layout;
}

}  // namespace seesaw::io
