#include "seesaw/memory.hpp"

#include <array>
#include <cstdio>
#include <limits>

#include "checks.hpp"

namespace seesaw {

std::string bytes_text(std::int64_t bytes) {
  constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  if (unit == 0) return std::to_string(bytes) + " bytes";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", amount, kUnits[unit]);
  return text.data();
}

index_t detail::element_count(index_t rows, index_t cols, std::size_t element_bytes) {
  if (rows < 0 || cols < 0)
    throw ShapeError("an array of " + shape_text(rows, cols) + " elements: sizes must not be negative");
  const index_t most = std::numeric_limits<std::ptrdiff_t>::max() / static_cast<index_t>(element_bytes);
  if (cols > 0 && rows > most / cols)
    throw OutOfMemory("an array of " + shape_text(rows, cols) + " elements is larger than any memory");
  return rows * cols;
}

}  // namespace seesaw
