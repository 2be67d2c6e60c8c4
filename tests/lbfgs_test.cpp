#include <utility>

#include "descent_support.hpp"

namespace seesaw::test {
namespace {

class Lbfgs : public OnBackendForward {
 protected:
  std::vector<Point> path(const PlainObjective& problem, int sweeps, std::uint64_t seed,
                          const LbfgsOptions& own) const {
    Context ctx = context(1);
    return path_of(ctx, problem, sweeps, seed,
                   [&](const auto& p, const CompletionOptions& options) { return lbfgs(ctx, p, options, own); });
  }
};

/// The inverse Hessian of BFGS as a dense matrix: H <- (I - s y' / s.y) H (I - y s' / s.y) + s s' / s.y for each pair,
/// the oldest first, from the newest's s.y / y.y I.
class DenseInverse {
 public:
  DenseInverse(std::size_t size, const std::vector<std::pair<Point, Point>>& pairs) : rows_(size, Point(size, 0.0)) {
    const double scale = dot(pairs.back().first, pairs.back().second) / dot(pairs.back().second, pairs.back().second);
    for (std::size_t i = 0; i < size; ++i) rows_[i][i] = scale;
    for (const auto& [s, y] : pairs) {
      const double product = dot(s, y);
      const Point hy = times(y);
      const double yhy = dot(y, hy);
      for (std::size_t i = 0; i < size; ++i)
        for (std::size_t j = 0; j < size; ++j)
          rows_[i][j] += (1 + yhy / product) * s[i] * s[j] / product - (hy[i] * s[j] + s[i] * hy[j]) / product;
    }
  }
  Point times(const Point& v) const {
    Point product;
    for (const Point& row : rows_) product.push_back(dot(row, v));
    return product;
  }

 private:
  std::vector<Point> rows_;
};

/// Goes along a path and checks each step's direction against the dense inverse of the last `history` pairs whose
/// curvature is more than rounding. Returns how many pairs without any came to a history that was full, and were
/// followed by another step.
int expect_directions(const PlainObjective& problem, const std::vector<Point>& points, int history) {
  std::vector<std::pair<Point, Point>> pairs;
  int skipped = 0;
  for (std::size_t n = 0; n + 1 < points.size(); ++n) {
    const Point step = difference(points[n + 1], points[n]);
    Point downhill = problem.gradient(points[n]);
    if (!pairs.empty()) downhill = DenseInverse(step.size(), pairs).times(downhill);
    for (double& element : downhill) element = -element;
    // Both are sums and products of a few hundred terms; a pair's rounding is eps |z| / |s|, and 1 / cos(s, y) of it
    // comes into H: below 1e-9 while steps are longer than 1e-4 and the angles' cosines more than 1e-2.
    EXPECT_LE(off_direction(step, downhill), 1e-9) << "sweep " << n;
    const Point change = difference(problem.gradient(points[n + 1]), problem.gradient(points[n]));
    if (dot(step, change) > std::sqrt(eps<double>() * dot(step, step) * dot(change, change))) {
      pairs.emplace_back(step, change);
      if (pairs.size() > static_cast<std::size_t>(history)) pairs.erase(pairs.begin());
    } else {
      if (pairs.size() < static_cast<std::size_t>(history)) continue;
      pairs.erase(pairs.begin());  // it was written over the oldest
      if (n + 2 < points.size()) ++skipped;
    }
  }
  return skipped;
}

PlainObjective small_problem() { return {5, 4, 2, normal_entries(5, 4, 0.8, 3), 0.2}; }

// The first step goes along -g to the minimum there, as gradient descent does: see its test.
TEST_P(Lbfgs, TheFirstStepIsExact) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, 2}}));
  const auto one = to_context(ctx, matrix_of<double>(1, 1, {1}));
  const PlainObjective problem{1, 1, 1, {}, 0};
  for (const LbfgsSearch search : {LbfgsSearch::exact, LbfgsSearch::wolfe, LbfgsSearch::armijo}) {
    LbfgsOptions own;
    own.search = search;
    const auto result = lbfgs(ctx, {ratings.view(), {}, read(one), read(one)}, problem.options(1), own);
    EXPECT_NEAR(to_host(result.x)(0, 0), std::sqrt(2.0), 1e-15);
    EXPECT_NEAR(to_host(result.y)(0, 0), std::sqrt(2.0), 1e-15);
  }
}

TEST_P(Lbfgs, GoesWhereTheDenseInverseGoes) {
  const PlainObjective problem = small_problem();
  for (const LbfgsSearch search : {LbfgsSearch::exact, LbfgsSearch::wolfe})
    for (const int history : {1, 3, 20}) {
      LbfgsOptions own;
      own.history = history;
      own.search = search;
      expect_directions(problem, path(problem, 8, 7, own), history);
    }
}

// With the exact search the slope is 0 where a step ends.
TEST_P(Lbfgs, TheExactSearchEndsWhereTheLineIsFlat) {
  const PlainObjective problem = small_problem();
  LbfgsOptions own;
  own.search = LbfgsSearch::exact;
  const auto points = path(problem, 8, 7, own);
  for (std::size_t n = 0; n + 1 < points.size(); ++n) {
    const Point step = difference(points[n + 1], points[n]), before = problem.gradient(points[n]);
    // Rounding of the gradient's sums, 16 entries of size below 10, along the step.
    EXPECT_NEAR(dot(problem.gradient(points[n + 1]), step), 0, 160 * eps<double>() * 10 * std::sqrt(dot(step, step)));
    EXPECT_LT(dot(before, step), 0);
  }
}

// From the second sweep on: the conditions, at the points themselves; and most steps are -H g, not cut.
TEST_P(Lbfgs, StepsSatisfyTheStrongWolfeConditions) {
  const PlainObjective problem = small_problem();
  for (const double curvature : {0.9, 0.1}) {
    LbfgsOptions own;
    own.search = LbfgsSearch::wolfe;
    own.curvature = curvature;
    const auto points = path(problem, 12, 7, own);
    for (std::size_t n = 1; n + 1 < points.size(); ++n) {
      const Point step = difference(points[n + 1], points[n]);
      const double slope = dot(problem.gradient(points[n]), step);
      EXPECT_LT(slope, 0);
      EXPECT_LE(problem.value(points[n + 1]), problem.value(points[n]) + own.decrease * slope);
      EXPECT_LE(std::abs(dot(problem.gradient(points[n + 1]), step)), curvature * std::abs(slope) * (1 + 1e-6));
    }
  }
}

TEST_P(Lbfgs, WolfeTakesTheWholeStepWhereItDoes) {
  const PlainObjective problem = small_problem();
  LbfgsOptions own;
  own.search = LbfgsSearch::wolfe;
  const auto points = path(problem, 2, 7, own);
  const Point s = difference(points[1], points[0]);
  const Point y = difference(problem.gradient(points[1]), problem.gradient(points[0]));
  const Point whole = DenseInverse(s.size(), {{s, y}}).times(problem.gradient(points[1]));
  const Point second = difference(points[2], points[1]);
  for (std::size_t n = 0; n < s.size(); ++n) EXPECT_NEAR(second[n], -whole[n], 1e-12);
}

TEST_P(Lbfgs, ArmijoStepsDecreaseEnough) {
  const PlainObjective problem = small_problem();
  LbfgsOptions own;
  own.search = LbfgsSearch::armijo;
  own.decrease = 0.3;
  const auto points = path(problem, 12, 7, own);
  for (std::size_t n = 1; n + 1 < points.size(); ++n) {
    const Point step = difference(points[n + 1], points[n]);
    EXPECT_LE(problem.value(points[n + 1]),
              problem.value(points[n]) + own.decrease * dot(problem.gradient(points[n]), step));
  }
}

// Backtracking does not ask for curvature, and near the saddle at 0 there are pairs without: they are left out.
TEST_P(Lbfgs, PairsWithoutCurvatureAreLeftOut) {
  LbfgsOptions own;
  own.search = LbfgsSearch::armijo;
  own.history = 2;
  int skipped = 0;
  for (std::uint64_t seed = 0; seed < 40 && skipped == 0; ++seed) {
    const PlainObjective problem{4, 3, 1, normal_entries(4, 3, 1, 50 + seed), 0.01};
    skipped += expect_directions(problem, path(problem, 8, seed, own), own.history);
  }
  EXPECT_GT(skipped, 0) << "no start came by such a pair";
}

// The residuals 1e150 and -1e150 have a finite objective, but along -g, which goes 1e159 in x, the slope is infinity
// less infinity: the run has not come to rest, it has diverged.
TEST_P(Lbfgs, ALineThatIsNotFiniteIsDivergence) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(1, 2, {{0, 0, 1e150}, {0, 1, -1e150}}));
  const auto x = to_context(ctx, matrix_of<double>(1, 1, {1e5})),
             y = to_context(ctx, matrix_of<double>(2, 1, {1e10, 9e9}));
  const PlainObjective problem{1, 2, 1, {}, 0};
  for (const LbfgsSearch search : {LbfgsSearch::exact, LbfgsSearch::wolfe, LbfgsSearch::armijo}) {
    LbfgsOptions own;
    own.search = search;
    EXPECT_EQ(message_of<Diverged<double>>([&] {
                lbfgs(ctx, {ratings.view(), {}, read(y), read(x)}, problem.options(3), own);
              }),
              "lbfgs() diverged: from the seed 0 the objective is not finite after sweep 1, as numbers exceed what "
              "double holds; smaller ratings or a smaller start keep them within it");
  }
}

// Rank 4 of 6 x 4, lambda 1: that many columns make the objective that of the nuclear norm, sum of singular values,
// which is convex: every local minimum has the same value (Burer, Monteiro).
TEST_P(Lbfgs, ReachesWhatAlsReaches) {
  Context ctx = context();
  const PlainObjective problem{6, 4, 4, normal_entries(6, 4, 0.9, 21), 1};
  const auto ratings = to_context(ctx, csr_of<double>(6, 4, problem.entries));
  CompletionOptions options = problem.options(100);
  const double least = als(ctx, {ratings.view()}, options).runs[0].history.back().objective;
  options.stopping.gradient_norm = 1e-8;
  for (const LbfgsSearch search : {LbfgsSearch::exact, LbfgsSearch::wolfe, LbfgsSearch::armijo}) {
    LbfgsOptions own;
    own.search = search;
    const auto result = lbfgs(ctx, {ratings.view()}, options, own);
    EXPECT_EQ(result.runs[0].stopped, StopReason::gradient_norm);
    const Point gradient = problem.gradient(point_of(result));
    EXPECT_LE(std::sqrt(dot(gradient, gradient)), 1.001e-8);
    // Both within their gradient's square over the least curvature, and 24 terms' rounding.
    EXPECT_NEAR(result.runs[0].history.back().objective, least, 1e-12 * least);
  }
}

TEST_P(Lbfgs, RepeatsItselfFromEachStart) {
  Context ctx = context();
  const PlainObjective problem = small_problem();
  const auto ratings = to_context(ctx, csr_of<double>(5, 4, problem.entries));
  CompletionOptions options = problem.options(6);
  options.seed = 4;
  const auto alone = lbfgs(ctx, {ratings.view()}, options);
  options.seed = 3;
  options.restarts = 2;
  const auto second = lbfgs(ctx, {ratings.view()}, options);
  for (std::size_t n = 0; n < 6; ++n)
    EXPECT_EQ(second.runs.at(1).history.at(n).objective, alone.runs[0].history.at(n).objective)
        << "nothing is remembered from the start before";
}

TEST_P(Lbfgs, AtAMinimumItIsStationary) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, 1}}));
  const auto one = to_context(ctx, matrix_of<double>(1, 1, {1}));
  const PlainObjective problem{1, 1, 1, {}, 0};
  const auto result = lbfgs(ctx, {ratings.view(), {}, read(one), read(one)}, problem.options(9));
  EXPECT_EQ(result.runs[0].stopped, StopReason::stationary);
  EXPECT_EQ(result.runs[0].history.size(), 1u);
  EXPECT_EQ(to_host(result.x)(0, 0), 1);
}

// In float the objective comes to that in double but for the rounding of the residuals: each is off by at most
// (k + 1) eps (|a| + |x| |y|), and the objective by their sum times |r|, all of it below 10 per entry here.
TEST_P(Lbfgs, InFloatReachesTheSameObjective) {
  Context ctx = context();
  const PlainObjective problem{6, 4, 4, normal_entries(6, 4, 0.9, 21), 1};
  const auto in_float = to_context(ctx, csr_of<float>(6, 4, problem.entries));
  const auto in_double = to_context(ctx, csr_of<double>(6, 4, problem.entries));
  const auto a = lbfgs(ctx, {in_float.view()}, problem.options(100));
  const auto b = lbfgs(ctx, {in_double.view()}, problem.options(100));
  const double least = b.runs[0].history.back().objective;
  EXPECT_NEAR(problem.value(point_of(a)), least, static_cast<double>(problem.entries.size()) * 5 * 10 * eps<float>());
}

TEST(LbfgsThreads, TheSameBitsOnOneThreadAndOnTwo) {
  const auto ratings = csr_of<float>(300, 200, normal_entries(300, 200, 0.1, 2));
  const PlainObjective problem{300, 200, 6, {}, 0.1};
  Context one = Context::cpu(1), two = Context::cpu(2);
  const auto a = lbfgs(one, {ratings.view()}, problem.options(8)), b = lbfgs(two, {ratings.view()}, problem.options(8));
  EXPECT_TRUE(same_bits(a.x, b.x));
  EXPECT_TRUE(same_bits(a.y, b.y));
}

std::string refusal(void (*spoil)(LbfgsOptions&)) {
  Context ctx = Context::reference();
  const auto ratings = csr_of<double>(2, 3, {{0, 0, 1}, {1, 2, 2}});
  const PlainObjective problem{2, 3, 1, {}, 0};
  LbfgsOptions own;
  spoil(own);
  return message_of<InvalidArgument>([&] { lbfgs(ctx, {ratings.view()}, problem.options(1), own); });
}

TEST(LbfgsErrors, OptionsOutOfRange) {
  using Own = LbfgsOptions;
  EXPECT_EQ(refusal([](Own& o) { o.history = 0; }), "history is 0, expected at least 1");
  EXPECT_EQ(refusal([](Own& o) { o.decrease = 0; }), "decrease is 0, expected a number between 0 and 1");
  EXPECT_NE(refusal([](Own& o) { o.decrease = 1; }).find("decrease is 1"), std::string::npos);
  EXPECT_NE(refusal([](Own& o) { o.decrease = std::nan(""); }).find("decrease is nan"), std::string::npos);
  EXPECT_EQ(refusal([](Own& o) { o.curvature = 1; }), "curvature is 1, expected a number between decrease and 1");
  EXPECT_NE(refusal([](Own& o) { o.curvature = 1e-5; }).find("curvature is 1e-05"), std::string::npos);
  EXPECT_NE(refusal([](Own& o) { o.curvature = std::nan(""); }).find("curvature is nan"), std::string::npos);
}

TEST(LbfgsErrors, AHistoryThatDoesNotFit) {
  Context ctx = Context::cpu();
  const auto ratings = csr_of<double>(2, 3, {{0, 0, 1}, {1, 2, 2}});
  const PlainObjective problem{2, 3, 1, {}, 0};
  CompletionOptions options = problem.options(2000000000);
  options.stopping.gradient_norm = 1e300;
  LbfgsOptions own;
  own.history = 2000000000;
  const std::string message = message_of<OutOfMemory>([&] { lbfgs(ctx, {ratings.view()}, options, own); });
  EXPECT_NE(message.find("lbfgs() would take about"), std::string::npos) << message;
}

TEST(LbfgsErrors, Problems) {
  Context ctx = Context::reference();
  const auto ratings = csr_of<double>(2, 3, {{0, 0, 1}, {1, 2, 2}});
  const PlainObjective problem{2, 3, 1, {}, 0};
  CompletionOptions options = problem.options(1);
  options.rank = 3;
  EXPECT_EQ(message_of<InvalidArgument>([&] { lbfgs(ctx, {ratings.view()}, options); }),
            "rank is 3, expected at most 2, as ratings is 2 x 3");
  options.rank = 1;
  options.implicit = ImplicitFeedback{};
  EXPECT_EQ(message_of<InvalidArgument>([&] { lbfgs(ctx, {ratings.view()}, options); }),
            "lbfgs() takes explicit ratings; als() takes implicit ones");
}

INSTANTIATE_TEST_SUITE_P(Backends, Lbfgs, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
