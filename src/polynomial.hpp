#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "seesaw/masked_gradient.hpp"

namespace seesaw {

inline double value_at(const std::vector<double>& polynomial, double t) {
  double value = 0;
  for (std::size_t n = polynomial.size(); n-- > 0;) value = value * t + polynomial[n];
  return value;
}

inline std::vector<double> derivative(const std::vector<double>& polynomial) {
  std::vector<double> slope;
  for (std::size_t n = 1; n < polynomial.size(); ++n) slope.push_back(static_cast<double>(n) * polynomial[n]);
  return slope;
}

/// A root of `polynomial` in [low, high], at whose ends its signs differ or it is 0: bisection to the last bit.
inline double root_between(const std::vector<double>& polynomial, double low, double high) {
  const bool rises = value_at(polynomial, low) < 0;
  for (;;) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return middle;
    ((value_at(polynomial, middle) < 0) == rises ? low : high) = middle;
  }
}

/// All roots in [low, high] where the sign changes, ascending: between the roots of the derivative the polynomial is
/// monotone.
inline std::vector<double> roots_within(const std::vector<double>& polynomial, double low, double high) {
  if (polynomial.size() < 2) return {};
  std::vector<double> ends{low};
  for (const double turn : roots_within(derivative(polynomial), low, high)) ends.push_back(turn);
  ends.push_back(high);
  std::vector<double> roots;
  for (std::size_t n = 0; n + 1 < ends.size(); ++n) {
    const double left = value_at(polynomial, ends[n]), right = value_at(polynomial, ends[n + 1]);
    if ((left < 0) != (right < 0)) roots.push_back(root_between(polynomial, ends[n], ends[n + 1]));
  }
  return roots;
}

/// The t >= 0 where a polynomial with a negative slope at 0 and a positive leading coefficient has its least value.
inline double minimum_along(const Polynomial& line) {
  std::vector<double> all(line.begin(), line.end());
  while (all.size() > 2 && all.back() == 0) all.pop_back();
  const std::vector<double> slope = derivative(all);
  double bound = 0;  // Cauchy's, on the roots of the slope
  for (std::size_t n = 0; n + 1 < slope.size(); ++n) bound = std::max(bound, std::abs(slope[n] / slope.back()));
  double best = 0;
  for (const double t : roots_within(slope, 0, 1 + bound))
    if (value_at(all, t) < value_at(all, best)) best = t;
  return best;
}

}  // namespace seesaw
