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

/// The objective of explicit ratings as a function of a point X, Y, or that of a tensor's entries (TensorEntries<T>) as
/// one of a factor of each mode: for the solvers that go down from one. Data and penalty of all modes, centred; every
/// figure is 1/2 sum w r^2 + the penalties.
template <class T, class Entries = ExplicitRatings<T>>
class MaskedObjective {
 public:
  template <class Given, class Options>
  MaskedObjective(Context& ctx, const Given& given, const Options& options)
      : ctx_(ctx), ratings_(ctx, given, options) {}

  const Entries& ratings() const { return ratings_; }
  int modes() const { return ratings_.order(); }

  /// The gradient at `at`, and the objective there.
  Evaluation gradient(const Factors<T>& at, Factors<T>& gradient) {
    ResidualSums sums;
    for (int n = 0; n < modes(); ++n) gradient_of_mode(n, at, gradient, n == 0 ? &sums : nullptr);
    return {0.5 * sums.weighted_squared + penalty_term(at), sums};
  }

  /// That in one factor alone.
  void gradient_of_mode(int mode, const Factors<T>& at, Factors<T>& gradient, ResidualSums* sums = nullptr) {
    const auto n = static_cast<std::size_t>(mode);
    masked_gradient(ctx_, ratings_.mode(mode), views(at), ratings_.penalty(mode), gradient[n].view(), sums);
  }

  /// The Hessian's product with a direction.
  void product(const Factors<T>& at, const Factors<T>& direction, Curvature curvature, Factors<T>& product) {
    for (int n = 0; n < modes(); ++n)
      masked_product(ctx_, ratings_.mode(n), views(at), views(direction), curvature, ratings_.penalty(n),
                     product[static_cast<std::size_t>(n)].view());
  }

  /// The objective at `at` + t `direction` as a polynomial in t, of degree 2 modes().
  Polynomial along(const Factors<T>& at, const Factors<T>& direction) {
    Polynomial line = masked_line(ctx_, ratings_.mode(0), views(at), views(direction));
    line[0] += penalty_term(at);
    line[2] += penalty_term(direction);
    for (std::size_t n = 0; n < at.size(); ++n)
      line[1] += penalty_slope(ctx_, at[n].view(), direction[n].view(), ratings_.offsets(static_cast<int>(n)),
                               ratings_.penalty(static_cast<int>(n)));
    return line;
  }

 private:
  double penalty_term(const Factors<T>& at) {
    double sum = 0;
    for (std::size_t n = 0; n < at.size(); ++n)
      sum += seesaw::penalty_term(ctx_, at[n].view(), ratings_.offsets(static_cast<int>(n)),
                                  ratings_.penalty(static_cast<int>(n)));
    return sum;
  }

  Context& ctx_;
  Entries ratings_;
};

}  // namespace seesaw
