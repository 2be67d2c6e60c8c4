#include "solve_rows.hpp"

#include "small_dense.hpp"

namespace seesaw::reference {
namespace {

/// The vectors of one row, ready to be solved again by minimum norm: sqrt(c) y_j, then sqrt(penalty) I.
template <class T>
void solve_singular_row(const SolveRows<T>& problem, index_t i, T ridge) {
  const CsrView<T>& ratings = problem.ratings;
  const index_t k = problem.y.cols;
  const index_t entries = ratings.offsets[i + 1] - ratings.offsets[i];
  const index_t rows = ridge > 0 ? entries + k : entries;
  std::vector<T> m_data(static_cast<std::size_t>(rows * k), T{0});
  std::vector<T> b(static_cast<std::size_t>(rows), T{0});
  const MatrixView<T> m(m_data.data(), rows, k);
  for (index_t n = 0; n < entries; ++n) {
    const offset_t e = ratings.offsets[i] + n;
    const T root = ratings.weights ? std::sqrt(ratings.weights[e]) : T{1};
    for (index_t f = 0; f < k; ++f) m(n, f) = root * problem.y(ratings.columns[e], f);
    b[static_cast<std::size_t>(n)] = root * ratings.values[e];
  }
  for (index_t n = entries; n < rows; ++n) m(n, n - entries) = std::sqrt(ridge);
  minimum_norm(m, b.data(), singular_threshold(std::max(rows, k), T{1}), problem.x.row(i));
}

}  // namespace

// For each row:
//   1. gather      the vectors y_j of its entries
//   2. accumulate  A = sum c y y', b = sum c a y
//   3. penalty     on the diagonal
//   4. factor and solve, or, where A is singular, minimum norm
template <class T>
void solve_rows(const SolveRows<T>& problem) {
  const CsrView<T>& ratings = problem.ratings;
  const index_t k = problem.y.cols;
  std::vector<T> a_data(static_cast<std::size_t>(k * k));
  const MatrixView<T> a(a_data.data(), k, k);
  std::int64_t singular = 0;
  for (index_t i = 0; i < ratings.rows; ++i) {
    T* b = problem.x.row(i);
    std::fill(b, b + k, T{0});
    const index_t entries = ratings.offsets[i + 1] - ratings.offsets[i];
    if (entries == 0) continue;

    std::fill(a_data.begin(), a_data.end(), T{0});
    for (offset_t e = ratings.offsets[i]; e < ratings.offsets[i + 1]; ++e) {
      const T* y = problem.y.row(ratings.columns[e]);
      const T c = ratings.weights ? ratings.weights[e] : T{1};
      for (index_t f = 0; f < k; ++f) {
        for (index_t g = 0; g <= f; ++g) a(f, g) += c * y[f] * y[g];
        b[f] += c * ratings.values[e] * y[f];
      }
    }

    const T ridge = problem.ridge(i);
    for (index_t f = 0; f < k; ++f) a(f, f) += ridge;

    if (!problem.too_short(i) && cholesky(a)) {
      cholesky_solve<T>(a, b);
    } else {
      solve_singular_row(problem, i, ridge);
      ++singular;
    }
  }
  if (problem.singular_rows != nullptr) *problem.singular_rows = singular;
}

// The matrix; for a singular row M with its right-hand side, and V.
template <class T>
double solve_rows_workspace(const SolveRowsSize& size) {
  const auto k = static_cast<double>(size.rank);
  return (2 * k * k + (size.longest_row() + k) * (k + 1)) * sizeof(T);
}

template double solve_rows_workspace<float>(const SolveRowsSize&);
template double solve_rows_workspace<double>(const SolveRowsSize&);
template void solve_rows(const SolveRows<float>&);
template void solve_rows(const SolveRows<double>&);

}  // namespace seesaw::reference
