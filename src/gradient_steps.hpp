#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "descent_steps.hpp"
#include "lipschitz.hpp"
#include "polynomial.hpp"
#include "seesaw/gradient_descent.hpp"

namespace seesaw {

inline bool searches(GradientStep rule) { return rule == GradientStep::exact || rule == GradientStep::armijo; }

/// The rule lipschitz is for matrices alone.
template <class T, class Entries = ExplicitRatings<T>>
class GradientSteps : public DescentSteps<T, Entries> {
 public:
  template <class Given, class Options>
  GradientSteps(Context& ctx, const Given& given, const Options& options, const GradientDescentOptions& own)
      : DescentSteps<T, Entries>(ctx, given, options), own_(own) {
    if constexpr (std::is_same_v<Entries, ExplicitRatings<T>>)
      if (own.rule == GradientStep::lipschitz) lipschitz_.emplace(ctx, this->objective_.ratings());
  }

  double begin(Factors<T>& at) {
    sweeps_ = 0;
    if (direction_.empty()) direction_ = like(this->ctx_, at);
    if (own_.momentum == Momentum::nesterov && ahead_.empty()) ahead_ = like(this->ctx_, at);
    if (own_.moves == Moves::alternating && searches(own_.rule) && still_.empty()) {
      still_ = like(this->ctx_, at);
      for (Matrix<T>& factor : still_) fill(this->ctx_, factor.view(), T{0});
    }
    return DescentSteps<T, Entries>::begin(at);
  }

  bool sweep(Factors<T>& at, std::int64_t*) {
    bool moved = false;
    if (own_.moves == Moves::together) {
      moved = move(at, 0, this->objective_.modes());
    } else {
      for (int n = 0; n < this->objective_.modes(); ++n) {
        if (n > 0) this->objective_.gradient_of_mode(n, at, this->gradient_);
        moved |= move(at, n, n + 1);
      }
    }
    ++sweeps_;
    this->evaluate(at);
    return moved;
  }

  const char* advice(bool grown) const {
    if (searches(own_.rule)) return DescentSteps<T, Entries>::advice(grown);
    if (own_.rule != GradientStep::lipschitz)
      return "a smaller step, or a search for it (exact, armijo), keeps it down";
    if (own_.momentum == Momentum::none) return DescentSteps<T, Entries>::advice(grown);
    return grown ? "less momentum keeps it down" : "less momentum or smaller ratings keep them within it";
  }

 private:
  /// Moves the modes from `first` to `last` - 1, in which the gradient is known; false where no step goes down.
  bool move(Factors<T>& at, int first, int last) {
    const auto add = [&](double alpha, const Factors<T>& a, double beta, Factors<T>& b) {
      for (int n = first; n < last; ++n) {
        const auto mode = static_cast<std::size_t>(n);
        combine(this->ctx_, alpha, a[mode], beta, b[mode]);
      }
    };
    const double stays = own_.momentum == Momentum::none || sweeps_ == 0 ? 0 : own_.beta;
    add(-1, this->gradient_, stays, direction_);
    if (stays > 0 && (own_.restart || searches(own_.rule)) && slope(first, last) >= 0)
      add(-1, this->gradient_, 0, direction_);
    if (own_.momentum == Momentum::nesterov) {
      add(-1, this->gradient_, 0, ahead_);
      add(own_.beta, direction_, 1, ahead_);
    }
    Factors<T>& along = own_.momentum == Momentum::nesterov ? ahead_ : direction_;
    const double step = step_along(at, along, first, last);
    add(step, along, 1, at);
    return step != 0;
  }

  double step_along(const Factors<T>& at, Factors<T>& direction, int first, int last) {
    switch (own_.rule) {
      case GradientStep::fixed:
        return own_.step;
      case GradientStep::inverse:
        return own_.step / (1 + own_.decay * sweeps_);
      case GradientStep::geometric:
        return own_.step * std::pow(1 - own_.decay, sweeps_);
      case GradientStep::exact:
        return minimum_along(line(at, direction, first, last));
      case GradientStep::armijo:
        return armijo_along(line(at, direction, first, last), own_.armijo);
      case GradientStep::lipschitz:
        break;
    }
    const double bound = (*lipschitz_)(first, at);
    if (bound == 0) return 0;  // nothing is multiplied with this factor: its gradient is 0
    return std::isfinite(bound) ? 1 / bound : std::numeric_limits<double>::quiet_NaN();
  }

  /// The objective along the direction, the other modes standing still.
  Polynomial line(const Factors<T>& at, Factors<T>& direction, int first, int last) {
    const auto swap_others = [&] {
      for (int n = 0; n < this->objective_.modes(); ++n) {
        const auto mode = static_cast<std::size_t>(n);
        if (n < first || n >= last) std::swap(direction[mode], still_[mode]);
      }
    };
    swap_others();
    const Polynomial line = this->objective_.along(at, direction);
    swap_others();
    return line;
  }

  double slope(int first, int last) {
    double sum = 0;
    for (int n = first; n < last; ++n) {
      const auto mode = static_cast<std::size_t>(n);
      sum += dot(this->ctx_, this->gradient_[mode], direction_[mode]);
    }
    return sum;
  }

  const GradientDescentOptions& own_;
  std::optional<LipschitzBound<T>> lipschitz_;
  Factors<T> direction_;  ///< the negative gradient and what stays of those before
  Factors<T> ahead_;      ///< for nesterov, the direction of the step
  Factors<T> still_;      ///< of zeros: where one factor moves, the direction in the other
  int sweeps_ = 0;        ///< since the start
};

inline void require_own(const GradientDescentOptions& own) {
  require(own.step > 0 && std::isfinite(own.step), "step", own.step, "a finite number > 0");
  require(own.decay >= 0 && std::isfinite(own.decay), "decay", own.decay, "a finite number >= 0");
  if (own.rule == GradientStep::geometric) require(own.decay < 1, "decay", own.decay, "less than 1 where geometric");
  require(own.beta >= 0 && own.beta < 1, "beta", own.beta, "a number from 0 to less than 1");
  require_armijo(own.armijo);
  if (own.rule == GradientStep::lipschitz && own.moves == Moves::together)
    throw InvalidArgument(
        "the rule is lipschitz and X and Y move together, expected them alternating: in both at once the gradient has "
        "no Lipschitz constant; exact and armijo find a step there");
}

inline double copies_of_factors(const GradientDescentOptions& own, index_t rank) {
  double copies = 3;  // the factors before the sweep, the gradient, the direction
  if (own.momentum == Momentum::nesterov) copies += 1;
  if (own.moves == Moves::alternating && searches(own.rule)) copies += 1;
  if (own.rule == GradientStep::lipschitz) copies += 6.0 / static_cast<double>(std::max<index_t>(rank, 1));
  return copies;
}

}  // namespace seesaw
