#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "seesaw/io/ratings.hpp"

namespace seesaw::io {

/// The fields that a line of a ratings file may hold.
enum Role { kUser, kItem, kRating, kWeight, kRoles };
const char* role_name(Role role);

/// Where the ratings stand in a text.
struct Layout {
  std::string_view data;                          ///< the lines of the ratings and nothing else
  index_t first_line = 1;                         ///< number of the first of them in the file
  std::string separator;                          ///< as in RatingsOptions, not empty
  int fields = 0;                                 ///< of each line
  std::array<int, kRoles> field{-1, -1, -1, -1};  ///< the role's field, from 0; -1: none
  /// Matrix Market: the sizes that it states; user and item are then indices from 1. -1: they are ids.
  std::array<index_t, 2> size{-1, -1};
  offset_t stated_entries = -1;  ///< how many lines it says there are
  bool symmetric = false;        ///< entries below the diagonal stand for those above
};

/// The first line of delimited text, or another.
struct FirstLine {
  index_t number;
  std::string_view text;
  std::vector<std::string> fields;
  bool is_header;
};

/// Throws InvalidArgument where there is no such separator.
void check_separator(const std::string& separator);
/// Of those that stand outside quotes tab, "::", or the first of "|", comma and semicolon; else " ".
std::string detected_separator(std::string_view line);
/// The fields of line `number`, without quotation marks where `quotes`. Throws ParseError.
std::vector<std::string> fields_of(const std::string& path, index_t number, std::string_view line,
                                   const std::string& separator, bool quotes = true);

/// Which fields, from 0, are user and item where no rating is looked for.
struct PairLayout {
  int user;
  int item;
  bool header;
};
/// Throws ParseError, InvalidArgument.
PairLayout pair_layout(const std::string& path, FirstLine first, const RatingsOptions& options);

/// Finds out separator, header and columns from the first lines. Throws ParseError, InvalidArgument.
Layout delimited_layout(const std::string& path, std::string_view text, const RatingsOptions& options);

bool is_matrix_market(std::string_view text);
/// Reads the header of Matrix Market. Throws ParseError, InvalidArgument.
Layout matrix_market_layout(const std::string& path, std::string_view text, const RatingsOptions& options);

}  // namespace seesaw::io
