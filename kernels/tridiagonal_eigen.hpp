#pragma once
#include "seesaw/types.hpp"

namespace seesaw::cpu {

/// Eigenvalues, ascending, of the symmetric tridiagonal k x k matrix over its diagonal; `beside`, the k - 1 elements
/// beside it, are destroyed. Where `vectors` is not null its eigenvectors become the rows of it, k x k. On the host, in
/// double, whatever the backend: k numbers.
void tridiagonal_eigen(index_t k, double* diagonal, double* beside, double* vectors);

}  // namespace seesaw::cpu
