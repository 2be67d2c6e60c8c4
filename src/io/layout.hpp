#pragma once
#include <array>
#include <string>
#include <string_view>

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

/// Finds out separator, header and columns from the first lines. Throws ParseError, InvalidArgument.
Layout delimited_layout(const std::string& path, std::string_view text, const RatingsOptions& options);

bool is_matrix_market(std::string_view text);
/// Reads the header of Matrix Market. Throws ParseError, InvalidArgument.
Layout matrix_market_layout(const std::string& path, std::string_view text, const RatingsOptions& options);

}  // namespace seesaw::io
