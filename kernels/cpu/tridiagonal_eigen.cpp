#include "tridiagonal_eigen.hpp"

#include "cpu/lapack.hpp"

namespace seesaw::cpu {

// LAPACK's columns are our rows.
void tridiagonal_eigen(index_t k, double* diagonal, double* beside, double* vectors) {
  const SingleThreadedBlas guard;
  stev(k, diagonal, beside, vectors);
}

}  // namespace seesaw::cpu
