#pragma once
#include "seesaw/matrix.hpp"

namespace seesaw {

/// The thin singular value decomposition a = U diag(s) V', with r = min(m, n) singular values.
///
/// a   m x n, kept     u  m x r, orthonormal columns     s  r numbers >= 0, descending     vt  r x n, orthonormal rows
/// s lies in the context's memory space as the others do; u, vt and s are overwritten and overlap nothing. The signs of
/// a pair of vectors, and the vectors of equal singular values, are the backend's own choice; the same bits for any
/// number of threads. Backward stable: U diag(s) V' is within a small multiple of max(m, n) eps |a| of a.
/// Throws ShapeError; InvalidArgument where a has an element that is not finite, or is too large for LAPACK or cuSOLVER
/// (a smaller size of about 23,000, or on CUDA 2^31 elements), OutOfMemory. On CUDA it waits.
/// Source: Golub, Van Loan, "Matrix Computations", sections 8.6 (QR iteration, and Jacobi in the reference) and 8.6.3.
void svd(Context& ctx, MatrixView<const float> a, MatrixView<float> u, float* s, MatrixView<float> vt);
void svd(Context& ctx, MatrixView<const double> a, MatrixView<double> u, double* s, MatrixView<double> vt);

}  // namespace seesaw
