#pragma once
#include <optional>

#include "fill.hpp"
#include "newton_steps.hpp"
#include "truncated_cg.hpp"

namespace seesaw {

/// NewtonMethod::newton_cg.
template <class T>
class NewtonCgSteps : public NewtonSteps<T> {
 public:
  using NewtonSteps<T>::NewtonSteps;

  double begin(Factors<T>& at) {
    if (!cg_) cg_.emplace(this->ctx_, at);
    return NewtonSteps<T>::begin(at);
  }

  bool sweep(Factors<T>& at, std::int64_t*) {
    if (!std::isfinite(this->norm_)) return this->follow_overflow(at);
    if (this->norm_ == 0) return leave_saddle(at);
    const std::int64_t products = this->products_;
    const CgEnd end = cg_->solve(this->gradient_, this->mu(at), this->tolerance(), this->own_.cg_steps, multiply_at(at),
                                 this->step_, this->products_);
    if (end == CgEnd::negative_curvature && this->products_ == products + 1)
      combine(this->ctx_, -1, this->gradient_, 0, this->step_);
    const Polynomial line = this->objective_.along(at, this->step_);
    return this->move(at, end == CgEnd::negative_curvature ? minimum_along(line) : this->backtrack(line));
  }

 private:
  auto multiply_at(const Factors<T>& at) {
    return [&](const Factors<T>& direction, Factors<T>& product) {
      this->objective_.product(at, direction, Curvature::exact, product);
    };
  }

  /// Where the gradient is 0: conjugate gradients from a random vector b, solved to rounding, meet the negative
  /// curvature that there is. What is within sqrt(eps) |H b| / |b| of 0 counts as 0.
  bool leave_saddle(Factors<T>& at) {
    constexpr auto kRounding = static_cast<double>(std::numeric_limits<T>::epsilon());
    Factors<T>& b = this->before_;
    for (std::size_t n = 0; n < at.size(); ++n) fill_normal(this->ctx_, n, 1.0, b[n].view());
    multiply_at(at)(b, this->step_);
    ++this->products_;
    const double size = norm(this->ctx_, b);
    const double shift = 2 * std::sqrt(kRounding) * norm(this->ctx_, this->step_) / size;
    const CgEnd end =
        cg_->solve(b, shift, kRounding * size, this->own_.cg_steps, multiply_at(at), this->step_, this->products_);
    if (end != CgEnd::negative_curvature) return false;
    combine(this->ctx_, 1, cg_->direction(), 0, this->step_);
    return this->move(at, minimum_along(this->objective_.along(at, this->step_)));
  }

  std::optional<TruncatedCg<T>> cg_;
};

}  // namespace seesaw
