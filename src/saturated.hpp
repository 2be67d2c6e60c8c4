#pragma once
#include <cstdint>
#include <limits>

namespace seesaw {

/// The largest number instead of one that is larger.
inline std::int64_t saturated(double bytes) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  return bytes < static_cast<double>(most) ? static_cast<std::int64_t>(bytes) : most;
}

}  // namespace seesaw
