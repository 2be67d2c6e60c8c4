#include "cpu/lapack.hpp"
#include "solve_implicit_rows.hpp"

namespace seesaw::cpu {

// A symmetric matrix is its own transpose: LAPACK's columns are our rows.
void symmetric_eigen(index_t k, double* a, double* eigenvalues) {
  const SingleThreadedBlas guard;
  syevd(k, a, eigenvalues);
}

}  // namespace seesaw::cpu
