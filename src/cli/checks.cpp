#include "checks.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "seesaw/io/atomic_file.hpp"
#include "seesaw/io/model.hpp"

namespace seesaw::cli {

Precision precision_of_model(const std::string& path) {
  return model_info(path).precision == "double" ? Precision::twice : Precision::single;
}

void require_range(const std::string& name, const Range& range) {
  if (!range.empty() && !(range[0] < range[1]))
    throw UsageError(fmt::format("{} is {},{}, expected MIN below MAX", name, range[0], range[1]));
}

double clipped(double value, const Range& range) {
  return range.empty() ? value : std::clamp(value, range[0], range[1]);
}

void require_readable(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw IoError(path + ": is a directory, expected a file");
  if (::access(path.c_str(), R_OK) != 0)
    throw IoError(fmt::format("{}: cannot be opened: {}", path, std::generic_category().message(errno)));
}

void require_writable(const std::string& path, const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) {
    std::error_code error;
    if (std::filesystem::equivalent(path, input, error))
      throw UsageError(fmt::format("the output {} is also an input", path));
  }
  const AtomicFile probe(path);
}

}  // namespace seesaw::cli
