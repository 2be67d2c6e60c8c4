#pragma once
#include <vector>

#include "double_double.hpp"
#include "seesaw/tensor.hpp"

namespace seesaw {

/// |T - M|^2 of a sparse tensor T and the model M = sum_r weights[r] a_0r o a_1r o ..., as
///   sum over the entries of t (t - 2 m)  +  |M|^2,  |M|^2 = sum_rs weights[r] weights[s] prod_n a_nr.a_ns,
/// in double-double: to some 1e-30 of |T|^2, so that it resolves |T - M| down to some 1e-15 of |T|. The entries' places
/// are distinct, their weights are not read; `weights` (k) lie in host memory.
template <class T>
struct CpResidual {
  SparseTensorView<T> entries;
  FactorViews<T> factors;
  const double* weights;

  constexpr index_t rank() const { return factors[0].cols; }

  /// Everything that points into the backend's memory.
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    for (std::size_t n = 0; n < static_cast<std::size_t>(entries.order); ++n) visitor(entries.indices[n]);
    visitor(entries.values);
    for (std::size_t n = 0; n < static_cast<std::size_t>(entries.order); ++n) visitor(factors[n]);
  }
};

/// The pairs (f, g) of components with g <= f, in the order (0, 0), (1, 0), (1, 1), (2, 0), ...
constexpr index_t pair_count(index_t k) { return k * (k + 1) / 2; }

/// |M|^2 over the Grams of all modes, each the numbers of its pairs.
inline DoubleDouble squared_model(const double* weights, index_t k,
                                  const std::vector<std::vector<DoubleDouble>>& grams) {
  DoubleDouble sum;
  std::size_t pair = 0;
  for (index_t f = 0; f < k; ++f)
    for (index_t g = 0; g <= f; ++g, ++pair) {
      DoubleDouble product = two_product(weights[f], f == g ? weights[g] : 2 * weights[g]);
      for (const std::vector<DoubleDouble>& gram : grams) product = product * gram[pair];
      sum.add(product);
    }
  return sum;
}

/// The part of an entry of value t that the model gives m.
constexpr DoubleDouble residual_term(double t, const DoubleDouble& m) {
  return DoubleDouble{-2 * m.high, -2 * m.low} * t + two_product(t, t);
}

// On cuda it waits for the sums.
namespace reference {
template <class T>
double cp_residual(const CpResidual<T>& problem);
}
namespace cpu {
template <class T>
double cp_residual(int threads, const CpResidual<T>& problem);
}
namespace cuda {
template <class T>
double cp_residual(Resources& gpu, const CpResidual<T>& problem);
}

}  // namespace seesaw
