#include "support.hpp"

namespace seesaw::test {
namespace {

// Counter and key 0 give the words 6627e8d5 e169c58d bc57ac4c 9b00dbd8: the known answer that Random123 publishes for
// Philox4x32-10. The other value comes from an independent program.
TEST(Random, IsPhilox) {
  EXPECT_EQ(random_bits(0, 0), 0xe169c58d6627e8d5u);
  EXPECT_EQ(random_bits(7, 1), 0xcb97bc13682e8e9bu);
  EXPECT_EQ(random_bits(12345678901234567u, 98765432109876u), 0x73ba0ed710087467u);
}

TEST(Random, UniformTakesTheTopBits) {
  EXPECT_EQ(random_uniform(7, 0), 0.7501522221031127);
  EXPECT_EQ(random_uniform(0, 0), 0.8805201978886144);
}

// The quantiles of Python's statistics.NormalDist at the uniform numbers above, to a few units in the last place: the
// polynomials round differently.
TEST(Random, NormalIsTheQuantileOfTheUniform) {
  EXPECT_NEAR(random_normal(7, 0), 0.6749688500369047, 4e-16);
  EXPECT_NEAR(random_normal(0, 0), 1.1775912390542735, 1e-15);
  EXPECT_NEAR(random_normal(12345678901234567u, 98765432109876u), -0.12046407216185988, 1e-16);
}

// Mean, variance and fourth moment of 10^5 draws lie within five standard deviations (1, sqrt 2, sqrt 96 over sqrt n).
TEST(Random, NormalHasItsMoments) {
  constexpr int kDraws = 100000;
  double m1 = 0, m2 = 0, m4 = 0;
  for (std::uint64_t n = 0; n < kDraws; ++n) {
    const double z = random_normal(3, n);
    m1 += z / kDraws;
    m2 += z * z / kDraws;
    m4 += z * z * z * z / kDraws;
  }
  const double unit = 5 / std::sqrt(double{kDraws});
  EXPECT_NEAR(m1, 0, unit);
  EXPECT_NEAR(m2, 1, unit * std::sqrt(2.0));
  EXPECT_NEAR(m4, 3, unit * std::sqrt(96.0));
}

class RandomFill : public OnBackend {};

TEST_P(RandomFill, DrawsTheSameNumbersOnEveryBackend) {
  Context ctx = context();
  Matrix<float> padded(ctx, 5, 8);
  fill_normal(ctx, 42, 0.5, MatrixView<float>(padded.view().data, 5, 7, 8));
  const auto host = to_host(padded);
  for (index_t i = 0; i < 5; ++i)
    for (index_t j = 0; j < 7; ++j)
      EXPECT_EQ(host(i, j), static_cast<float>(0.5 * random_normal(42, static_cast<std::uint64_t>(i * 7 + j))));
}

// More numbers than are drawn or copied at a time, by more than one thread.
TEST_P(RandomFill, OfManyRowsDrawsTheSameNumbers) {
  Context ctx = context();
  constexpr index_t rows = 4100, cols = 1100;
  Matrix<float> matrix(ctx, rows, cols);
  fill_normal(ctx, 43, 2, matrix.view());
  const auto host = to_host(matrix);
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = i % 13; j < cols; j += 13)
      ASSERT_EQ(host(i, j), static_cast<float>(2 * random_normal(43, static_cast<std::uint64_t>(i * cols + j))))
          << i << ", " << j;
}

INSTANTIATE_TEST_SUITE_P(Backends, RandomFill, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
