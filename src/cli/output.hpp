#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "seesaw/io/atomic_file.hpp"

namespace seesaw::cli {

/// What a command answers: on standard output, or in a file that appears when it is whole.
class Output {
 public:
  /// An empty path is standard output. Throws IoError.
  explicit Output(const std::string& path = "");
  /// Throws IoError with the reason.
  void write(std::string_view text);
  /// Everything is written, or IoError is thrown.
  void finish();

 private:
  void flush();

  std::optional<AtomicFile> file_;
  std::string waiting_;
};

/// "1 user", "2 users".
std::string counted(std::int64_t count, const std::string& noun);

/// A line for each row, columns at the left of equal widths; every row has as many as the first, one at least.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace seesaw::cli
