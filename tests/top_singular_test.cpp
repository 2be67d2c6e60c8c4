#include "top_singular.hpp"

#include "convex_support.hpp"

namespace seesaw::test {
namespace {

struct OfLowRank {
  Matrix<double> matrix;
  double frobenius;
};

OfLowRank of_rank(index_t rank, std::uint64_t seed) {
  const index_t rows = 20, cols = 12;
  const auto x = random_matrix<double>(rows, rank, seed), y = random_matrix<double>(cols, rank, seed + 1);
  OfLowRank of{Matrix<double>(rows, cols), 0};
  double squares = 0;
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < cols; ++j) {
      of.matrix(i, j) = 0;
      for (index_t f = 0; f < rank; ++f) of.matrix(i, j) += x(i, f) * y(j, f);
      squares += of.matrix(i, j) * of.matrix(i, j);
    }
  of.frobenius = std::sqrt(squares);
  return of;
}

/// As many steps as lead anywhere.
TopSingular top_of(Context& ctx, const Matrix<double>& a, double frobenius, std::uint64_t seed) {
  Matrix<double> transposed(a.cols(), a.rows());
  for (index_t i = 0; i < a.rows(); ++i)
    for (index_t j = 0; j < a.cols(); ++j) transposed(j, i) = a(i, j);
  const auto forth = to_context(ctx, full_csr<double>(a)), back = to_context(ctx, full_csr<double>(transposed));
  Lanczos lanczos(ctx, a.rows(), a.cols(), 64);
  return lanczos(forth.view(), back.view(), frobenius, seed, [](double, double) { return false; });
}

class TopSingularValue : public OnBackend {};

// The start and its products with a matrix of rank r span r + 1 dimensions of 12, but for rounding; the trace leaves
// nothing outside.
// Besides the (m + n + 16 k) eps |S|_F that the bound adds there are 16 eps, of squares: sigma_1^2 >= |S|_F^2 / r.
TEST_P(TopSingularValue, HasATightBoundWhereTheRankIsLow) {
  Context ctx = context();
  for (const index_t rank : {1, 3})
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const auto [a, frobenius] = of_rank(rank, 10 * seed);
      const TopSingular top = top_of(ctx, a, frobenius, seed);
      const double exact = singular_values(a)[0];
      const double rounding = (20 + 12 + 16 * 12) * eps<double>() * frobenius;
      EXPECT_GT(top.steps, rank);
      EXPECT_LT(top.steps, 12) << "the steps span everything";
      EXPECT_GE(top.bound, exact - rounding) << "the exact one is rounded, too";
      EXPECT_LE(top.sigma, exact + rounding);
      EXPECT_GE(top.sigma, exact - rounding);
      EXPECT_LE(top.bound - top.sigma, 2 * rounding + 16 * std::sqrt(3.0) * eps<double>() * frobenius);
    }
}

// Where the norm is known as twice what it is, the trace seems to leave 3/4 of its square outside, and what the chance
// leaves of a beta within rounding counts: (lambda - theta) lambda = |g| beta 16 eps 2^40 / sqrt(pi / 2), some 1e-3.
TEST_P(TopSingularValue, DoesNotTakeRoundingForNothing) {
  Context ctx = context();
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const auto [a, frobenius] = of_rank(1, 10 * seed);
    const TopSingular top = top_of(ctx, a, 2 * frobenius, seed);
    EXPECT_EQ(top.steps, 2);
    EXPECT_GE(top.bound, 1.0001 * top.sigma);
    EXPECT_LE(top.bound, 1.05 * top.sigma);
  }
}

// Both dimensions are spanned.
TEST_P(TopSingularValue, IsExactWhereTheStepsSpanEverything) {
  Context ctx = context();
  const auto a = matrix_of<double>(3, 2, {3, 0, 0, 1, 0, 0});
  const TopSingular top = top_of(ctx, a, 2 * std::sqrt(10.0), 5);
  EXPECT_EQ(top.steps, 2);
  EXPECT_NEAR(top.sigma, 3, 64 * eps<double>());
  EXPECT_NEAR(top.bound, 3, (3 + 2 + 16 * 2 + 64) * eps<double>() * 2 * std::sqrt(10.0));
}

INSTANTIATE_TEST_SUITE_P(Backends, TopSingularValue, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
