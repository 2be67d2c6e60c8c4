#include "seesaw/line_search.hpp"

#include <cmath>
#include <utility>

#include "checks.hpp"
#include "seesaw/random.hpp"

namespace seesaw {

LineMinimum golden_section(const std::function<double(double)>& f, double low, double high, double tolerance) {
  require(low < high && std::isfinite(high - low), "low", low, "a finite number below high, no further than a double");
  require(tolerance >= 0, "tolerance", tolerance, "at least 0");
  LineMinimum found;
  const auto at = [&](double t) {
    const double value = f(t);
    ++found.evaluations;
    if (std::isnan(value)) throw InvalidArgument("f(" + number_text(t) + ") is not a number");
    return value;
  };
  const double part = (std::sqrt(5.0) - 1) / 2;
  double left = high - part * (high - low), right = low + part * (high - low);
  double of_left = at(left), of_right = at(right);
  while (high - low > tolerance && low < left && left < right && right < high) {
    if (of_left <= of_right) {
      high = std::exchange(right, left);
      of_right = of_left;
      left = high - part * (high - low);
      of_left = at(left);
    } else {
      low = std::exchange(left, right);
      of_left = of_right;
      right = low + part * (high - low);
      of_right = at(right);
    }
  }
  found.t = of_left <= of_right ? left : right;
  found.value = std::min(of_left, of_right);
  return found;
}

LineMinimum armijo(const std::function<double(double)>& f, double f_0, double slope, const ArmijoOptions& options) {
  require(std::isfinite(f_0), "f_0", f_0, "a finite number");
  require(slope < 0 && std::isfinite(slope), "slope", slope, "a finite number < 0");
  require_armijo(options);
  double t = options.step;
  for (int n = 1; n <= options.most; ++n, t *= options.shrink) {
    const double value = f(t);
    if (std::isfinite(value) && value <= f_0 + options.decrease * t * slope) return {t, value, n};
  }
  return {0, f_0, options.most};
}

PointMinimum random_search(const std::function<double(std::span<const double>)>& f, std::vector<double> start,
                           const RandomSearchOptions& options) {
  if (start.empty()) throw InvalidArgument("start is empty, expected at least one number");
  require(options.radius > 0 && std::isfinite(options.radius), "radius", options.radius, "a finite number > 0");
  require(options.trials >= 1, "trials", options.trials, "at least 1");
  require(options.grow >= 1 && std::isfinite(options.grow), "grow", options.grow, "a finite number of at least 1");
  require(options.shrink > 0 && options.shrink < 1, "shrink", options.shrink, "a number between 0 and 1");
  PointMinimum best{std::move(start), 0, 0};
  best.value = f(best.point);
  require(std::isfinite(best.value), "f(start)", best.value, "a finite number");
  std::vector<double> trial(best.point.size());
  double radius = options.radius;
  std::uint64_t draw = 0;
  for (int n = 0; n < options.trials; ++n) {
    for (std::size_t d = 0; d < trial.size(); ++d)
      trial[d] = best.point[d] + radius * random_normal(options.seed, draw++);
    const double value = f(trial);
    const bool better = std::isfinite(value) && value < best.value;
    radius *= better ? options.grow : options.shrink;
    if (!better) continue;
    std::swap(best.point, trial);
    best.value = value;
    ++best.accepted;
  }
  return best;
}

}  // namespace seesaw
