#pragma once
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

  index_t rank() const { return product.cols; }
};

template <class T>
struct MaskedLine {
  ModeView<T> entries;
  FactorViews<T> factors;
  FactorViews<T> direction;

  index_t rank() const { return factors[0].cols; }
};

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
