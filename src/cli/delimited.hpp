#pragma once
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace seesaw::cli {

/// Whichever of tab, "::", "|", comma and semicolon stands first in the line outside quotes; else " ".
std::string separator_of(std::string_view line);

/// The fields of a line; `separator` is a character, "::", or " " for any run of blanks. Between commas and semicolons
/// a field may be quoted, and loses its quotation marks. False where one is not closed.
bool split_fields(std::string_view line, const std::string& separator, std::vector<std::string>& fields);

/// The next line without its end, and for the first one without a byte-order mark. False at the end.
bool next_line(std::istream& file, bool first, std::string& line);

}  // namespace seesaw::cli
