#include "support.hpp"

namespace seesaw::test {
namespace {

constexpr double kGolden = 0.6180339887498949;  // what is left of the interval after each step

// |t - 1/3|: no rounding hides its minimum. The interval is at most `tolerance` long and has t and the minimum inside.
TEST(GoldenSection, FindsAKnownMinimumToTheTolerance) {
  for (const double tolerance : {0.1, 1e-3, 1e-6, 1e-12}) {
    const auto found = golden_section([](double t) { return std::abs(t - 1.0 / 3); }, -2, 5, tolerance);
    EXPECT_NEAR(found.t, 1.0 / 3, tolerance);
    EXPECT_EQ(found.value, std::abs(found.t - 1.0 / 3));
    // The first two evaluations, and one for each time that 7 is shortened: ceil(log(tolerance / 7) / log(golden)).
    EXPECT_EQ(found.evaluations, 2 + static_cast<int>(std::ceil(std::log(tolerance / 7) / std::log(kGolden))));
  }
}

// f = 1 + (t - 1/3)^2: two values at distances below d from the minimum differ by at most d^2, which rounding (a few
// eps f; three roundings in f and one in the comparison) hides where d < sqrt(4 eps).
TEST(GoldenSection, AWrongComparisonCostsNoMoreThanRounding) {
  const auto found = golden_section([](double t) { return 1 + (t - 1.0 / 3) * (t - 1.0 / 3); }, 0, 1, 0);
  EXPECT_NEAR(found.t, 1.0 / 3, 2 * std::sqrt(4 * eps<double>()));
  EXPECT_LT(found.evaluations, 200) << "rounding ends it without a tolerance";
}

TEST(GoldenSection, AMinimumAtAnEnd) {
  EXPECT_NEAR(golden_section([](double t) { return t; }, 2, 3, 1e-9).t, 2, 1e-9);
  EXPECT_NEAR(golden_section([](double t) { return -t; }, 2, 3, 1e-9).t, 3, 1e-9);
}

TEST(GoldenSection, AnIntervalShorterThanTheToleranceIsEvaluatedTwice) {
  const auto found = golden_section([](double t) { return t * t; }, -1, 1, 5);
  EXPECT_EQ(found.evaluations, 2);
  EXPECT_NEAR(std::abs(found.t), 1 - 2 * (1 - kGolden), 4 * eps<double>());
}

// A penalty of infinity is a wall; the minimum before it is found.
TEST(GoldenSection, InfinityIsAWall) {
  const auto wall = [](double t) { return t > 1 ? std::numeric_limits<double>::infinity() : -t; };
  EXPECT_NEAR(golden_section(wall, 0, 10, 1e-9).t, 1, 1e-9);
}

TEST(GoldenSection, Refuses) {
  const auto refusal = [](double low, double high, double tolerance) {
    return message_of<InvalidArgument>([&] { golden_section([](double t) { return t; }, low, high, tolerance); });
  };
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  EXPECT_NE(refusal(1, 1, 0).find("low is 1, expected"), std::string::npos);
  EXPECT_NE(refusal(2, 1, 0).find("low is 2, expected"), std::string::npos);
  EXPECT_NE(refusal(-inf, 1, 0).find("low is -inf"), std::string::npos);
  EXPECT_NE(refusal(0, inf, 0).find("low is 0, expected"), std::string::npos);
  EXPECT_NE(refusal(nan, 1, 0).find("low is nan"), std::string::npos);
  EXPECT_NE(refusal(-1e308, 1e308, 0).find("low is -1e+308"), std::string::npos);
  EXPECT_EQ(refusal(0, 1, -1), "tolerance is -1, expected at least 0");
  EXPECT_NE(refusal(0, 1, nan).find("tolerance is nan"), std::string::npos);
  EXPECT_NE(message_of<InvalidArgument>([&] {
              golden_section([&](double) { return nan; }, 0, 1, 0);
            }).find("is not a number"),
            std::string::npos);
}

// f = t^2 from 1 along -1, f_0 = 1, slope -2: (1 - t)^2 <= 1 - 2 d t. With step 4, halved: t = 4 gives 9, t = 2 gives 1
// (more than 1 - 4 d), t = 1 gives 0.
TEST(Armijo, HalvesUntilTheDecreaseIsEnough) {
  const auto f = [](double t) { return (1 - t) * (1 - t); };
  ArmijoOptions options;
  options.step = 4;
  LineMinimum found = armijo(f, 1, -2, options);
  EXPECT_EQ(found.t, 1);
  EXPECT_EQ(found.value, 0);
  EXPECT_EQ(found.evaluations, 3);

  // 0 <= 1 - 1.5 is false at t = 1; t = 1/2: 1/4 <= 1 - 0.75.
  options.decrease = 0.75;
  found = armijo(f, 1, -2, options);
  EXPECT_EQ(found.t, 0.5);
  EXPECT_EQ(found.value, 0.25);
  EXPECT_EQ(found.evaluations, 4);

  options = {};
  options.step = 5;
  options.shrink = 0.2;
  EXPECT_EQ(armijo(f, 1, -2, options).t, 1);
  EXPECT_EQ(armijo(f, 1, -2).evaluations, 1);
}

TEST(Armijo, WhatIsNotFiniteDoesNotDo) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const double bad : {std::nan(""), inf, -inf}) {
    const auto found = armijo([&](double t) { return t > 0.3 ? bad : 1 - t; }, 1, -1);
    EXPECT_EQ(found.t, 0.25);
    EXPECT_EQ(found.evaluations, 3);
  }
}

TEST(Armijo, WhereNothingIsFiniteItStays) {
  const auto found = armijo([](double) { return std::nan(""); }, 1, -1);
  EXPECT_EQ(found.t, 0);
  EXPECT_EQ(found.value, 1);
  EXPECT_EQ(found.evaluations, ArmijoOptions{}.most);
}

TEST(Armijo, WhereNoStepDoesItStays) {
  ArmijoOptions options;
  options.most = 7;
  const auto found = armijo([](double t) { return 1 + t; }, 1, -1, options);
  EXPECT_EQ(found.t, 0);
  EXPECT_EQ(found.value, 1);
  EXPECT_EQ(found.evaluations, 7);
}

TEST(Armijo, Refuses) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const auto refusal = [](double f_0, double slope, auto spoil) {
    ArmijoOptions options;
    spoil(options);
    return message_of<InvalidArgument>([&] { armijo([](double t) { return -t; }, f_0, slope, options); });
  };
  const auto nothing = [](ArmijoOptions&) {};
  EXPECT_EQ(refusal(1, 0, nothing), "slope is 0, expected a finite number < 0");
  EXPECT_NE(refusal(1, 3, nothing).find("slope is 3"), std::string::npos);
  EXPECT_NE(refusal(1, nan, nothing).find("slope is nan"), std::string::npos);
  EXPECT_NE(refusal(1, -inf, nothing).find("slope is -inf"), std::string::npos);
  EXPECT_NE(refusal(nan, -1, nothing).find("f_0 is nan"), std::string::npos);
  EXPECT_NE(refusal(inf, -1, nothing).find("f_0 is inf"), std::string::npos);
  for (const double bad : {0.0, -1.0, nan, inf})
    EXPECT_NE(refusal(1, -1, [&](ArmijoOptions& o) { o.step = bad; }).find("step is "), std::string::npos) << bad;
  for (const double bad : {0.0, 1.0, -0.5, 2.0, nan}) {
    EXPECT_NE(refusal(1, -1, [&](ArmijoOptions& o) { o.shrink = bad; }).find("shrink is "), std::string::npos) << bad;
    EXPECT_NE(refusal(1, -1, [&](ArmijoOptions& o) { o.decrease = bad; }).find("decrease is "), std::string::npos)
        << bad;
  }
  EXPECT_EQ(refusal(1, -1, [](ArmijoOptions& o) { o.most = 0; }), "most is 0, expected at least 1");
}

double bowl(std::span<const double> p) {
  double sum = 0;
  for (std::size_t d = 0; d < p.size(); ++d) {
    const double off = p[d] - static_cast<double>(d + 1);
    sum += (1 + static_cast<double>(d)) * off * off;
  }
  return sum;
}

TEST(RandomSearch, ReachesAKnownMinimum) {
  RandomSearchOptions options;
  options.trials = 4000;
  for (const std::uint64_t seed : {0u, 1u, 2u}) {
    options.seed = seed;
    const auto found = random_search(bowl, {0, 0, 0}, options);
    EXPECT_EQ(found.value, bowl(found.point));
    // Its radius follows the distance to the minimum, so that a trial in some ten helps by a part of it: a rate of
    // convergence, not a bound; 4000 trials leave no digit of 1e-6 in doubt.
    for (std::size_t d = 0; d < 3; ++d) EXPECT_NEAR(found.point[d], static_cast<double>(d + 1), 1e-6);
    EXPECT_GT(found.accepted, 0);
  }
}

TEST(RandomSearch, IsTheSameEveryTime) {
  RandomSearchOptions options;
  options.seed = 5;
  options.trials = 50;
  const auto a = random_search(bowl, {0, 0}, options), b = random_search(bowl, {0, 0}, options);
  EXPECT_EQ(a.point, b.point);
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.accepted, b.accepted);
  options.seed = 6;
  EXPECT_NE(random_search(bowl, {0, 0}, options).point, a.point);
}

// The first trial goes radius * (random_normal(seed, 0), random_normal(seed, 1)).
TEST(RandomSearch, TheFirstStepIsTheOneDrawn) {
  RandomSearchOptions options;
  options.trials = 1;
  options.radius = 0.5;
  options.seed = 9;
  const double x = 0.5 * random_normal(9, 0), y = 0.5 * random_normal(9, 1);
  const auto downhill = [&](std::span<const double> p) { return -(x * p[0] + y * p[1]); };
  const auto found = random_search(downhill, {3, 4}, options);
  EXPECT_EQ(found.point, (std::vector<double>{3 + x, 4 + y}));
  EXPECT_EQ(found.accepted, 1);
  const auto uphill = [&](std::span<const double> p) { return x * p[0] + y * p[1]; };
  EXPECT_EQ(random_search(uphill, {3, 4}, options).point, (std::vector<double>{3, 4}));
}

// Steps 1, 1.5, 2.25 long while they help.
TEST(RandomSearch, TheRadiusGrowsAndShrinks) {
  std::vector<double> tried;
  const auto record = [&](std::span<const double> p) {
    tried.push_back(p[0]);
    return tried.size() <= 3 ? -static_cast<double>(tried.size()) : 0.0;  // the start, then two trials that help
  };
  RandomSearchOptions options;
  options.trials = 4;
  random_search(record, {0}, options);
  ASSERT_EQ(tried.size(), 5u);
  EXPECT_DOUBLE_EQ(tried[1], random_normal(0, 0));
  EXPECT_DOUBLE_EQ(tried[2] - tried[1], 1.5 * random_normal(0, 1));
  EXPECT_DOUBLE_EQ(tried[3] - tried[2], 2.25 * random_normal(0, 2));
  EXPECT_DOUBLE_EQ(tried[4] - tried[2], 2.25 * 0.9 * random_normal(0, 3));
}

TEST(RandomSearch, DoesNotGoWhereFIsNotFinite) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const double bad : {std::nan(""), -inf, inf}) {
    const auto found = random_search([&](std::span<const double> p) { return p[0] == 2 ? 1.0 : bad; }, {2});
    EXPECT_EQ(found.point, std::vector<double>{2});
    EXPECT_EQ(found.value, 1);
  }
}

TEST(RandomSearch, Refuses) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const auto refusal = [](auto spoil) {
    RandomSearchOptions options;
    spoil(options);
    return message_of<InvalidArgument>([&] { random_search(bowl, {0, 0}, options); });
  };
  for (const double bad : {0.0, -1.0, inf, nan})
    EXPECT_NE(refusal([&](RandomSearchOptions& o) { o.radius = bad; }).find("radius is "), std::string::npos) << bad;
  for (const double bad : {0.5, inf, nan})
    EXPECT_NE(refusal([&](RandomSearchOptions& o) { o.grow = bad; }).find("grow is "), std::string::npos) << bad;
  for (const double bad : {0.0, 1.0, nan})
    EXPECT_NE(refusal([&](RandomSearchOptions& o) { o.shrink = bad; }).find("shrink is "), std::string::npos) << bad;
  EXPECT_EQ(refusal([](RandomSearchOptions& o) { o.trials = 0; }), "trials is 0, expected at least 1");
  EXPECT_EQ(message_of<InvalidArgument>([] { random_search(bowl, {}); }),
            "start is empty, expected at least one number");
  EXPECT_NE(message_of<InvalidArgument>([&] { random_search([&](auto) { return nan; }, {0}); }).find("f(start) is nan"),
            std::string::npos);
}

}  // namespace
}  // namespace seesaw::test
