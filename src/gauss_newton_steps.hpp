#pragma once
#include <optional>

#include "newton_steps.hpp"
#include "truncated_cg.hpp"

namespace seesaw {

/// NewtonMethod::gauss_newton.
template <class T>
class GaussNewtonSteps : public NewtonSteps<T> {
 public:
  using NewtonSteps<T>::NewtonSteps;

  double begin(Factors<T>& at) {
    if (!cg_) cg_.emplace(this->ctx_, at);
    const double objective = NewtonSteps<T>::begin(at);
    mu_ = this->mu(at);
    growth_ = 2;
    return objective;
  }

  bool sweep(Factors<T>& at, std::int64_t*) {
    if (!std::isfinite(this->norm_)) return this->follow_overflow(at);
    if (this->norm_ == 0) return false;
    const double tolerance = this->tolerance();
    constexpr int kMostTries = 20;  // mu has then grown by 2^210
    for (int n = 0; n < kMostTries; ++n)
      if (fits(at, tolerance)) return this->move(at, 1);
    return false;
  }

 private:
  /// Overwrites step_ and adapts mu; whether enough of the decrease that the model promises comes true.
  bool fits(const Factors<T>& at, double tolerance) {
    cg_->solve(
        this->gradient_, mu_, tolerance, this->own_.cg_steps,
        [&](const Factors<T>& direction, Factors<T>& product) {
          this->objective_.product(at, direction, Curvature::gauss_newton, product);
        },
        this->step_, this->products_);
    const Factors<T>& p = this->step_;
    const Polynomial line = this->objective_.along(at, p);
    // -g.p - p'J'Jp / 2, as the residual of conjugate gradients is orthogonal to p
    const double promised = 0.5 * (mu_ * dot(this->ctx_, p, p) - dot(this->ctx_, this->gradient_, p));
    const double gain = -change_at(line, 1) / promised;
    if (!(gain > this->own_.decrease)) {
      mu_ *= growth_;
      growth_ *= 2;
      return false;
    }
    mu_ = std::max(this->least_mu(), mu_ * std::max(1.0 / 3, 1 - std::pow(2 * gain - 1, 3)));
    growth_ = 2;
    return true;
  }

  std::optional<TruncatedCg<T>> cg_;
  double mu_ = 0;
  double growth_ = 2;
};

}  // namespace seesaw
