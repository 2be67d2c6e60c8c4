#pragma once
#include "support.hpp"

// What the tests of the solvers over the nuclear-norm ball share.
namespace seesaw::test {

/// No penalty, no mean subtracted, so many sweeps.
inline CompletionOptions convex_options(int sweeps) {
  CompletionOptions options;
  options.centre = false;
  options.stopping.sweeps = sweeps;
  return options;
}

/// Every entry of a matrix observed.
template <class T>
Csr<T> full_csr(const Matrix<double>& a, double weight = 1) {
  std::vector<Entry> entries;
  for (index_t i = 0; i < a.rows(); ++i)
    for (index_t j = 0; j < a.cols(); ++j)
      entries.push_back({static_cast<column_t>(i), static_cast<column_t>(j), a(i, j), weight});
  return csr_of<T>(a.rows(), a.cols(), entries, weight != 1);
}

/// A share of the entries of a matrix of so low a rank, and noise.
template <class T>
Csr<T> noisy_csr(index_t rows, index_t cols, index_t rank, double share, std::uint64_t seed, bool weights = false) {
  const auto x = random_matrix<double>(rows, rank, seed), y = random_matrix<double>(cols, rank, seed + 1);
  std::vector<Entry> entries;
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < cols; ++j) {
      const auto n = static_cast<std::uint64_t>(i * cols + j);
      if (random_uniform(seed + 2, n) > share) continue;
      double value = 0.1 * random_normal(seed + 3, n);
      for (index_t f = 0; f < rank; ++f) value += x(i, f) * y(j, f);
      entries.push_back(
          {static_cast<column_t>(i), static_cast<column_t>(j), value, 0.25 + random_uniform(seed + 4, n)});
    }
  return csr_of<T>(rows, cols, entries, weights);
}

/// The singular values, by the reference, in double.
inline std::vector<double> singular_values(const Matrix<double>& a) {
  Context host = Context::reference();
  const index_t r = std::min(a.rows(), a.cols());
  Matrix<double> u(a.rows(), r), vt(r, a.cols());
  std::vector<double> s(static_cast<std::size_t>(r));
  svd(host, read(a), u.view(), s.data(), vt.view());
  return s;
}

/// min 1/2 |A - M|_F^2 over |M|_* <= radius: what the projection of the singular values takes off them.
inline double least_objective(const Matrix<double>& a, double radius) {
  const std::vector<double> s = singular_values(a);
  std::vector<double> kept = s;
  project_simplex(kept, radius, SimplexSum::at_most);
  double sum = 0;
  for (std::size_t n = 0; n < s.size(); ++n) sum += (s[n] - kept[n]) * (s[n] - kept[n]);
  return 0.5 * sum;
}

template <class T>
Matrix<double> product_of(const CompletionResult<T>& result) {
  const auto x = to_host(result.x), y = to_host(result.y);
  Matrix<double> m(x.rows(), y.rows());
  for (index_t i = 0; i < m.rows(); ++i)
    for (index_t j = 0; j < m.cols(); ++j) {
      m(i, j) = 0;
      for (index_t f = 0; f < x.cols(); ++f) m(i, j) += static_cast<double>(x(i, f)) * static_cast<double>(y(j, f));
    }
  return m;
}

inline double nuclear_norm(const Matrix<double>& a) {
  const std::vector<double> s = singular_values(a);
  return std::accumulate(s.begin(), s.end(), 0.0);
}

/// 1/2 sum w (a - m)^2 of host entries, in double.
template <class T>
double objective_of(const Csr<T>& a, const Matrix<double>& m) {
  double sum = 0;
  for (index_t i = 0; i < a.rows; ++i)
    for (offset_t e = a.offsets.data()[i]; e < a.offsets.data()[i + 1]; ++e) {
      const double r = static_cast<double>(a.values.data()[e]) - m(i, a.columns.data()[e]);
      sum += (a.weights.empty() ? 1.0 : static_cast<double>(a.weights.data()[e])) * r * r;
    }
  return 0.5 * sum;
}

/// The gap bounds f - least: exactly for the residuals as they are stored, so that only the sums' rounding is left, of
/// numbers that add up to a few times f at 0.
inline void expect_certified(const std::vector<SweepRecord>& history, double least, double at_zero, offset_t entries) {
  const double rounding = 4 * static_cast<double>(entries) * eps<double>() * at_zero;
  for (const SweepRecord& record : history) {
    ASSERT_GE(record.gap, record.objective - least - rounding) << "sweep " << record.sweep;
    ASSERT_GE(record.gap, 0);
  }
}

/// What both solvers refuse; `solve(ctx, problem, options, radius)`.
template <class Solve>
void refuses_what_is_no_problem(Context& ctx, const std::string& name, Solve&& solve) {
  const auto ratings = to_context(ctx, csr_of<float>(2, 3, {{0, 0, 1}, {1, 2, 2}}));
  const auto none = to_context(ctx, csr_of<float>(2, 3, {}));
  const auto start = to_context(ctx, matrix_of<float>(3, 1, {1, 1, 1}));
  const CompletionProblem<float> good{ratings.view()};
  const auto message = [&](const CompletionProblem<float>& problem, const CompletionOptions& options, double radius) {
    return message_of<InvalidArgument>([&] { solve(ctx, problem, options, radius); });
  };
  const CompletionOptions plain = convex_options(3);
  for (const double radius : {0.0, -1.0, std::nan(""), 1e300, 1e-300})
    EXPECT_NE(message(good, plain, radius).find("expected a finite number > 0 that float holds"), std::string::npos);
  EXPECT_EQ(message({none.view()}, plain, 1), "ratings has no entries");
  CompletionOptions options = plain;
  options.rank = 1;
  EXPECT_EQ(message({ratings.view(), {}, read(start)}, options, 1),
            "the start y is given, but " + name + "() begins at 0, which lies in every ball");
  options = plain;
  options.restarts = 2;
  EXPECT_NE(message(good, options, 1).find("restarts is 2, expected 1"), std::string::npos);
  options = plain;
  options.implicit = ImplicitFeedback{};
  EXPECT_EQ(message(good, options, 1), name + "() takes explicit ratings; als() takes implicit ones");
  options = plain;
  options.stopping.gradient_norm = 1e-3;
  EXPECT_NE(message(good, options, 1).find("gradient_norm is 0.001, expected 0"), std::string::npos);
  options = plain;
  options.stopping.patience = 2;
  EXPECT_NE(message(good, options, 1).find("there are no validation entries"), std::string::npos);
  options = plain;
  options.stopping.sweeps = 0;
  EXPECT_EQ(message(good, options, 1), "sweeps is 0, expected at least 1");
  CsrView<float> unordered = ratings.view();
  const column_t columns[] = {0, 3};
  const auto outside = to_context(ctx, columns, 2);
  unordered.columns = outside.data();
  EXPECT_NE(message({unordered}, plain, 1).find("ratings"), std::string::npos);
}

}  // namespace seesaw::test
