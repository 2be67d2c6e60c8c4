#pragma once
#include <cmath>

#include "seesaw/solve_rows.hpp"

namespace seesaw {

/// w of a row with so many entries.
constexpr double row_weight(Penalty penalty, offset_t entries) {
  if (penalty.weighting == Weighting::plain) return 1;
  const double count = static_cast<double>(entries) + penalty.offset;
  return penalty.exponent == 1 ? count : std::pow(count, penalty.exponent);
}

/// lambda w of a row with so many entries.
template <class T>
constexpr T ridge_of(Penalty penalty, offset_t entries) {
  return static_cast<T>(penalty.lambda * row_weight(penalty, entries));
}

}  // namespace seesaw
