#pragma once
#include <cmath>
#include <string>

#include "seesaw/iteration.hpp"

namespace seesaw {

/// Of a sweep that iterate() took for divergence: its objective has grown by more than kDivergence; else a number is
/// not finite.
inline bool has_grown(const SweepRecord& record) {
  return std::isfinite(record.objective) && !std::isinf(record.validation_rmse);
}

/// What iterate() took for divergence in this sweep of numbers T.
template <class T>
std::string divergence_text(const SweepRecord& record) {
  const std::string sweep = " after sweep " + std::to_string(record.sweep);
  if (has_grown(record)) return "the objective is more than 1e6 times its start" + sweep;
  return std::string(std::isfinite(record.objective) ? "the validation RMSE" : "the objective") + " is not finite" +
         sweep + ", as numbers exceed what " + (sizeof(T) == sizeof(float) ? "float" : "double") + " holds";
}

}  // namespace seesaw
