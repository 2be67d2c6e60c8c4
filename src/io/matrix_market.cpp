#include <algorithm>
#include <vector>

#include "fields.hpp"
#include "id_tables.hpp"
#include "layout.hpp"
#include "numbers.hpp"

namespace seesaw::io {
namespace {

constexpr std::string_view kBanner = "%%matrixmarket";

struct Kind {
  bool dense;
  bool symmetric;
};

Kind read_banner(const std::string& path, std::string_view line) {
  const auto words = words_of(line, 5);
  if (words.size() != 5) throw line_error(path, 1, "expected %%MatrixMarket and four words", line);
  const auto one_of = [&](std::size_t i, const char* expected, auto... allowed) {
    const std::string word = lower_case(words[i]);
    if (((word != allowed) && ...))
      throw line_error(path, 1, quoted(words[i]) + " is not supported, expected " + expected, line);
    return word;
  };
  one_of(1, "matrix", "matrix");
  const bool dense = one_of(2, "coordinate or array", "coordinate", "array") == "array";
  if (lower_case(words[3]) == "pattern") throw line_error(path, 1, "a pattern has no ratings", line);
  one_of(3, "real or integer", "real", "integer");
  const bool symmetric = dense ? (one_of(4, "general (of an array)", "general"), false)
                               : one_of(4, "general or symmetric", "general", "symmetric") == "symmetric";
  return {dense, symmetric};
}

std::vector<std::int64_t> read_sizes(const std::string& path, index_t number, std::string_view line,
                                     std::size_t count) {
  const auto words = words_of(line, count);
  std::vector<std::int64_t> sizes(count);
  bool good = words.size() == count;
  for (std::size_t i = 0; good && i < count; ++i) good = parse_canonical(words[i], sizes[i]) && sizes[i] >= 0;
  if (!good)
    throw line_error(path, number, count == 2 ? "expected two sizes" : "expected two sizes and a number of entries",
                     line);
  check_id_count(path + ":" + std::to_string(number), "rows", sizes[0]);
  check_id_count(path + ":" + std::to_string(number), "columns", sizes[1]);
  return sizes;
}

struct Head {
  std::size_t end;  ///< where the line of the sizes ends
  index_t line;     ///< its number
  std::string_view text;
};

Head find_sizes(const std::string& path, std::string_view text) {
  Line line = line_at(text, 0);
  index_t number = 1;
  while (line.next < text.size()) {
    line = line_at(text, line.next);
    ++number;
    const std::string_view bare = trimmed(line.text);
    if (!bare.empty() && bare.front() != '%' && bare.front() != '#') return {line.next, number, line.text};
  }
  throw line_error(path, number, "the line with the sizes is missing", line.text);
}

}  // namespace

bool is_matrix_market(std::string_view text) { return lower_case(text.substr(0, kBanner.size())) == kBanner; }

Layout matrix_market_layout(const std::string& path, std::string_view text, const RatingsOptions& options) {
  if (!options.user.empty() || !options.item.empty() || !options.rating.empty() || !options.weight.empty())
    throw InvalidArgument(path + ": a Matrix Market file has no columns to choose");
  const Kind kind = read_banner(path, line_at(text, 0).text);
  const Head head = find_sizes(path, text);
  const auto sizes = read_sizes(path, head.line, head.text, kind.dense ? 2 : 3);
  Layout layout;
  layout.data = text.substr(head.end);
  layout.first_line = head.line + 1;
  layout.separator = " ";
  layout.fields = kind.dense ? 1 : 3;
  layout.field = kind.dense ? std::array<int, kRoles>{-1, -1, 0, -1} : std::array<int, kRoles>{0, 1, 2, -1};
  layout.size = {sizes[0], sizes[1]};
  layout.symmetric = kind.symmetric;
  if (kind.symmetric && sizes[0] != sizes[1])
    throw line_error(path, head.line, "a symmetric matrix is square", head.text);
  layout.stated_entries = kind.dense ? sizes[0] * sizes[1] : sizes[2];
  if (layout.stated_entries == 0) throw line_error(path, head.line, "no entries", head.text);
  return layout;
}

}  // namespace seesaw::io
