#include "support.hpp"

namespace seesaw::test {
namespace {

std::vector<double> projected(std::vector<double> z, double r, SimplexSum sum = SimplexSum::equal) {
  project_simplex(z, r, sum);
  return z;
}

TEST(ProjectSimplex, IsWhatHandsCompute) {
  EXPECT_EQ(projected({3, 1, 0}, 2), (std::vector<double>{2, 0, 0}));             // theta = 1
  EXPECT_EQ(projected({-1, 1.5, 2}, 2), (std::vector<double>{0, 0.75, 1.25}));    // theta = 3/4
  EXPECT_EQ(projected({-4, -2}, 1), (std::vector<double>{0, 1}));                 // theta = -3
  EXPECT_EQ(projected({0.25, -1, 0.25}, 1), (std::vector<double>{0.5, 0, 0.5}));  // theta = -1/4
  std::vector<double> z{3, 1, 0};
  EXPECT_EQ(project_simplex(z, 2), 1);
}

TEST(ProjectSimplex, LeavesWhatSumsToLessWhereItMay) {
  std::vector<double> z{0.25, -1, 0.25};
  EXPECT_EQ(project_simplex(z, 1, SimplexSum::at_most), 0);
  EXPECT_EQ(z, (std::vector<double>{0.25, 0, 0.25}));
  EXPECT_EQ(projected({-1, 1.5, 2}, 2, SimplexSum::at_most), (std::vector<double>{0, 0.75, 1.25}));
}

// x is the projection where x >= 0, sum x = r, and z - x is theta where x > 0 and at most theta elsewhere.
TEST(ProjectSimplex, SatisfiesTheKktConditions) {
  for (const std::size_t size : {1u, 2u, 7u, 100u})
    for (const double r : {1e-3, 1.0, 50.0, 1e4}) {
      std::vector<double> z(size), x;
      for (std::size_t n = 0; n < size; ++n) z[n] = 3 * random_normal(17, n);
      x = z;
      const double theta = project_simplex(x, r);
      // theta is a mean of at most `size` numbers, and each x is off by its rounding.
      const double scale = r + *std::max_element(z.begin(), z.end()) + 10;
      const double rounding = 4 * static_cast<double>(size) * eps<double>() * scale;
      EXPECT_NEAR(std::accumulate(x.begin(), x.end(), 0.0), r, static_cast<double>(size) * rounding);
      for (std::size_t n = 0; n < size; ++n) {
        EXPECT_GE(x[n], 0);
        if (x[n] > 0)
          EXPECT_NEAR(z[n] - x[n], theta, rounding);
        else
          EXPECT_LE(z[n], theta + rounding);
      }
    }
}

TEST(ProjectSimplex, KeepsASumMuchLessThanTheCoordinates) {
  EXPECT_EQ(projected({1e20, 1e20, 5}, 1e-3), (std::vector<double>{5e-4, 5e-4, 0}));
  EXPECT_EQ(projected({1e308, 1e308, 0}, 2, SimplexSum::at_most), (std::vector<double>{1, 1, 0}));
}

TEST(ProjectSimplex, RefusesWhatHasNoProjection) {
  std::vector<double> z{1, std::nan("")}, empty;
  EXPECT_EQ(message_of<InvalidArgument>([&] { project_simplex(z, 1); }), "z[1] is nan, expected a finite number");
  EXPECT_EQ(message_of<InvalidArgument>([&] { project_simplex(z, 0); }), "r is 0, expected a finite number > 0");
  EXPECT_EQ(message_of<InvalidArgument>([&] { project_simplex(z, -2); }), "r is -2, expected a finite number > 0");
  EXPECT_EQ(message_of<InvalidArgument>([&] { project_simplex(empty, 1); }),
            "z is empty, expected at least one number");
}

class ProjectNuclearBall : public OnBackend {};

template <class T>
struct Projected {
  Matrix<T> m;
  index_t rank;
};

template <class T>
Projected<T> projected_on(Context& ctx, const Matrix<T>& z, double radius) {
  const auto there = to_context(ctx, z);
  Matrix<T> out(ctx, z.rows(), z.cols());
  const index_t rank = project_nuclear_ball(ctx, read(there), radius, out.view());
  return {to_host(out), rank};
}

/// The singular values, by the reference, in double.
std::vector<double> values_of(const Matrix<double>& a) {
  Context host = Context::reference();
  const index_t r = std::min(a.rows(), a.cols());
  Matrix<double> u(a.rows(), r), vt(r, a.cols());
  std::vector<double> s(static_cast<std::size_t>(r));
  svd(host, read(a), u.view(), s.data(), vt.view());
  return s;
}

// diag(3, 1) and radius 2: theta = 1.
TEST_P(ProjectNuclearBall, IsWhatHandsCompute) {
  Context ctx = context();
  const auto p = projected_on(ctx, matrix_of<double>(2, 3, {3, 0, 0, 0, 1, 0}), 2);
  EXPECT_EQ(p.rank, 1);
  EXPECT_LE(largest_difference(p.m, matrix_of<double>(2, 3, {2, 0, 0, 0, 0, 0})), 50 * 3 * eps<double>() * 4);
}

TEST_P(ProjectNuclearBall, CopiesWhatLiesWithin) {
  Context ctx = context();
  const auto z = random_matrix<float>(5, 4, 3);
  const auto p = projected_on(ctx, z, 1e4);
  EXPECT_EQ(p.rank, 4);
  EXPECT_TRUE(same_bits(p.m, z));
  const auto zero = matrix_of<float>(2, 2, {0, 0, 0, 0});
  EXPECT_EQ(projected_on(ctx, zero, 1).rank, 0);
}

// P is the projection of Z where |P|_* <= radius and <Z - P, S - P> <= 0 for all S of the ball, which is
// radius sigma_1(Z - P) <= <Z - P, P>. The decomposition, the products and the sums are off by p(m, n) eps |Z| each, as
// in svd_test.cpp, and the values here multiplied by norms of at most radius.
template <class T>
void satisfies_the_kkt_conditions(Context& ctx, index_t m, index_t n, double radius) {
  const auto z = random_matrix<T>(m, n, 13);
  const auto p = projected_on(ctx, z, radius);
  Matrix<double> of_p(m, n), left(m, n);
  double product = 0, size = 0;
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < n; ++j) {
      of_p(i, j) = static_cast<double>(p.m(i, j));
      left(i, j) = static_cast<double>(z(i, j)) - of_p(i, j);
      product += left(i, j) * of_p(i, j);
      size += static_cast<double>(z(i, j)) * static_cast<double>(z(i, j));
    }
  const std::vector<double> s = values_of(of_p);
  const double rounding = 50 * static_cast<double>(std::max(m, n)) * eps<T>() * std::sqrt(size);
  EXPECT_NEAR(std::accumulate(s.begin(), s.end(), 0.0), radius, static_cast<double>(s.size()) * rounding);
  EXPECT_LE(radius * values_of(left).front(), product + 2 * radius * rounding * static_cast<double>(s.size()));
  EXPECT_EQ(p.rank, std::count_if(s.begin(), s.end(), [&](double value) { return value > rounding; }));
}

TEST_P(ProjectNuclearBall, SatisfiesTheKktConditions) {
  Context ctx = context();
  for (const auto& [m, n] : {std::pair<index_t, index_t>{20, 11}, {11, 20}, {16, 16}, {1, 5}, {5, 1}})
    for (const double radius : {0.5, 2.0}) {
      SCOPED_TRACE(std::to_string(m) + " x " + std::to_string(n));
      satisfies_the_kkt_conditions<float>(ctx, m, n, radius);
      satisfies_the_kkt_conditions<double>(ctx, m, n, radius);
    }
}

TEST_P(ProjectNuclearBall, MayOverwriteItsArgument) {
  Context ctx = context();
  const auto z = random_matrix<double>(6, 9, 14);
  auto there = to_context(ctx, z);
  project_nuclear_ball(ctx, read(there), 2, there.view());
  EXPECT_TRUE(same_bits(to_host(there), projected_on(ctx, z, 2).m));
}

TEST_P(ProjectNuclearBall, RefusesWhatHasNoProjection) {
  Context ctx = context();
  const auto z = to_context(ctx, matrix_of<double>(1, 2, {1, std::nan("")}));
  Matrix<double> out(ctx, 1, 2), narrow(ctx, 1, 1);
  EXPECT_EQ(message_of<InvalidArgument>([&] { project_nuclear_ball(ctx, read(z), 0, out.view()); }),
            "radius is 0, expected a finite number > 0");
  EXPECT_EQ(message_of<InvalidArgument>([&] { project_nuclear_ball(ctx, read(z), -1, out.view()); }),
            "radius is -1, expected a finite number > 0");
  EXPECT_EQ(message_of<InvalidArgument>([&] { project_nuclear_ball(ctx, read(z), 1, out.view()); }),
            "in(0, 1) is nan, expected a finite number");
  EXPECT_EQ(message_of<ShapeError>([&] { project_nuclear_ball(ctx, read(z), 1, narrow.view()); }),
            "out is 1 x 1, expected 1 x 2");
}

INSTANTIATE_TEST_SUITE_P(Backends, ProjectNuclearBall, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
