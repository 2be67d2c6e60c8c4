#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace seesaw {

/// Where a search along a line ended.
struct LineMinimum {
  double t = 0;
  double value = 0;     ///< f(t)
  int evaluations = 0;  ///< of f
};

/// The minimum of f on [low, high] where f is unimodal there, by golden-section search, until the interval is at most
/// `tolerance` long or rounding ends it. The minimum lies no further than `tolerance` from t, unless rounding hides
/// which of two values of f is less, as it does where they are closer to it than sqrt(2 epsilon |f| / f'').
/// Throws InvalidArgument unless low < high, high - low is finite and tolerance >= 0, and where f is NaN. Source:
/// Kiefer (1953), "Sequential minimax search for a maximum".
LineMinimum golden_section(const std::function<double(double)>& f, double low, double high, double tolerance);

struct ArmijoOptions {
  double step = 1;         ///< tried first, > 0
  double shrink = 0.5;     ///< what a step is multiplied with where it does not do, in (0, 1)
  double decrease = 1e-4;  ///< part of the decrease that the slope promises, in (0, 1)
  int most = 60;           ///< steps that are tried, >= 1
};

/// Backtracking: the first t = step * shrink^n with f(t) <= f_0 + decrease * t * slope; t = 0, value = f_0 where none
/// of them does. f_0 = f(0), slope = f'(0) < 0, both finite. A t where f is NaN or infinite does not do. Throws
/// InvalidArgument for another f_0 or slope and for options out of range. Source: Armijo (1966), "Minimization of
/// functions having Lipschitz continuous first partial derivatives".
LineMinimum armijo(const std::function<double(double)>& f, double f_0, double slope, const ArmijoOptions& options = {});

struct RandomSearchOptions {
  double radius = 1;    ///< of the first steps, > 0
  int trials = 1000;    ///< >= 1
  double grow = 1.5;    ///< the radius after a step that helped, >= 1
  double shrink = 0.9;  ///< and after one that did not, in (0, 1)
  std::uint64_t seed = 0;
};

struct PointMinimum {
  std::vector<double> point;
  double value = 0;
  int accepted = 0;  ///< trials that lowered f
};

/// Minimizes f from `start` without derivatives: trial n goes radius * a normal vector drawn from (seed, n) and stays
/// where f is lower and finite. Throws InvalidArgument for an empty start, f not finite there, and options out of
/// range.
PointMinimum random_search(const std::function<double(std::span<const double>)>& f, std::vector<double> start,
                           const RandomSearchOptions& options = {});

}  // namespace seesaw
