#pragma once
#include <memory>
#include <string>
#include <vector>

#include "seesaw/io/ratings.hpp"

namespace seesaw {

/// Reads delimited text (CSV, TSV, "::", "|", spaces), plain or gzip, line by line; blank lines are passed over. For
/// tables of titles and the like; ratings have read_ratings().
class DelimitedReader {
 public:
  enum class Quotes { anywhere, csv };  ///< csv: between commas and semicolons only, for titles may begin with one

  /// Path "-" is standard input. The separator is as in RatingsOptions. Throws IoError, InvalidArgument, OutOfMemory.
  explicit DelimitedReader(const std::string& path, const std::string& separator = {},
                           Quotes quotes = Quotes::anywhere);
  ~DelimitedReader();
  DelimitedReader(const DelimitedReader&) = delete;
  DelimitedReader& operator=(const DelimitedReader&) = delete;

  /// False at the end. Throws ParseError ("file:line: what is wrong") where a quotation mark is.
  bool next();
  /// Of the line that next() came to, without spaces and quotation marks around them.
  const std::vector<std::string>& fields() const;
  /// "file:line"
  std::string place() const;
  /// Throws ParseError with place and text of the line.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  friend class PairsReader;
  struct State;
  std::unique_ptr<State> state_;
};

/// A user and an item as a line of a file names them.
struct Pair {
  std::string user;
  std::string item;
  std::string place;  ///< "file:line"
};

/// Reads pairs one by one from delimited text of two columns or more, of which the options' user and item columns are
/// taken (by default those with known names in a header, else 1 and 2).
class PairsReader {
 public:
  /// As DelimitedReader; ParseError for an empty file, InvalidArgument for a column that is not there.
  PairsReader(const std::string& path, const RatingsOptions& options);
  /// False at the end. Throws ParseError.
  bool next(Pair& pair);

 private:
  DelimitedReader lines_;
  std::size_t user_ = 0, item_ = 1;
  bool have_first_ = false;  ///< lines_ is at a first line that is no header
};

}  // namespace seesaw
