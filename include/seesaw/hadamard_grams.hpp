#pragma once
#include <span>

#include "seesaw/sparse.hpp"

namespace seesaw {

/// out = the elementwise product of Gram matrices, of all modes but one or of all: with G_n = A_n' A_n of gram(), the
/// k x k matrix of the normal equations of a mode's factor, the Gram of the Khatri-Rao product of the other factors.
/// Whoever keeps the Grams computes again only that of the factor that changed.
///
/// grams    2 to 8 (N), each k x k, k >= 1
/// without  the number of the one to leave out, 0 to N - 1; -1: none
/// out      k x k, overwritten; must not overlap a Gram
/// The products are taken from left to right: every backend gives the same bits.
/// Throws ShapeError, InvalidArgument. On CUDA the work is enqueued on ctx.stream().
/// Source: Kolda, Bader (2009), "Tensor decompositions and applications", section 3.4.
void hadamard_grams(Context& ctx, std::span<const MatrixView<const float>> grams, int without, MatrixView<float> out);
void hadamard_grams(Context& ctx, std::span<const MatrixView<const double>> grams, int without, MatrixView<double> out);

}  // namespace seesaw
