#pragma once
#include "penalty.hpp"
#include "seesaw/masked_residual.hpp"

namespace seesaw {

// residuals may be null; offsets may be null where the weighting is plain; ratings.values may be null: every value
// is 1.
namespace reference {
template <class T>
ResidualSums masked_residual(CsrView<T> ratings, MatrixView<const T> x, MatrixView<const T> y, T* residuals);
}  // namespace reference
namespace cpu {
template <class T>
ResidualSums masked_residual(int threads, CsrView<T> ratings, MatrixView<const T> x, MatrixView<const T> y,
                             T* residuals);
}  // namespace cpu
namespace cuda {
template <class T>
ResidualSums masked_residual(Resources& gpu, CsrView<T> ratings, MatrixView<const T> x, MatrixView<const T> y,
                             T* residuals);
}  // namespace cuda

}  // namespace seesaw
