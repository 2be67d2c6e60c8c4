#include "axis.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace seesaw::io {
namespace {

template <class... Format>
std::string number_text(double value, Format... format) {
  char text[64];
  const std::to_chars_result end = std::to_chars(std::begin(text), std::end(text), value, format...);
  return {text, end.ptr};
}

/// 1, 2 or 5 times a power of ten, at least `least`.
double round_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double digit : {1.0, 2.0, 5.0})
    if (digit * power >= least * (1 - 1e-9)) return digit * power;
  return 10 * power;
}

/// With as many digits as tell it from the next tic.
std::string tic_label(double value, double step, double largest) {
  const double last = std::floor(std::log10(step) + 1e-9), first = std::floor(std::log10(largest));
  if (largest < 1e6 && step >= 1e-4)
    return number_text(value, std::chars_format::fixed, std::max(0, -static_cast<int>(last)));
  return number_text(value, std::chars_format::general, std::max(1, static_cast<int>(first - last) + 1));
}

std::vector<Tic> linear_tics(double least, double most, bool whole) {
  constexpr double kMost = 6;
  const double step = std::max(round_step((most - least) / kMost), whole ? 1.0 : 0.0);
  const double largest = std::max({std::abs(least), std::abs(most), step});
  std::vector<Tic> tics;
  const double first = std::ceil(least / step - 1e-9), last = std::floor(most / step + 1e-9);
  for (double i = first; i <= last; ++i) {
    const double at = i == 0 ? 0 : i * step;  // not -0
    tics.push_back({at, tic_label(at, step, largest)});
  }
  return tics;
}

}  // namespace

Axis linear_axis(double least, double most, double margin, bool whole) {
  // What differs by less than doubles can tell counts as one number.
  const double size = std::max(std::abs(least), std::abs(most));
  double distance = most - least;
  if (!(distance > 1e-12 * size)) distance = size > 0 ? 0.2 * size : 1, margin = 0.5;
  Axis axis{least - margin * distance, most + margin * distance};
  axis.tics = linear_tics(axis.least, axis.most, whole);
  return axis;
}

Axis log_axis(double least, double most, double margin) {
  constexpr double kFew = 0.8, kMany = 3, kMostTics = 8;  // decades; decades; tics
  double low = std::log10(least), high = std::log10(most);
  const double distance = std::max(high - low, 0.01);
  low -= margin * distance;
  high += margin * distance;
  Axis axis{std::pow(10, low), std::pow(10, high), true};
  if (distance < kFew) {
    axis.tics = linear_tics(axis.least, axis.most, false);
    return axis;
  }
  const double step = distance < kMany ? 1 : std::ceil((high - low) / kMostTics);
  for (double power = std::floor(low / step) * step; power <= high; power += step)
    for (const double digit : {1.0, 2.0, 5.0}) {
      const double at = digit * std::pow(10, power);
      if ((digit > 1 && distance >= kMany) || at < axis.least || at > axis.most) continue;
      constexpr int kDigits = 6;
      axis.tics.push_back({at, number_text(at, std::chars_format::general, kDigits)});
    }
  return axis;
}

}  // namespace seesaw::io
