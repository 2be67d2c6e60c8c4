#pragma once
#include "seesaw/sparse.hpp"

namespace seesaw {

/// For each row i of x, the N rows y_j with the greatest scores x_i.y_j among those that row i of `seen` does not name;
/// of equal scores the lower j comes first.
///
/// x       m x k, k >= 1        y  n x k; m and n at most 2^31 - 1
/// seen    m x n, columns ascending within a row; its values and weights are not read and may be null. CsrView{} (no
///         offsets) leaves nothing out
/// items   m x N, N >= 1, overwritten: the j of row i, best first; -1 where there are fewer than N
/// scores  m x N, overwritten: theirs; -infinity where items is -1. Must not overlap x and y
///
/// A score is one sum over f = 0 .. k - 1 in that order, whatever the other rows: a row of x asked for alone gets the
/// same bits, and so does any number of threads. Memory beyond the arguments is bounded, not proportional to m * n.
/// A score that is not finite (NaN, or beyond the range of the type) is never ranked: unless row i has seen j, it is an
/// InvalidArgument that names the first such i and j, and items and scores are then without meaning.
/// Throws ShapeError, InvalidArgument. The contents of `seen` are trusted; see validate(). On CUDA it waits for the
/// verdict on the scores.
/// Source: exhaustive search; on CUDA the choice is a radix selection, Alabi, Blanchard, Gordon, Steinbach (2012),
/// "Fast k-selection algorithms for graphics processing units".
void top_k(Context& ctx, MatrixView<const float> x, MatrixView<const float> y, CsrView<float> seen,
           MatrixView<column_t> items, MatrixView<float> scores);
void top_k(Context& ctx, MatrixView<const double> x, MatrixView<const double> y, CsrView<double> seen,
           MatrixView<column_t> items, MatrixView<double> scores);

}  // namespace seesaw
