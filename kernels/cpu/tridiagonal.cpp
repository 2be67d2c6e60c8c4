#include "tridiagonal.hpp"

#include <algorithm>

#include "cpu/lapack.hpp"

namespace seesaw::cpu {

Tridiagonal::Tridiagonal(index_t n)
    : n_(n),
      a_(static_cast<std::size_t>(n) * static_cast<std::size_t>(n)),
      diagonal_(static_cast<std::size_t>(n)),
      beside_(diagonal_.size()),
      tau_(diagonal_.size()),
      eigenvalues_(diagonal_.size()),
      shifted_(diagonal_.size()),
      shifted_beside_(diagonal_.size()) {}

void Tridiagonal::reduce() {
  const SingleThreadedBlas guard;
  sytrd(n_, a_.data(), diagonal_.data(), beside_.data(), tau_.data());
  eigenvalues_ = diagonal_;
  shifted_beside_ = beside_;
  sterf(n_, eigenvalues_.data(), shifted_beside_.data());
}

// Q (T + shift I)^-1 Q' b.
void Tridiagonal::solve(double shift, double* b) {
  const SingleThreadedBlas guard;
  std::transform(diagonal_.begin(), diagonal_.end(), shifted_.begin(), [&](double d) { return d + shift; });
  shifted_beside_ = beside_;
  ormtr('T', n_, a_.data(), tau_.data(), b);
  ptsv(n_, shifted_.data(), shifted_beside_.data(), b);
  ormtr('N', n_, a_.data(), tau_.data(), b);
}

}  // namespace seesaw::cpu
