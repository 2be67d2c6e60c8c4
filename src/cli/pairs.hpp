#pragma once
#include <fstream>
#include <istream>
#include <string>
#include <vector>

#include "seesaw/io/ratings.hpp"

namespace seesaw::cli {

/// A user and an item as a line of a file names them.
struct Pair {
  std::string user;
  std::string item;
  std::string place;  ///< "file:line"
};

/// Reads pairs one by one, from a file or ("-") from standard input: delimited text of two columns or more, of which
/// the options' user and item columns are taken (by default those with known names in a header, else 1 and 2).
class PairsReader {
 public:
  /// Throws IoError; ParseError for an empty file; Error for a column that is not there.
  PairsReader(const std::string& path, const RatingsOptions& options);
  /// False at the end. Throws ParseError with file and line, IoError.
  bool next(Pair& pair);

 private:
  /// False at the end; blank lines are passed over.
  bool read_fields();
  [[noreturn]] void fail(const std::string& what) const;
  void find_columns(const RatingsOptions& options);

  std::string path_;
  std::ifstream file_;
  std::istream* in_;
  std::string separator_;
  std::string line_;
  long long number_ = 0;
  std::vector<std::string> fields_;
  std::size_t user_ = 0, item_ = 1;
  bool have_first_ = false;  ///< fields_ holds a first line that is no header
};

}  // namespace seesaw::cli
