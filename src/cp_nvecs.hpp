#pragma once
#include "seesaw/cp_als.hpp"

// The start nvecs of cp_als().
namespace seesaw {

/// The eigenvectors of X X' of the `count` largest eigenvalues, X the unfolding of the tensor in `mode`, orthonormal
/// and the element of largest magnitude positive: I x count, fewer columns where X has fewer singular values whose
/// squares are above n eps times the largest one's. In host memory. X X' is formed, I x I, or, where X has fewer
/// columns than rows, X' X, whose eigenvectors v give X v; n is the smaller of the two. LAPACK decomposes it in double
/// on every backend. Throws InvalidArgument where n is above 23,000, OutOfMemory. On CUDA it waits.
template <class T>
Matrix<double> leading_vectors(Context& ctx, const DenseTensorView<T>& tensor, int mode, index_t count);

/// In the mode that the entries are by, whose places are distinct, in host memory: of the columns of X only those count
/// that have entries.
template <class T>
Matrix<double> leading_vectors(Context& ctx, const ModeView<T>& entries, index_t count);

/// Throws InvalidArgument where leading_vectors() of some mode would, of a sparse tensor as far as its sizes tell.
void require_decomposable(const CpSize& size);

/// Bytes that leading_vectors() takes at most, whatever the mode, in the context's memory and in that of the host.
struct NvecsBytes {
  double context = 0;
  double host = 0;
};
NvecsBytes nvecs_bytes(const CpSize& size);

}  // namespace seesaw
