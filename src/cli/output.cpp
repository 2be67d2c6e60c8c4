#include "output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "seesaw/errors.hpp"

namespace seesaw::cli {

Output::Output(const std::string& path) {
  if (!path.empty()) file_.emplace(path);
}

void Output::write(std::string_view text) {
  constexpr std::size_t kBlock = 1 << 20;
  waiting_ += text;
  if (waiting_.size() >= kBlock) flush();
}

void Output::finish() {
  flush();
  if (file_) file_->commit();
}

void Output::flush() {
  if (file_) {
    file_->write(waiting_);
  } else {
    for (std::string_view rest = waiting_; !rest.empty();) {
      const ssize_t count = ::write(STDOUT_FILENO, rest.data(), rest.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw IoError("standard output: cannot be written: " + std::generic_category().message(errno));
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  waiting_.clear();
}

std::string counted(std::int64_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) line += fmt::format("{:<{}}  ", row[c], widths[c]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace seesaw::cli
