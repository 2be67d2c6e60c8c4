#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "seesaw/line_search.hpp"
#include "seesaw/masked_gradient.hpp"

namespace seesaw {

inline double value_at(std::span<const double> polynomial, double t) {
  double value = 0;
  for (std::size_t n = polynomial.size(); n-- > 0;) value = value * t + polynomial[n];
  return value;
}

inline std::vector<double> derivative(std::span<const double> polynomial) {
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
/// monotone. A double root is none, or two near it where rounding takes it for them.
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

/// Whether all coefficients are numbers: where one is not, what makes the line exceeds its type, and so does the point
/// that a search along it would end at.
inline bool is_finite(const Polynomial& line) {
  return std::all_of(line.begin(), line.end(), [](double coefficient) { return std::isfinite(coefficient); });
}

/// The t >= 0 where a polynomial with a positive leading coefficient has its least value. The constant is
/// left out of the comparison: near a minimum its rounding is more than what is gained. NaN where a coefficient is not
/// finite.
inline double minimum_along(const Polynomial& line) {
  if (!is_finite(line)) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> change(line.begin(), line.end());
  change[0] = 0;
  while (change.size() > 2 && change.back() == 0) change.pop_back();
  const std::vector<double> slope = derivative(change);
  double bound = 0;  // Cauchy's, on the roots of the slope
  for (std::size_t n = 0; n + 1 < slope.size(); ++n) bound = std::max(bound, std::abs(slope[n] / slope.back()));
  double best = 0;
  for (const double t : roots_within(slope, 0, 1 + bound))
    if (value_at(change, t) < value_at(change, best)) best = t;
  return best;
}

/// The t that armijo() finds along a line, whose values cost nothing; 0 where there is none or the line does not go
/// down, NaN where a coefficient is not finite.
inline double armijo_along(Polynomial line, const ArmijoOptions& options) {
  if (!is_finite(line)) return std::numeric_limits<double>::quiet_NaN();
  if (!(line[1] < 0)) return 0;
  line[0] = 0;  // as in minimum_along()
  return armijo([&](double t) { return value_at(line, t); }, 0, line[1], options).t;
}

}  // namespace seesaw
