#pragma once
#include <vector>

#include "seesaw/types.hpp"

namespace seesaw::cpu {

/// A symmetric matrix A = Q T Q' with T tridiagonal, in double on the host: one reduction serves every shift. n >= 1.
class Tridiagonal {
 public:
  explicit Tridiagonal(index_t n);

  /// n x n, for the caller to fill before reduce(), which overwrites it.
  double* matrix() { return a_.data(); }
  /// Of a finite matrix. On this thread alone, so that the result does not depend on how many there are.
  void reduce();

  /// The extreme eigenvalues, after reduce(); off by some n eps times the larger magnitude.
  double smallest() const { return eigenvalues_.front(); }
  double largest() const { return eigenvalues_.back(); }

  /// b becomes (A + shift I)^-1 b. shift > -smallest(), by more than rounding.
  void solve(double shift, double* b);

 private:
  index_t n_;
  std::vector<double> a_, diagonal_, beside_, tau_, eigenvalues_, shifted_, shifted_beside_;
};

}  // namespace seesaw::cpu
