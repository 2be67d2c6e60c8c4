#pragma once
#include "support.hpp"

// What the tests of solve_rows() judge a solution by.
namespace seesaw::test {

template <class T>
Solved<T> solve_on(Context& ctx, const Csr<T>& ratings, const Matrix<T>& y, Penalty penalty) {
  const auto csr = to_context(ctx, ratings);
  const auto y_there = to_context(ctx, y);
  Matrix<T> x(ctx, ratings.rows, y.cols());
  Buffer<std::int64_t> singular(ctx, 1);
  solve_rows(ctx, csr.view(), read(y_there), penalty, x.view(), singular.data());
  return {to_host(x), to_host(singular).data()[0]};
}

/// How far x_i is from its normal equations, in double, and against what: componentwise
/// |A x - b|_f <= (n_i + 3 k + 8) eps (sum_g sqrt(a_ff a_gg) |x_g| + sum |c a y_f|) for a backward stable solution,
/// since sums of n_i terms carry (n_i + 3) eps (Higham, section 3.1) and Cholesky (3 k + 1) eps (theorem 10.4).
/// A row with fewer entries than k may be solved in the dual form, x = P'z with (P P' + ridge I) z = r, P = C^1/2 Y_i
/// and r = C^1/2 a_i. The same theorems give its residual |d|_p <= (k + 3 n_i + 8) eps (sum_q sqrt(g_pp g_qq) |z_q| +
/// |r_p|), g the diagonal of P P' + ridge I; then A x - b = P'd, and A times the rounding (n_i + 2) eps |P|'|z| of x.
struct Backward {
  double worst = 0;        ///< the largest quotient, of the bound's left by its right side
  double error_bound = 0;  ///< |x_i - exact|_2 is at most this where the ridge is positive: |bound|_2 / ridge
};

/// The bound on |A x - b| for the dual form.
template <class T>
std::vector<double> dual_bound(const Csr<T>& ratings, const Matrix<T>& y, double ridge, const Matrix<T>& x, index_t i) {
  const index_t k = y.cols(), first = ratings.offsets.data()[i], count = ratings.offsets.data()[i + 1] - first;
  const auto p = [&](index_t n, index_t f) {
    const double c = ratings.weights.empty() ? 1.0 : static_cast<double>(ratings.weights.data()[first + n]);
    return std::sqrt(c) * static_cast<double>(y(ratings.columns.data()[first + n], f));
  };
  std::vector<double> z, g, rhs;
  double weighted = 0;  // sum_q sqrt(g_qq) |z_q|
  for (index_t n = 0; n < count; ++n) {
    const double c = ratings.weights.empty() ? 1.0 : static_cast<double>(ratings.weights.data()[first + n]);
    rhs.push_back(std::sqrt(c) * std::abs(static_cast<double>(ratings.values.data()[first + n])));
    double residual = std::sqrt(c) * static_cast<double>(ratings.values.data()[first + n]);
    g.push_back(ridge);
    for (index_t f = 0; f < k; ++f) {
      residual -= p(n, f) * static_cast<double>(x(i, f));
      g.back() += p(n, f) * p(n, f);
    }
    z.push_back(std::abs(residual) / ridge);
    weighted += std::sqrt(g.back()) * z.back();
  }
  const double solving = static_cast<double>(k + 3 * count + 8) * eps<T>();
  const double forming = static_cast<double>(count + 2) * eps<T>();
  std::vector<double> bound(static_cast<std::size_t>(k)), x_error(bound);
  for (index_t n = 0; n < count; ++n)
    for (index_t f = 0; f < k; ++f)
      x_error[static_cast<std::size_t>(f)] += forming * std::abs(p(n, f)) * z[static_cast<std::size_t>(n)];
  for (index_t f = 0; f < k; ++f) bound[static_cast<std::size_t>(f)] = ridge * x_error[static_cast<std::size_t>(f)];
  for (index_t n = 0; n < count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    double d = solving * (std::sqrt(g[at]) * weighted + rhs[at]);
    for (index_t f = 0; f < k; ++f) d += std::abs(p(n, f)) * x_error[static_cast<std::size_t>(f)];
    for (index_t f = 0; f < k; ++f) bound[static_cast<std::size_t>(f)] += std::abs(p(n, f)) * d;
  }
  return bound;
}

template <class T>
Backward backward_of_row(const Csr<T>& ratings, const Matrix<T>& y, Penalty penalty, const Matrix<T>& x, index_t i) {
  const index_t k = y.cols();
  const offset_t first = ratings.offsets.data()[i], last = ratings.offsets.data()[i + 1];
  std::vector<double> r(static_cast<std::size_t>(k), 0.0), rhs(r), diagonal(r);
  const double ridge = ridge_of(penalty, last - first);
  for (index_t f = 0; f < k; ++f) {
    r[static_cast<std::size_t>(f)] = ridge * static_cast<double>(x(i, f));
    diagonal[static_cast<std::size_t>(f)] = ridge;
  }
  for (offset_t e = first; e < last; ++e) {
    const column_t j = ratings.columns.data()[e];
    const double c = ratings.weights.empty() ? 1.0 : static_cast<double>(ratings.weights.data()[e]);
    const double value = static_cast<double>(ratings.values.data()[e]);
    double residual = -value;
    for (index_t f = 0; f < k; ++f) residual += static_cast<double>(y(j, f)) * static_cast<double>(x(i, f));
    for (index_t f = 0; f < k; ++f) {
      const double yf = static_cast<double>(y(j, f));
      r[static_cast<std::size_t>(f)] += c * residual * yf;
      rhs[static_cast<std::size_t>(f)] += std::abs(c * value * yf);
      diagonal[static_cast<std::size_t>(f)] += c * yf * yf;
    }
  }
  double weighted = 0;  // sum_g sqrt(a_gg) |x_g|
  for (index_t g = 0; g < k; ++g)
    weighted += std::sqrt(diagonal[static_cast<std::size_t>(g)]) * std::abs(static_cast<double>(x(i, g)));
  const double unit = static_cast<double>(last - first + 3 * k + 8) * eps<T>();
  const auto dual = last - first < k && ridge > 0 ? dual_bound(ratings, y, ridge, x, i) : std::vector<double>(r.size());
  Backward backward;
  double squared = 0;
  for (std::size_t f = 0; f < static_cast<std::size_t>(k); ++f) {
    const double bound = std::max(dual[f], unit * (std::sqrt(diagonal[f]) * weighted + rhs[f]));
    backward.worst = std::max(backward.worst, std::isnan(r[f]) ? r[f] : std::abs(r[f]) / (bound + 1e-300));
    if (std::isnan(r[f])) backward.worst = std::numeric_limits<double>::infinity();
    squared += bound * bound;
  }
  backward.error_bound = last > first ? std::sqrt(squared) / ridge : 0;
  return backward;
}

template <class T>
void satisfies_normal_equations(Context& ctx, const Csr<T>& ratings, index_t k, Penalty penalty) {
  const auto y = random_matrix<T>(ratings.cols, k, 21);
  const auto solved = solve_on(ctx, ratings, y, penalty);
  Context host = Context::reference();
  const auto reference = solve_on(host, ratings, y, penalty);
  EXPECT_EQ(solved.singular_rows, 0);
  for (index_t i = 0; i < ratings.rows; ++i) {
    const auto backward = backward_of_row(ratings, y, penalty, solved.x, i);
    ASSERT_LE(backward.worst, 1) << "k = " << k << ", row " << i;
    double squared = 0;
    for (index_t f = 0; f < k; ++f) {
      const double difference = static_cast<double>(solved.x(i, f)) - static_cast<double>(reference.x(i, f));
      squared += difference * difference;
    }
    const double other = backward_of_row(ratings, y, penalty, reference.x, i).error_bound;
    ASSERT_LE(std::sqrt(squared), backward.error_bound + other) << "from the reference, k = " << k << ", row " << i;
  }
}

/// Of a row with fewer entries than k that x = Y'(Y Y')^-1 a, the shortest of all with Y x = a: the residual is 0, and
/// x has no part orthogonal to Y's rows (projected out by Gram-Schmidt in double). A vector that occurs twice must have
/// the same value twice.
template <class T>
void is_minimum_norm(const Csr<T>& ratings, const Matrix<T>& y, const Matrix<T>& x, index_t i) {
  const index_t k = y.cols();
  std::vector<std::vector<double>> basis;
  std::vector<double> left(static_cast<std::size_t>(k));
  for (std::size_t f = 0; f < left.size(); ++f) left[f] = static_cast<double>(x(i, static_cast<index_t>(f)));
  const double norm = std::sqrt(std::inner_product(left.begin(), left.end(), left.begin(), 0.0));
  // The condition number of random n x k, n < k, is a few sqrt(k) / (sqrt(k) - sqrt(n)), at most some 4 k here.
  const double tolerance = 4 * static_cast<double>(k) * static_cast<double>(k) * eps<T>() * (8 + norm);
  for (offset_t e = ratings.offsets.data()[i]; e < ratings.offsets.data()[i + 1]; ++e) {
    std::vector<double> v(static_cast<std::size_t>(k));
    double residual = -static_cast<double>(ratings.values.data()[e]);
    for (std::size_t f = 0; f < v.size(); ++f) {
      v[f] = static_cast<double>(y(ratings.columns.data()[e], static_cast<index_t>(f)));
      residual += v[f] * static_cast<double>(x(i, static_cast<index_t>(f)));
    }
    EXPECT_LE(std::abs(residual), tolerance * std::sqrt(static_cast<double>(k))) << "k = " << k << ", row " << i;
    const double whole = std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
    for (int twice = 0; twice < 2; ++twice)
      for (const auto& q : basis) {
        const double dot = std::inner_product(v.begin(), v.end(), q.begin(), 0.0);
        for (std::size_t f = 0; f < v.size(); ++f) v[f] -= dot * q[f];
      }
    const double length = std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
    if (length <= static_cast<double>(k) * eps<double>() * whole) continue;  // the vector was there before
    for (double& element : v) element /= length;
    basis.push_back(v);
    const double dot = std::inner_product(left.begin(), left.end(), v.begin(), 0.0);
    for (std::size_t f = 0; f < v.size(); ++f) left[f] -= dot * v[f];
  }
  EXPECT_LE(std::sqrt(std::inner_product(left.begin(), left.end(), left.begin(), 0.0)), tolerance)
      << "k = " << k << ", row " << i;
}

}  // namespace seesaw::test
