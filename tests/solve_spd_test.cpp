#include "support.hpp"

namespace seesaw::test {
namespace {

template <class T>
struct Solved {
  Matrix<T> x;
  index_t rank;
};

template <class T>
Solved<T> solve_on(Context& ctx, const Matrix<T>& a, const Matrix<T>& b) {
  const auto a_there = to_context(ctx, a);
  auto b_there = to_context(ctx, b);
  const index_t rank = solve_spd(ctx, read(a_there), b_there.view());
  EXPECT_TRUE(same_bits(to_host(a_there), a)) << "a must be kept";
  return {to_host(b_there), rank};
}

/// Y'Y of 2k random rows: condition number some tens.
template <class T>
Matrix<T> random_spd(index_t k, std::uint64_t seed) {
  Context host = Context::reference();
  const auto y = random_matrix<T>(2 * k, k, seed);
  Matrix<T> a(k, k);
  gram(host, read(y), a.view());
  return a;
}

class SolveSpd : public OnBackend {};

// [4 2; 2 3] x = [8; 7] has x = [5/4; 3/2]; the upper triangle must not be read.
TEST_P(SolveSpd, IsWhatHandsCompute) {
  Context ctx = context();
  const auto solved = solve_on(ctx, matrix_of<double>(2, 2, {4, 99, 2, 3}), matrix_of<double>(2, 2, {8, 7, 4, 2}));
  EXPECT_EQ(solved.rank, 2);
  EXPECT_LE(largest_difference(solved.x, matrix_of<double>(2, 2, {1.25, 1.5, 1, 0})), 8 * eps<double>());
}

// [1 1; 1 1] has the eigenvector (1, 1) / sqrt 2 with the eigenvalue 2: of all x with x_1 + x_2 = 2, (1, 1) is
// shortest, and of b = (3, 1) the part in the range is (2, 2).
TEST_P(SolveSpd, TakesTheMinimumNormWhereSingular) {
  Context ctx = context();
  const auto solved = solve_on(ctx, matrix_of<double>(2, 2, {1, 1, 1, 1}), matrix_of<double>(2, 2, {2, 2, 3, 1}));
  EXPECT_EQ(solved.rank, 1);
  EXPECT_LE(largest_difference(solved.x, matrix_of<double>(2, 2, {1, 1, 1, 1})), 16 * eps<double>());
}

TEST_P(SolveSpd, OfZeroIsZero) {
  Context ctx = context();
  const auto solved = solve_on(ctx, matrix_of<float>(2, 2, {0, 0, 0, 0}), matrix_of<float>(1, 2, {3, 4}));
  EXPECT_EQ(solved.rank, 0);
  EXPECT_TRUE(same_bits(solved.x, matrix_of<float>(1, 2, {0, 0})));
}

// Cholesky is backward stable: |A x - b|_i <= (3 k + 1) eps sum_j sqrt(a_ii a_jj) |x_j| (Higham, theorem 10.4, and
// |L||L'| <= sqrt(a_ii a_jj) by Cauchy-Schwarz).
template <class T>
void satisfies_the_equations(Context& ctx, index_t k) {
  const auto a = random_spd<T>(k, 3);
  const auto b = random_matrix<T>(5, k, 4);
  const auto solved = solve_on(ctx, a, b);
  ASSERT_EQ(solved.rank, k);
  for (index_t i = 0; i < b.rows(); ++i)
    for (index_t f = 0; f < k; ++f) {
      double residual = -static_cast<double>(b(i, f)), scale = 0;
      for (index_t g = 0; g < k; ++g) {
        const double x = static_cast<double>(solved.x(i, g));
        residual += static_cast<double>(a(f, g)) * x;
        scale += std::sqrt(static_cast<double>(a(f, f)) * static_cast<double>(a(g, g))) * std::abs(x);
      }
      ASSERT_LE(std::abs(residual), static_cast<double>(3 * k + 1) * eps<T>() * scale) << "k = " << k;
    }
}

TEST_P(SolveSpd, SatisfiesItsEquations) {
  Context ctx = context();
  for (index_t k : {1, 2, 7, 8, 9, 31, 32, 33, 64, 129, 200}) {
    satisfies_the_equations<float>(ctx, k);
    satisfies_the_equations<double>(ctx, k);
  }
}

// A = Q diag(1, ..., r, 0, ..., 0) Q' with the orthogonal Q = I - 2 v v' / v'v: the solution over the range is
// Q diag(1/d) Q' b.
TEST_P(SolveSpd, TakesTheMinimumNormOfALargerRankDeficientSystem) {
  Context ctx = context();
  constexpr index_t k = 40, rank = 25;
  const auto v = random_matrix<double>(1, k, 11), b = random_matrix<double>(3, k, 12);
  double vv = 0;
  for (index_t f = 0; f < k; ++f) vv += v(0, f) * v(0, f);
  auto q = [&](index_t f, index_t g) { return (f == g ? 1.0 : 0.0) - 2 * v(0, f) * v(0, g) / vv; };
  Matrix<double> a(k, k), expected(3, k);
  for (index_t f = 0; f < k; ++f)
    for (index_t g = 0; g < k; ++g) {
      a(f, g) = 0;
      for (index_t d = 0; d < rank; ++d) a(f, g) += q(f, d) * static_cast<double>(d + 1) * q(g, d);
    }
  for (index_t i = 0; i < 3; ++i)
    for (index_t f = 0; f < k; ++f) {
      expected(i, f) = 0;
      for (index_t d = 0; d < rank; ++d)
        for (index_t g = 0; g < k; ++g) expected(i, f) += q(f, d) / static_cast<double>(d + 1) * q(g, d) * b(i, g);
    }
  const auto solved = solve_on(ctx, a, b);
  EXPECT_EQ(solved.rank, rank);
  // Perturbing a by k eps |a| moves its pseudo-inverse by that times 1 / (smallest eigenvalue, 1)^2, and |b| <
  // sqrt(k) 4.
  EXPECT_LE(largest_difference(solved.x, expected), 4 * k * eps<double>() * rank * std::sqrt(double{k}) * 4);
}

TEST_P(SolveSpd, RefusesWhatIsNotASystem) {
  Context ctx = context();
  const auto a = to_context(ctx, matrix_of<float>(2, 2, {1, 0, 0, std::nan("")}));
  Matrix<float> b(ctx, 1, 2), narrow(ctx, 1, 1);
  const Matrix<float> oblong(ctx, 2, 3);
  EXPECT_NE(message_of<InvalidArgument>([&] { solve_spd(ctx, read(a), b.view()); }).find("a(1, 1) is"),
            std::string::npos);
  EXPECT_EQ(message_of<ShapeError>([&] { solve_spd(ctx, read(a), narrow.view()); }), "b is 1 x 1, expected 1 x 2");
  EXPECT_EQ(message_of<ShapeError>([&] { solve_spd(ctx, read(oblong), b.view()); }), "a is 2 x 3, expected 2 x 2");
}

INSTANTIATE_TEST_SUITE_P(Backends, SolveSpd, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
