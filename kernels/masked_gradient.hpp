#pragma once
#include <cstddef>
#include <utility>

#include "penalty.hpp"
#include "seesaw/masked_gradient.hpp"

namespace seesaw {

/// What the implementations are given. Order 2 to 8, one rank.
template <class T>
struct MaskedGradient {
  ModeView<T> entries;
  FactorViews<T> factors;
  Penalty penalty;
  MatrixView<T> gradient;

  index_t rank() const { return gradient.cols; }
};

template <class T>
struct MaskedProduct {
  ModeView<T> entries;
  FactorViews<T> factors;
  FactorViews<T> direction;
  Curvature curvature;
  Penalty penalty;
  MatrixView<T> product;

  constexpr index_t rank() const { return product.cols; }

  /// Everything that points into memory.
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor(entries);
    for (std::size_t n = 0; n < static_cast<std::size_t>(entries.order); ++n) {
      visitor(factors[n]);
      visitor(direction[n]);
    }
    visitor(product);
  }
};

template <class T>
struct MaskedLine {
  ModeView<T> entries;
  FactorViews<T> factors;
  FactorViews<T> direction;

  constexpr index_t rank() const { return factors[0].cols; }

  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor(entries);
    for (std::size_t n = 0; n < static_cast<std::size_t>(entries.order); ++n) {
      visitor(factors[n]);
      visitor(direction[n]);
    }
  }
};

/// The same problem with mode 0 and the mode that the entries are by in each other's place.
template <class Problem>
Problem own_mode_first(Problem problem) {
  auto& entries = problem.entries;
  const auto own = static_cast<std::size_t>(entries.mode);
  std::swap(entries.shape[0], entries.shape[own]);
  std::swap(entries.indices[0], entries.indices[own]);
  std::swap(problem.factors[0], problem.factors[own]);
  if constexpr (requires { problem.direction; }) std::swap(problem.direction[0], problem.direction[own]);
  entries.mode = 0;
  return problem;
}

// sums may be null; offsets may be null where the weighting is plain.
namespace reference {
template <class T>
void masked_gradient(const MaskedGradient<T>& problem, ResidualSums* sums);
template <class T>
void masked_product(const MaskedProduct<T>& problem);
template <class T>
Polynomial masked_line(const MaskedLine<T>& problem);
template <class T>
double penalty_slope(MatrixView<const T> x, MatrixView<const T> z, const offset_t* offsets, Penalty penalty);
}  // namespace reference
namespace cpu {
template <class T>
void masked_gradient(int threads, const MaskedGradient<T>& problem, ResidualSums* sums);
template <class T>
void masked_product(int threads, const MaskedProduct<T>& problem);
template <class T>
Polynomial masked_line(int threads, const MaskedLine<T>& problem);
template <class T>
double penalty_slope(int threads, MatrixView<const T> x, MatrixView<const T> z, const offset_t* offsets,
                     Penalty penalty);
}  // namespace cpu
namespace cuda {
template <class T>
void masked_gradient(Resources& gpu, const MaskedGradient<T>& problem, ResidualSums* sums);
template <class T>
void masked_product(Resources& gpu, const MaskedProduct<T>& problem);
template <class T>
Polynomial masked_line(Resources& gpu, const MaskedLine<T>& problem);
template <class T>
double penalty_slope(Resources& gpu, MatrixView<const T> x, MatrixView<const T> z, const offset_t* offsets,
                     Penalty penalty);
}  // namespace cuda

}  // namespace seesaw
