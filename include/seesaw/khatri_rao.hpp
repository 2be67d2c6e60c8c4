#pragma once
#include <span>

#include "seesaw/sparse.hpp"

namespace seesaw {

/// out = the column-wise Kronecker (Khatri-Rao) product of the factors in the order given: with i_0, i_1, ... the rows
/// of the factors,
///   out((... (i_0 I_1 + i_1) I_2 + ...) + i_N-1, r) = A_0(i_0, r) A_1(i_1, r) ... A_N-1(i_N-1, r),
/// the last factor's row running fastest. One factor gives itself.
///
/// factors  1 to 8, each I_n x k, k >= 1     out  prod I_n x k, overwritten; must not overlap a factor
/// The products are taken from left to right: every backend gives the same bits.
/// Throws ShapeError, InvalidArgument. On CUDA the work is enqueued on ctx.stream().
/// Source: Kolda, Bader (2009), "Tensor decompositions and applications", section 2.6.
void khatri_rao(Context& ctx, std::span<const MatrixView<const float>> factors, MatrixView<float> out);
void khatri_rao(Context& ctx, std::span<const MatrixView<const double>> factors, MatrixView<double> out);

}  // namespace seesaw
