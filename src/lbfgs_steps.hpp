#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "descent_steps.hpp"
#include "polynomial.hpp"
#include "seesaw/lbfgs.hpp"

namespace seesaw {

/// t > 0 along a line that goes down at 0; 0 where none lowers the objective, NaN where a coefficient is not finite.
inline double search_along(Polynomial line, const LbfgsOptions& own) {
  if (own.search == LbfgsSearch::armijo) {
    ArmijoOptions options;
    options.decrease = own.decrease;
    return armijo_along(line, options);
  }
  if (own.search == LbfgsSearch::wolfe && is_finite(line)) {
    line[0] = 0;  // of f(t) - f(0), whose rounding is less
    const bool decreases = value_at(line, 1) <= own.decrease * line[1];
    const bool flattens = std::abs(value_at(derivative(line), 1)) <= own.curvature * std::abs(line[1]);
    if (decreases && flattens) return 1;
  }
  return minimum_along(line);
}

template <class T, class Entries = ExplicitRatings<T>>
class LbfgsSteps : public DescentSteps<T, Entries> {
 public:
  template <class Given, class Options>
  LbfgsSteps(Context& ctx, const Given& given, const Options& options, const LbfgsOptions& own)
      : DescentSteps<T, Entries>(ctx, given, options),
        own_(own),
        pairs_(static_cast<std::size_t>(std::min(own.history, options.stopping.sweeps))) {}

  double begin(Factors<T>& at) {
    known_ = 0;
    if (direction_.empty()) {
      direction_ = like(this->ctx_, at);
      for (Pair& pair : pairs_) pair = {like(this->ctx_, at), like(this->ctx_, at)};
    }
    return DescentSteps<T, Entries>::begin(at);
  }

  bool sweep(Factors<T>& at, std::int64_t*) {
    double t = step_along_direction(at);
    if (!(t > 0) && known_ > 0) {
      known_ = 0;
      t = step_along_direction(at);
    }
    if (t == 0) return false;
    Pair& pair = pairs_[latest_ = (latest_ + 1) % pairs_.size()];
    combine(this->ctx_, t, direction_, 0, pair.step);
    combine(this->ctx_, 1, pair.step, 1, at);
    copy(this->ctx_, this->gradient_, pair.change);
    this->evaluate(at);
    combine(this->ctx_, 1, this->gradient_, -1, pair.change);
    remember(pair);
    return true;
  }

 private:
  /// One step and the change of the gradient along it.
  struct Pair {
    Factors<T> step, change;
    double product = 0;  ///< step . change
    double part = 0;     ///< of the step that the first loop took out
  };

  Pair& pair(std::size_t age) { return pairs_[(latest_ + pairs_.size() - age) % pairs_.size()]; }

  /// Sets direction_ to -H g; returns how far to go along it.
  double step_along_direction(const Factors<T>& at) {
    combine(this->ctx_, -1, this->gradient_, 0, direction_);
    for (std::size_t age = 0; age < known_; ++age) {
      Pair& p = pair(age);
      p.part = dot(this->ctx_, p.step, direction_) / p.product;
      combine(this->ctx_, -p.part, p.change, 1, direction_);
    }
    double scale = scale_;  // taken with the first addition
    for (std::size_t age = known_; age-- > 0; scale = 1) {
      Pair& p = pair(age);
      const double back = scale * dot(this->ctx_, p.change, direction_) / p.product;
      combine(this->ctx_, p.part - back, p.step, scale, direction_);
    }
    const Polynomial line = this->objective_.along(at, direction_);
    if (line[1] >= 0) return 0;
    return known_ == 0 ? minimum_along(line) : search_along(line, own_);
  }

  /// Takes the latest pair for known if its curvature is more than rounding; if not, its place is free again.
  void remember(Pair& latest) {
    latest.product = dot(this->ctx_, latest.step, latest.change);
    const double change = dot(this->ctx_, latest.change, latest.change);
    const double least = std::sqrt(static_cast<double>(std::numeric_limits<T>::epsilon()) * change *
                                   dot(this->ctx_, latest.step, latest.step));
    if (latest.product > least) {
      known_ = std::min(known_ + 1, pairs_.size());
      scale_ = latest.product / change;
    } else {
      known_ = std::min(known_, pairs_.size() - 1);  // the oldest is overwritten
      latest_ = (latest_ + pairs_.size() - 1) % pairs_.size();
    }
  }

  const LbfgsOptions& own_;
  std::vector<Pair> pairs_;  ///< a ring
  std::size_t latest_ = 0;   ///< where in it the newest is
  std::size_t known_ = 0;    ///< of them, from the newest back
  double scale_ = 1;         ///< s.y / y.y of the newest
  Factors<T> direction_;
};

inline void require_own(const LbfgsOptions& own) {
  require(own.history >= 1, "history", own.history, "at least 1");
  require(own.decrease > 0 && own.decrease < 1, "decrease", own.decrease, "a number between 0 and 1");
  require(own.curvature > own.decrease && own.curvature < 1, "curvature", own.curvature,
          "a number between decrease and 1");
}

/// The factors before the sweep, the gradient, the direction, and the pairs.
inline double copies_of_factors(const LbfgsOptions& own, const Stopping& stopping) {
  return 3 + 2.0 * std::min(own.history, std::max(stopping.sweeps, 1));
}

}  // namespace seesaw
