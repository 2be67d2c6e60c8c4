#pragma once
#include "seesaw/sparse.hpp"

namespace seesaw {

/// out = S v for a sparse matrix S of the elements w_ij s_ij (s_ij where `s` has no weights): out_i is the sum over the
/// entries of row i of w_ij s_ij v_j. S'u is the same of the transposed matrix.
///
/// s  m x n CSR, columns ascending; its contents are trusted     v  n     out  m, overwritten; must not overlap v
/// Vectors and sums are double whatever the entries are, so that a bound on a singular value of S can be worked out
/// from products with it. The same bits for any number of threads. Throws ShapeError, InvalidArgument. On CUDA the work
/// is enqueued.
void spmv(Context& ctx, CsrView<float> s, const double* v, double* out);
void spmv(Context& ctx, CsrView<double> s, const double* v, double* out);

}  // namespace seesaw
