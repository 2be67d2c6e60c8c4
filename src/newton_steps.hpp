#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

#include "descent_steps.hpp"
#include "polynomial.hpp"
#include "seesaw/line_search.hpp"
#include "seesaw/newton.hpp"

namespace seesaw {

/// What a polynomial comes to at t, less its value at 0: without the cancellation that their difference has.
inline double change_at(const Polynomial& line, double t) {
  double change = 0;
  for (std::size_t n = line.size(); n-- > 1;) change = (change + line[n]) * t;
  return change;
}

/// How exactly a step is solved for: the residual's part of |g|. Choice 2 of Eisenstat and Walker, with their
/// safeguard.
class Forcing {
 public:
  explicit Forcing(double most) : most_(most), eta_(most) {}

  double next(double norm) {
    if (before_ > 0) {
      constexpr double kPart = 0.9, kNotAbove = 0.1;
      const double kept = kPart * eta_ * eta_;
      eta_ = kPart * (norm / before_) * (norm / before_);
      if (kept > kNotAbove) eta_ = std::max(eta_, kept);
      eta_ = std::min(eta_, most_);
    }
    before_ = norm;
    return eta_;
  }

 private:
  double most_, eta_;
  double before_ = 0;
};

/// What the methods of newton() have in common.
template <class T>
class NewtonSteps : public DescentSteps<T> {
 public:
  NewtonSteps(Context& ctx, CsrView<T> ratings, const CompletionOptions& options, const NewtonOptions& own)
      : DescentSteps<T>(ctx, ratings, options),
        own_(own),
        target_(options.stopping.gradient_norm),
        forcing_(own.forcing) {}

  double begin(Factors<T>& at) {
    if (step_.empty()) {
      step_ = like(this->ctx_, at);
      before_ = like(this->ctx_, at);
    }
    forcing_ = Forcing(own_.forcing);
    const double objective = DescentSteps<T>::begin(at);
    norm_ = norm(this->ctx_, this->gradient_);
    return objective;
  }

 protected:
  /// What keeps the system from being singular. |g| / |z| is to a Hessian as g is to z, whatever the units are.
  double mu(const Factors<T>& at) const { return std::max(least_mu(), own_.damping * norm_ / norm(this->ctx_, at)); }

  /// Rounding makes g wrong by some eps |r| |z|, r the residuals, also along the solutions, where the step is that over
  /// mu: with this mu sqrt(eps) |z|, by which the line leaves the solutions by no more than eps |z|.
  double least_mu() const {
    return std::sqrt(2 * static_cast<double>(std::numeric_limits<T>::epsilon()) * this->here_.objective);
  }

  /// Of the residual of the next system. Nothing is won below half of what ends the run, nor below rounding.
  double tolerance() {
    return std::max(
        {forcing_.next(norm_) * norm_, target_ / 2, static_cast<double>(std::numeric_limits<T>::epsilon()) * norm_});
  }

  /// Armijo's t along step_; 0 where there is none, NaN where the numbers are.
  double backtrack(const Polynomial& line) const {
    ArmijoOptions options;
    options.shrink = own_.shrink;
    options.decrease = own_.decrease;
    return armijo_along(line, options);
  }

  /// at += t step_, unless that does not decrease the objective: then `at` stays and the answer is false. Rounding, of
  /// the factors and of the gradient, brings that about, so the change is that along the step as it was stored, summed
  /// without the cancellation that the difference of two objectives has. step_ is overwritten.
  bool move(Factors<T>& at, double t) {
    if (t == 0) return false;
    copy(this->ctx_, at, before_);
    combine(this->ctx_, t, step_, 1, at);
    combine(this->ctx_, 1, at, 0, step_);
    combine(this->ctx_, -1, before_, 1, step_);
    const double change = change_at(this->objective_.along(before_, step_), 1);
    if (change >= 0) copy(this->ctx_, before_, at);
    evaluate(at);
    return !(change >= 0);
  }

  /// Where the gradient is not finite, neither are the factors after this, and the run has diverged.
  bool follow_overflow(Factors<T>& at) {
    combine(this->ctx_, -1, this->gradient_, 0, step_);
    combine(this->ctx_, 1, step_, 1, at);
    evaluate(at);
    return true;
  }

  const NewtonOptions& own_;
  double target_;  ///< gradient norm at which the run ends
  Forcing forcing_;
  double norm_ = 0;  ///< of the gradient
  Factors<T> step_;
  Factors<T> before_;  ///< the point before a step; free for other use until move()

 private:
  void evaluate(const Factors<T>& at) {
    DescentSteps<T>::evaluate(at);
    norm_ = norm(this->ctx_, this->gradient_);
  }
};

}  // namespace seesaw
