#pragma once
#include <array>
#include <cstddef>

#include "explicit_ratings.hpp"
#include "factors.hpp"

namespace seesaw {

/// The objective at a point, and the sums of the residuals there.
struct Evaluation {
  double objective = 0;
  ResidualSums sums;
};

/// The objective of explicit ratings as a function of a point X, Y: for the solvers that go down from one. Data and
/// penalty of both modes, centred; every figure is 1/2 sum w r^2 + the penalties.
template <class T>
class MaskedObjective {
 public:
  MaskedObjective(Context& ctx, CsrView<T> ratings, const CompletionOptions& options)
      : ctx_(ctx), ratings_(ctx, ratings, options) {}

  const ExplicitRatings<T>& ratings() const { return ratings_; }
  static constexpr int kModes = 2;

  /// The gradient at `at`, and the objective there.
  Evaluation gradient(const Factors<T>& at, Factors<T>& gradient) {
    ResidualSums sums;
    for (int n = 0; n < kModes; ++n) gradient_of_mode(n, at, gradient, n == 0 ? &sums : nullptr);
    return {0.5 * sums.weighted_squared + penalty_term(at), sums};
  }

  /// That in one factor alone.
  void gradient_of_mode(int mode, const Factors<T>& at, Factors<T>& gradient, ResidualSums* sums = nullptr) {
    const auto n = static_cast<std::size_t>(mode);
    masked_gradient(ctx_, ratings_.mode(mode), views(at), ratings_.penalty(mode), gradient[n].view(), sums);
  }

  /// The Hessian's product with a direction.
  void product(const Factors<T>& at, const Factors<T>& direction, Curvature curvature, Factors<T>& product) {
    for (int n = 0; n < kModes; ++n)
      masked_product(ctx_, ratings_.mode(n), views(at), views(direction), curvature, ratings_.penalty(n),
                     product[static_cast<std::size_t>(n)].view());
  }

  /// The objective at `at` + t `direction` as a polynomial in t of degree 4.
  Polynomial along(const Factors<T>& at, const Factors<T>& direction) {
    Polynomial line = masked_line(ctx_, ratings_.mode(0), views(at), views(direction));
    line[0] += penalty_term(at);
    line[2] += penalty_term(direction);
    for (std::size_t n = 0; n < kModes; ++n)
      line[1] += penalty_slope(ctx_, at[n].view(), direction[n].view(), ratings_.offsets(static_cast<int>(n)),
                               ratings_.penalty(static_cast<int>(n)));
    return line;
  }

 private:
  double penalty_term(const Factors<T>& at) {
    double sum = 0;
    for (std::size_t n = 0; n < kModes; ++n)
      sum += seesaw::penalty_term(ctx_, at[n].view(), ratings_.offsets(static_cast<int>(n)),
                                  ratings_.penalty(static_cast<int>(n)));
    return sum;
  }

  Context& ctx_;
  ExplicitRatings<T> ratings_;
};

}  // namespace seesaw
