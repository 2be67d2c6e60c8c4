#include "../src/polynomial.hpp"

#include "support.hpp"

namespace seesaw::test {
namespace {

using Coefficients = std::vector<double>;

/// The coefficients of (t - roots[0]) (t - roots[1]) ...
Coefficients with_roots(const Coefficients& roots) {
  Coefficients product{1};
  for (const double root : roots) {
    product.insert(product.begin(), 0);
    for (std::size_t n = 0; n + 1 < product.size(); ++n) product[n] -= root * product[n + 1];
  }
  return product;
}

/// The sign of a computed value is wrong at most where |p| is below the rounding of Horner's rule, 2 n eps sum |c t^n|,
/// and there a root that is bisected may end. Near a simple root |p| = |p'| distance.
double reach(const Coefficients& p, double root) {
  double sum = 0;
  for (std::size_t n = 0; n < p.size(); ++n) sum += std::abs(p[n]) * std::pow(std::abs(root), n);
  return 2 * static_cast<double>(p.size()) * eps<double>() * sum / std::abs(value_at(derivative(p), root));
}

void expect_roots(const Coefficients& p, const Coefficients& expected, double low, double high) {
  const Coefficients found = roots_within(p, low, high);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t n = 0; n < found.size(); ++n)
    EXPECT_NEAR(found[n], expected[n], reach(p, expected[n]) + eps<double>() * std::abs(expected[n]));
}

Polynomial line(const Coefficients& coefficients) {
  Polynomial all{};
  std::copy(coefficients.begin(), coefficients.end(), all.begin());
  return all;
}

TEST(PolynomialRoots, ValueAndDerivative) {
  const Coefficients p{5, -3, 0, 2};  // 5 - 3 t + 2 t^3
  EXPECT_EQ(value_at(p, 2), 15);
  EXPECT_EQ(derivative(p), (Coefficients{-3, 0, 6}));
  EXPECT_EQ(derivative(Coefficients{7}), Coefficients{});
  EXPECT_EQ(value_at(Coefficients{}, 3), 0);
}

TEST(PolynomialRoots, AreThoseItWasMadeFrom) {
  expect_roots(with_roots({2}), {2}, 0, 10);
  expect_roots(with_roots({-1, 4}), {-1, 4}, -10, 10);
  expect_roots(with_roots({0.25, 1, 3}), {0.25, 1, 3}, 0, 10);
  expect_roots(with_roots({-2, -0.5, 0.125, 7}), {-2, -0.5, 0.125, 7}, -10, 10);
  expect_roots(with_roots({1e-6, 1, 1e6}), {1e-6, 1, 1e6}, 0, 1e7);
}

TEST(PolynomialRoots, OnlyThoseWithin) {
  expect_roots(with_roots({-1, 4}), {4}, 0, 10);
  expect_roots(with_roots({-1, 4}), {}, 0, 3);
  expect_roots({1, 0, 1}, {}, -10, 10);  // t^2 + 1
}

// (t - 1)^2 (t - 3): the sign changes at 3 alone, but rounding, 8 eps 16 near 1, may have it change twice where
// 2 (t - 1)^2 is less. (t - 1)^3 changes its sign once, where it is less than 8 eps 8. 1/4 (t - 1)^2 is exact.
TEST(PolynomialRoots, ADoubleRootIsNoChangeOfSign) {
  const Coefficients found = roots_within(with_roots({1, 1, 3}), 0, 10);
  ASSERT_TRUE(found.size() == 1 || found.size() == 3);
  EXPECT_NEAR(found.back(), 3, reach(with_roots({1, 1, 3}), 3));
  for (std::size_t n = 0; n + 1 < found.size(); ++n) EXPECT_NEAR(found[n], 1, std::sqrt(4 * 16 * eps<double>()));
  const Coefficients triple = roots_within(with_roots({1, 1, 1}), 0, 10);
  ASSERT_EQ(triple.size(), 1u);
  EXPECT_NEAR(triple[0], 1, std::cbrt(64 * eps<double>()));
  EXPECT_EQ(roots_within(Coefficients{0.25, -0.5, 0.25}, 0, 10), Coefficients{});
  EXPECT_EQ(minimum_along(line({0.25, -0.5, 0.25})), 1) << "it is a minimum";
}

TEST(PolynomialRoots, LeadingCoefficientsOfZeroDoNotMatter) {
  expect_roots({-6, 2, 0, 0}, {3}, 0, 10);
  expect_roots({4, -5, 1, 0}, {1, 4}, 0, 10);
  EXPECT_EQ(roots_within({0, 0, 0}, 0, 10), Coefficients{});
  EXPECT_EQ(roots_within({3}, 0, 10), Coefficients{});
  EXPECT_EQ(roots_within({}, 0, 10), Coefficients{});
}

TEST(PolynomialRoots, AtTheEndsOfTheInterval) {
  EXPECT_EQ(roots_within({-2, 1}, 0, 2), Coefficients{2});
  EXPECT_EQ(roots_within({2, -1}, 2, 5), Coefficients{2});
}

// ((t - 2)^2 - 1)^2 has minima at 1 and 3; + (t - 2) / 10 makes the first one less, - (t - 2) / 10 the second.
TEST(MinimumAlong, TakesTheLesserOfTwoMinima) {
  for (const double tilt : {0.1, -0.1}) {
    const double t = minimum_along(line({9 - 2 * tilt, -24 + tilt, 22, -8, 1}));
    const Coefficients slope{-24 + tilt, 44, -24, 4};
    EXPECT_NEAR(value_at(slope, t), 0, 8 * eps<double>() * (24 + 44 * t + 24 * t * t + 4 * t * t * t));
    EXPECT_NEAR(t, tilt > 0 ? 1 : 3, 0.02);
  }
}

TEST(MinimumAlong, OfAParabola) {
  EXPECT_EQ(minimum_along(line({3, -4, 2})), 1);
  EXPECT_EQ(minimum_along(line({3, -1, 0.25, 0, 0})), 2);
  EXPECT_EQ(minimum_along(line({3, 4, 2})), 0) << "it rises from 0 on";
}

// slope (t - 1)^2 (t - 2), negative before 2: at 1 the line is flat but goes on down.
TEST(MinimumAlong, PassesAPlaceWhereItIsFlat) {
  const double t = minimum_along(line({0, -2, 2.5, -4.0 / 3, 0.25}));
  EXPECT_NEAR(t, 2, reach({-2, 5, -4, 1}, 2));
}

// Flat at 0, where only the curvature is negative: -t^2 + t^4.
TEST(MinimumAlong, LeavesASaddle) {
  EXPECT_NEAR(minimum_along(line({5, 0, -1, 0, 1})), std::sqrt(0.5), 4 * eps<double>());
}

// 10^6 - 10^-8 t + t^2 / 2 gains 5e-17 at t = 10^-8, nothing beside 10^6.
TEST(MinimumAlong, IsNotDrownedByTheConstant) { EXPECT_EQ(minimum_along(line({1e6, -1e-8, 0.5})), 1e-8); }

// A line without a minimum: nowhere to go but 0.
TEST(MinimumAlong, WithoutCurvatureIsZero) {
  EXPECT_EQ(minimum_along(line({1, -1})), 0);
  EXPECT_EQ(minimum_along(line({1})), 0);
}

// A step that takes t to 1e60 stays finite: (t / 1e60 - 1)^2.
TEST(MinimumAlong, OfALineWithLongSteps) {
  const double t = minimum_along(line({1, -2e-60, 1e-120}));
  EXPECT_NEAR(t / 1e60, 1, 2 * eps<double>());
}

TEST(AlongALine, WhatIsNotFiniteIsNoStep) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const double bad : {std::nan(""), inf, -inf})
    for (std::size_t n = 0; n < Polynomial{}.size(); ++n) {
      Polynomial spoiled = line({5, -1, 0.25, 0, 1});
      EXPECT_EQ(armijo_along(spoiled, {}), 0.5);
      spoiled[n] = bad;
      EXPECT_TRUE(std::isnan(armijo_along(spoiled, {}))) << bad << " of t^" << n;
      EXPECT_TRUE(std::isnan(minimum_along(spoiled))) << bad << " of t^" << n;
    }
}

TEST(AlongALine, ArmijoStaysWhereItGoesUp) { EXPECT_EQ(armijo_along(line({5, 1, 2}), {}), 0); }

}  // namespace
}  // namespace seesaw::test
