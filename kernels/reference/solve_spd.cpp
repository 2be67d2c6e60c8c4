#include "solve_spd.hpp"

#include "small_dense.hpp"

namespace seesaw::reference {
namespace {

template <class T>
std::vector<T> full_copy(MatrixView<const T> a) {
  std::vector<T> copy(static_cast<std::size_t>(a.rows * a.rows));
  for (index_t i = 0; i < a.rows; ++i)
    for (index_t j = 0; j < a.rows; ++j) copy[static_cast<std::size_t>(i * a.rows + j)] = i >= j ? a(i, j) : a(j, i);
  return copy;
}

}  // namespace

// 1. factor   2. solve each right-hand side   or, where a is singular, 3. each by minimum norm: the singular values of
// a symmetric positive semidefinite matrix are its eigenvalues
template <class T>
index_t solve_spd(MatrixView<const T> a, MatrixView<T> b) {
  const index_t k = a.rows;
  std::vector<T> factor = full_copy(a);
  const MatrixView<T> l(factor.data(), k, k);
  if (cholesky(l)) {
    for (index_t i = 0; i < b.rows; ++i) cholesky_solve<T>(l, b.row(i));
    return k;
  }
  index_t rank = 0;
  std::vector<T> x(static_cast<std::size_t>(k));
  for (index_t i = 0; i < b.rows; ++i) {
    std::vector<T> m = full_copy(a);
    rank = minimum_norm(MatrixView<T>(m.data(), k, k), b.row(i), singular_threshold(k, T{1}), x.data());
    std::copy(x.begin(), x.end(), b.row(i));
  }
  return rank;
}

template index_t solve_spd(MatrixView<const float>, MatrixView<float>);
template index_t solve_spd(MatrixView<const double>, MatrixView<double>);

}  // namespace seesaw::reference
