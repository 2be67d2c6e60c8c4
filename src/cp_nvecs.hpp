#pragma once
#include "seesaw/tensor.hpp"

namespace seesaw {

/// The eigenvectors of X X' of the `count` largest eigenvalues, X the unfolding of the tensor in `mode`, of norm 1 and
/// the element of largest magnitude positive: I x count, fewer columns where X X' has fewer eigenvalues above I eps
/// times the largest. In host memory. X X' is formed, I x I, and decomposed by LAPACK in double on every backend.
/// Throws OutOfMemory where that does not fit, InvalidArgument where I is above 23,000. On CUDA it waits.
template <class T>
Matrix<double> leading_vectors(Context& ctx, const DenseTensorView<T>& tensor, int mode, index_t count);

/// In the mode that the entries are by, whose places are distinct. X X' is the sum over the columns of X that have
/// entries, which are sorted by column in host memory.
template <class T>
Matrix<double> leading_vectors(Context& ctx, const ModeView<T>& entries, index_t count);

}  // namespace seesaw
