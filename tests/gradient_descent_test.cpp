#include <map>

#include "descent_support.hpp"

namespace seesaw::test {
namespace {

class GradientDescent : public OnBackendForward {
 protected:
  /// One entry, x and y of one element, no penalty: f = 1/2 (a - x y)^2. Returns x, y and the objective.
  struct Scalar {
    double x, y, objective;
  };
  Scalar scalar(double a, int sweeps, const GradientDescentOptions& own) const {
    Context ctx = context();
    const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, a}}));
    const auto one = to_context(ctx, matrix_of<double>(1, 1, {1}));
    const PlainObjective problem{1, 1, 1, {}, 0};
    const auto result = gradient_descent(ctx, {ratings.view(), {}, read(one), read(one)}, problem.options(sweeps), own);
    return {to_host(result.x)(0, 0), to_host(result.y)(0, 0), result.runs[0].history.back().objective};
  }
};

GradientDescentOptions rule(GradientStep step, Moves moves = Moves::together) {
  GradientDescentOptions own;
  own.rule = step;
  own.moves = moves;
  own.step = 0.25;
  return own;
}

// a = 2, x = y = 1: the gradient is (-1, -1), along which f = 1/2 (2 - (1 + t)^2)^2 is least where (1 + t)^2 = 2.
TEST_P(GradientDescent, TakesTheExactStep) {
  const Scalar at = scalar(2, 1, rule(GradientStep::exact));
  EXPECT_NEAR(at.x, std::sqrt(2.0), 1e-15);
  EXPECT_NEAR(at.y, std::sqrt(2.0), 1e-15);
  EXPECT_LE(at.objective, 1e-30);
}

// X alone: 1/2 (4 - x)^2 is least at 4; then nothing is left for Y.
TEST_P(GradientDescent, TakesTheExactStepOfOneSide) {
  const Scalar at = scalar(4, 1, rule(GradientStep::exact, Moves::alternating));
  EXPECT_EQ(at.x, 4);
  EXPECT_EQ(at.y, 1);
  EXPECT_EQ(at.objective, 0);
}

// The gradient at x = y = z is -(2 - z^2) z: -1 at 1, -0.546875 at 1.25.
TEST_P(GradientDescent, TakesFixedSteps) {
  const GradientDescentOptions own = rule(GradientStep::fixed);
  EXPECT_EQ(scalar(2, 1, own).x, 1.25);
  EXPECT_EQ(scalar(2, 1, own).objective, 0.5 * 0.4375 * 0.4375);
  EXPECT_EQ(scalar(2, 2, own).x, 1.25 + 0.25 * 0.546875);
  EXPECT_EQ(scalar(2, 2, own).y, 1.25 + 0.25 * 0.546875);
}

// Y's gradient is that at the new X: -(2 - 1.25) 1.25.
TEST_P(GradientDescent, AlternatesSides) {
  const Scalar at = scalar(2, 1, rule(GradientStep::fixed, Moves::alternating));
  EXPECT_EQ(at.x, 1.25);
  EXPECT_EQ(at.y, 1 + 0.25 * 0.75 * 1.25);
}

TEST_P(GradientDescent, StepsDecay) {
  GradientDescentOptions own = rule(GradientStep::inverse);
  own.decay = 1;
  EXPECT_EQ(scalar(2, 1, own).x, 1.25);
  EXPECT_EQ(scalar(2, 2, own).x, 1.25 + 0.25 / 2 * 0.546875);
  own = rule(GradientStep::geometric);
  own.decay = 0.75;
  EXPECT_EQ(scalar(2, 1, own).x, 1.25);
  EXPECT_EQ(scalar(2, 2, own).x, 1.25 + 0.25 * 0.25 * 0.546875);
}

// t = 1 takes both to 2, where f is 2 and not below 1/2; t = 1/2 to 1.5 and 1/32. With a decrease of 0.96 that is too
// much, as 1/2 - 0.96 < 0; 1/4 (0.0957, not below 1/2 - 0.48) and 1/8 (0.2697, 1/2 - 0.24) too; 1/16 has 0.3794 < 0.38.
TEST_P(GradientDescent, Backtracks) {
  GradientDescentOptions own = rule(GradientStep::armijo);
  EXPECT_EQ(scalar(2, 1, own).x, 1.5);
  own.armijo.decrease = 0.96;
  EXPECT_EQ(scalar(2, 1, own).x, 1 + 1.0 / 16);
  own.armijo = {};
  own.armijo.step = 0.3;
  EXPECT_EQ(scalar(2, 1, own).x, 1.3);
}

// Entries (0,0) = 3 with weight 2, (0,1) = 1, (1,0) = 2, x = (1, 1), y = (1, 2), lambda 1/2 by count. L of X:
// max(1/2 2 + 2 1 + 4, 1/2 + 1) = 7, its gradient -(2 2 1 - 1 2) + 1 = -1 and -(1 1) + 1/2 = -1/2.
TEST_P(GradientDescent, TakesTheLipschitzStep) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(2, 2, {{0, 0, 3, 2}, {0, 1, 1, 1}, {1, 0, 2, 1}}, true));
  const auto x = to_context(ctx, matrix_of<double>(2, 1, {1, 1}));
  const auto y = to_context(ctx, matrix_of<double>(2, 1, {1, 2}));
  CompletionOptions options;
  options.rank = 1;
  options.lambda_x = options.lambda_y = 0.5;
  options.centre = false;
  options.stopping.sweeps = 1;
  const auto result = gradient_descent(ctx, {ratings.view(), {}, read(y), read(x)}, options,
                                       rule(GradientStep::lipschitz, Moves::alternating));
  const double x_0 = 8.0 / 7, x_1 = 15.0 / 14;
  EXPECT_NEAR(to_host(result.x)(0, 0), x_0, 4 * eps<double>());
  EXPECT_NEAR(to_host(result.x)(1, 0), x_1, 4 * eps<double>());
  const double bound = 0.5 * 2 + 2 * x_0 * x_0 + x_1 * x_1;  // the other column has 1/2 + x_0^2
  const double g_0 = 0.5 * 2 * 1 - 2 * (3 - x_0) * x_0 - (2 - x_1) * x_1, g_1 = 0.5 * 2 - (1 - 2 * x_0) * x_0;
  EXPECT_NEAR(to_host(result.y)(0, 0), 1 - g_0 / bound, 16 * eps<double>());
  EXPECT_NEAR(to_host(result.y)(1, 0), 2 - g_1 / bound, 16 * eps<double>());
}

// One step of X, at sizes on both sides of a block of rows: all rows by 1 / max_i (lambda + sum |y_j|^2).
TEST_P(GradientDescent, TheLipschitzStepIsThatOfPlainLoops) {
  const PlainObjective problem{70, 130, 5, normal_entries(70, 130, 0.3, 3), 0.5};
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(70, 130, problem.entries));
  const auto x = random_matrix<double>(70, 5, 1), y = random_matrix<double>(130, 5, 2);
  Point start;
  for (const auto* factor : {&x, &y})
    start.insert(start.end(), factor->view().data, factor->view().data + factor->rows() * factor->cols());
  std::vector<double> bounds(70, problem.lambda);
  for (const Entry& e : problem.entries)
    for (index_t f = 0; f < 5; ++f) bounds[static_cast<std::size_t>(e.row)] += y(e.col, f) * y(e.col, f);
  const double bound = *std::max_element(bounds.begin(), bounds.end());
  const Point gradient = problem.gradient(start);
  const auto x_ctx = to_context(ctx, x), y_ctx = to_context(ctx, y);
  const auto result = gradient_descent(ctx, {ratings.view(), {}, read(y_ctx), read(x_ctx)}, problem.options(1),
                                       rule(GradientStep::lipschitz, Moves::alternating));
  const Point found = point_of(result);
  // A gradient of some 60 terms of size about |r| |y| < 50 and its quotient by L > 50.
  for (std::size_t n = 0; n < 70 * 5; ++n)
    EXPECT_NEAR(found[n], start[n] - gradient[n] / bound, 100 * eps<double>() * (1 + std::abs(start[n])));
}

// s = 1/4, beta = 1/2. Heavy ball: v = 1/4, z = 1.25, then v = 1/8 + 0.546875 / 4. Nesterov: v = 1/4, z = 1 + 1/8 + 1/4
// = 1.375, where the gradient is -0.150390625; then v = 1/8 + that / 4, z + v / 2 + that / 4.
TEST_P(GradientDescent, TwoStepsWithMomentum) {
  GradientDescentOptions own = rule(GradientStep::fixed);
  own.beta = 0.5;
  own.momentum = Momentum::heavy_ball;
  EXPECT_EQ(scalar(2, 1, own).x, 1.25);
  EXPECT_EQ(scalar(2, 2, own).x, 1.25 + 0.125 + 0.546875 / 4);
  EXPECT_EQ(scalar(2, 2, own).y, scalar(2, 2, own).x);
  own.momentum = Momentum::nesterov;
  EXPECT_EQ(scalar(2, 1, own).x, 1.375);
  const double push = 0.150390625 / 4;
  EXPECT_EQ(scalar(2, 2, own).x, 1.375 + (0.125 + push) / 2 + push);
}

// Heavy ball's third step: z is past sqrt(2), the gradient points back, the momentum still on.
TEST_P(GradientDescent, MomentumThatPointsUphillIsDropped) {
  GradientDescentOptions own = rule(GradientStep::fixed);
  own.momentum = Momentum::heavy_ball;
  own.beta = 0.5;
  const double velocity = 0.125 + 0.546875 / 4, z = 1.25 + velocity, gradient = (z * z - 2) * z;
  ASSERT_GT(gradient * (velocity / 2 - gradient / 4), 0);
  EXPECT_NEAR(scalar(2, 3, own).x, z - gradient / 4, 4 * eps<double>());
  own.restart = false;
  EXPECT_NEAR(scalar(2, 3, own).x, z + velocity / 2 - gradient / 4, 4 * eps<double>());
}

// Each side has a momentum of its own.
TEST_P(GradientDescent, MomentumOfEachSide) {
  GradientDescentOptions own = rule(GradientStep::fixed, Moves::alternating);
  own.momentum = Momentum::heavy_ball;
  own.restart = false;
  own.beta = 0.5;
  double x = 1, y = 1, of_x = 0, of_y = 0;
  for (int sweep = 0; sweep < 3; ++sweep) {
    x += of_x = of_x / 2 + 0.25 * (2 - x * y) * y;
    y += of_y = of_y / 2 + 0.25 * (2 - x * y) * x;
  }
  EXPECT_NEAR(scalar(2, 3, own).x, x, 8 * eps<double>());
  EXPECT_NEAR(scalar(2, 3, own).y, y, 8 * eps<double>());
}

// The second step goes along u = -g_1 - beta g_0 (heavy ball), or along beta u - g_1, to where the line is flat. There
// is no restart, as g_1.g_0 = 0 where the first line was flat.
TEST_P(GradientDescent, MomentumIsSearchedAlong) {
  Context ctx = context(1);
  const PlainObjective problem{5, 4, 2, normal_entries(5, 4, 0.8, 3), 0.2};
  for (const Momentum momentum : {Momentum::heavy_ball, Momentum::nesterov}) {
    GradientDescentOptions own = rule(GradientStep::exact);
    own.momentum = momentum;
    own.beta = 0.5;
    const auto points = path_of(ctx, problem, 2, 7, [&](const auto& p, const CompletionOptions& options) {
      return gradient_descent(ctx, p, options, own);
    });
    const Point before = problem.gradient(points[0]), here = problem.gradient(points[1]);
    const Point step = difference(points[2], points[1]);
    Point expected;
    for (std::size_t n = 0; n < here.size(); ++n) {
      const double u = -here[n] - 0.5 * before[n];
      expected.push_back(momentum == Momentum::nesterov ? 0.5 * u - here[n] : u);
    }
    EXPECT_LE(off_direction(step, expected), 1e-13);  // sums of 16 terms
    EXPECT_NEAR(dot(problem.gradient(points[2]), step), 0, 160 * eps<double>() * 10 * std::sqrt(dot(step, step)));
  }
}

// armijo: t = 1/2 to 1.5, past the minimum, where u = -0.375 + 0.9 points uphill and is dropped though nobody asked for
// it; along -0.375 then t = 1/4 is the first that does (f is 0.27, 0.038 and 0.00025, and 0.03125 before).
TEST_P(GradientDescent, ASearchNeverGoesUphill) {
  GradientDescentOptions own = rule(GradientStep::armijo);
  own.momentum = Momentum::heavy_ball;
  own.restart = false;
  EXPECT_EQ(scalar(2, 2, own).x, 1.5 - 0.375 / 4);
}

TEST_P(GradientDescent, NothingIsRememberedFromTheStartBefore) {
  Context ctx = context(1);
  const PlainObjective problem{5, 4, 2, normal_entries(5, 4, 0.8, 3), 0.2};
  const auto ratings = to_context(ctx, csr_of<double>(5, 4, problem.entries));
  CompletionOptions options = problem.options(4);
  GradientDescentOptions own = rule(GradientStep::inverse);
  own.step = 0.05;
  own.decay = 1;
  own.momentum = Momentum::heavy_ball;
  options.seed = 4;
  const auto alone = gradient_descent(ctx, {ratings.view()}, options, own);
  options.seed = 3;
  options.restarts = 2;
  const auto second = gradient_descent(ctx, {ratings.view()}, options, own);
  for (std::size_t n = 0; n < 4; ++n)
    EXPECT_EQ(second.runs.at(1).history.at(n).objective, alone.runs[0].history.at(n).objective);
}

struct Way {
  const char* name;
  GradientDescentOptions own;
};

/// exact and armijo restart whether they are told to or not.
GradientDescentOptions with(Momentum momentum, GradientDescentOptions own) {
  own.momentum = momentum;
  own.restart = false;
  return own;
}

std::vector<Way> ways_down() {
  return {{"exact", rule(GradientStep::exact)},
          {"armijo", rule(GradientStep::armijo)},
          {"exact, alternating", rule(GradientStep::exact, Moves::alternating)},
          {"armijo, alternating", rule(GradientStep::armijo, Moves::alternating)},
          {"lipschitz, alternating", rule(GradientStep::lipschitz, Moves::alternating)},
          {"exact, heavy ball", with(Momentum::heavy_ball, rule(GradientStep::exact))},
          {"exact, nesterov", with(Momentum::nesterov, rule(GradientStep::exact))},
          {"armijo, nesterov", with(Momentum::nesterov, rule(GradientStep::armijo))},
          {"exact, heavy ball, alternating", with(Momentum::heavy_ball, rule(GradientStep::exact, Moves::alternating))},
          {"exact, nesterov, alternating", with(Momentum::nesterov, rule(GradientStep::exact, Moves::alternating))}};
}

// Rounding of the objective is that of its terms and residuals: some 30 eps times what it was at first.
TEST_P(GradientDescent, GoesDownToAStationaryPoint) {
  Context ctx = context();
  const PlainObjective problem{6, 8, 2, normal_entries(6, 8, 0.6, 5), 0.1};
  const auto ratings = to_context(ctx, csr_of<double>(6, 8, problem.entries));
  for (const Way& way : ways_down()) {
    CompletionOptions options = problem.options(4000);
    options.stopping.gradient_norm = 1e-6;
    const auto result = gradient_descent(ctx, {ratings.view()}, options, way.own);
    const auto& history = result.runs[0].history;
    EXPECT_EQ(result.runs[0].stopped, StopReason::gradient_norm) << way.name;
    for (std::size_t n = 1; n < history.size(); ++n)
      ASSERT_LE(history[n].objective, history[n - 1].objective + 30 * eps<double>() * history[0].objective) << way.name;
    const Point gradient = problem.gradient(point_of(result));
    EXPECT_LE(std::sqrt(dot(gradient, gradient)), 1.001e-6) << way.name;
    EXPECT_NEAR(history.back().objective, problem.value(point_of(result)), 30 * eps<double>() * history[0].objective);
  }
}

// In float the search ends where rounding hides the slope, and says so.
TEST_P(GradientDescent, InFloatGoesDownAsFarAsRoundingLets) {
  Context ctx = context();
  const PlainObjective problem{6, 8, 2, normal_entries(6, 8, 0.6, 5), 0.1};
  const auto ratings = to_context(ctx, csr_of<float>(6, 8, problem.entries));
  const auto result = gradient_descent(ctx, {ratings.view()}, problem.options(4000), rule(GradientStep::exact));
  const Point gradient = problem.gradient(point_of(result));
  // A sum of at most 8 products of a residual and an element, all of them of size below 3: eps of 8 9 in each element.
  EXPECT_LE(std::sqrt(dot(gradient, gradient)), 72 * eps<float>() * std::sqrt(28.0));
}

// With the momentum's restart the same point, for a problem where there is one, in fewer sweeps.
TEST_P(GradientDescent, MomentumSavesSweeps) {
  Context ctx = context();
  const PlainObjective problem{12, 9, 3, normal_entries(12, 9, 0.7, 11), 0.05};
  const auto ratings = to_context(ctx, csr_of<double>(12, 9, problem.entries));
  CompletionOptions options = problem.options(20000);
  options.stopping.gradient_norm = 1e-5;
  GradientDescentOptions own = rule(GradientStep::fixed);
  own.step = 0.02;
  std::map<Momentum, std::size_t> sweeps;
  for (const Momentum momentum : {Momentum::none, Momentum::heavy_ball, Momentum::nesterov}) {
    own.momentum = momentum;
    const auto result = gradient_descent(ctx, {ratings.view()}, options, own);
    EXPECT_EQ(result.runs[0].stopped, StopReason::gradient_norm);
    sweeps[momentum] = result.runs[0].history.size();
  }
  EXPECT_LT(2 * sweeps[Momentum::heavy_ball], sweeps[Momentum::none]);
  EXPECT_LT(2 * sweeps[Momentum::nesterov], sweeps[Momentum::none]);
}

// At an exact fit the gradient is 0; nothing is lower.
TEST_P(GradientDescent, AtAMinimumItIsStationary) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, 1}}));
  const auto one = to_context(ctx, matrix_of<double>(1, 1, {1}));
  const PlainObjective problem{1, 1, 1, {}, 0};
  for (const Way& way : ways_down()) {
    if (way.own.rule == GradientStep::lipschitz) continue;  // does not search
    const auto result = gradient_descent(ctx, {ratings.view(), {}, read(one), read(one)}, problem.options(9), way.own);
    EXPECT_EQ(result.runs[0].stopped, StopReason::stationary) << way.name;
    EXPECT_EQ(result.runs[0].history.size(), 1u);
    EXPECT_EQ(to_host(result.x)(0, 0), 1);
  }
}

// With Y = 0 and no penalty L and X's gradient are 0: X stays, and then Y moves.
TEST_P(GradientDescent, ASideThatIsZeroDoesNotDivideByIt) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, 3}}));
  const auto one = to_context(ctx, matrix_of<double>(1, 1, {1})), zero = to_context(ctx, matrix_of<double>(1, 1, {0}));
  const PlainObjective problem{1, 1, 1, {}, 0};
  const auto result = gradient_descent(ctx, {ratings.view(), {}, read(zero), read(one)}, problem.options(1),
                                       rule(GradientStep::lipschitz, Moves::alternating));
  EXPECT_EQ(to_host(result.x)(0, 0), 1);
  EXPECT_EQ(to_host(result.y)(0, 0), 3);
}

TEST(GradientDescentThreads, TheSameBitsOnOneThreadAndOnTwo) {
  const auto ratings = csr_of<float>(300, 200, normal_entries(300, 200, 0.1, 2));
  const PlainObjective problem{300, 200, 6, {}, 0.1};
  Context one = Context::cpu(1), two = Context::cpu(2);
  for (const Way& way : ways_down()) {
    const auto a = gradient_descent(one, {ratings.view()}, problem.options(2), way.own);
    const auto b = gradient_descent(two, {ratings.view()}, problem.options(2), way.own);
    EXPECT_TRUE(same_bits(a.x, b.x)) << way.name;
    EXPECT_TRUE(same_bits(a.y, b.y)) << way.name;
  }
}

/// The error of a run from x = y = 1 on a = 2 that diverges.
template <class T>
Diverged<T> diverged(Context& ctx, int sweeps, const GradientDescentOptions& own) {
  const auto ratings = to_context(ctx, csr_of<T>(1, 1, {{0, 0, 2}}));
  const auto one = to_context(ctx, matrix_of<T>(1, 1, {1}));
  const PlainObjective problem{1, 1, 1, {}, 0};
  try {
    gradient_descent(ctx, {ratings.view(), {}, read(one), read(one)}, problem.options(sweeps), own);
  } catch (const Diverged<T>& error) {
    return error;
  }
  ADD_FAILURE() << "threw nothing";
  return Diverged<T>("", {});
}

// With the step 100 x = y = 101, where f is more than 10^6 times 1/2. With 10 x = y = 11, f = 7080.5, and then
// x = 11 - 10 119 11: the factors of the first sweep are the last good ones.
TEST_P(GradientDescent, DivergenceKeepsTheLastGoodFactors) {
  Context ctx = context();
  GradientDescentOptions own = rule(GradientStep::fixed);
  own.step = 100;
  const Diverged<double> at_once = diverged<double>(ctx, 5, own);
  EXPECT_EQ(to_host(at_once.result->x)(0, 0), 1);
  EXPECT_EQ(to_host(at_once.result->y)(0, 0), 1);
  EXPECT_TRUE(at_once.result->runs.at(0).history.empty());
  EXPECT_EQ(at_once.result->best_sweep, 0);
  EXPECT_EQ(
      std::string(at_once.what()),
      "gradient_descent() diverged: from the seed 0 the objective is more than 1e6 times its start after sweep 1; "
      "a smaller step, or a search for it (exact, armijo), keeps it down");

  own.step = 10;
  const Diverged<double> later = diverged<double>(ctx, 5, own);
  EXPECT_EQ(to_host(later.result->x)(0, 0), 11);
  EXPECT_EQ(to_host(later.result->y)(0, 0), 11);
  EXPECT_EQ(later.result->best_sweep, 1);
  EXPECT_EQ(later.result->runs.at(0).stopped, StopReason::diverged);
  ASSERT_EQ(later.result->runs.at(0).history.size(), 1u);
  EXPECT_EQ(later.result->runs[0].history[0].objective, 7080.5);
  EXPECT_NE(std::string(later.what()).find("after sweep 2"), std::string::npos);
}

// Beyond what float holds: infinity, and infinity less infinity.
TEST_P(GradientDescent, NumbersThatAreNotFiniteAreDivergence) {
  Context ctx = context();
  GradientDescentOptions own = rule(GradientStep::fixed);
  own.step = 1e30;
  const Diverged<float> error = diverged<float>(ctx, 5, own);
  EXPECT_EQ(to_host(error.result->x)(0, 0), 1.0f);
  EXPECT_EQ(std::string(error.what()),
            "gradient_descent() diverged: from the seed 0 the objective is not finite after sweep 1, as numbers exceed "
            "what float holds; a smaller step, or a search for it (exact, armijo), keeps it down");
}

// At x = y = 1 the objective is no double, nor is the square of the x where 1 / L leads. At x = y = 1e10 the objective
// is, but not the square of the gradient 1e160: the run has not come to rest, it has diverged.
TEST_P(GradientDescent, TellsWhatKeepsItFromDiverging) {
  Context ctx = context();
  const PlainObjective problem{1, 1, 1, {}, 0};
  const auto message = [&](double a, double from, GradientStep step, Momentum momentum) {
    const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, a}}));
    const auto start = to_context(ctx, matrix_of<double>(1, 1, {from}));
    GradientDescentOptions own = rule(step, Moves::alternating);
    own.momentum = momentum;
    return message_of<Diverged<double>>([&] {
      gradient_descent(ctx, {ratings.view(), {}, read(start), read(start)}, problem.options(3), own);
    });
  };
  const auto ends_with = [](const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
  };
  const std::string smaller = "; smaller ratings or a smaller start keep them within it";
  for (const auto step : {GradientStep::exact, GradientStep::armijo})
    EXPECT_TRUE(ends_with(message(1e150, 1e10, step, Momentum::none), smaller));
  EXPECT_TRUE(ends_with(message(1e160, 1, GradientStep::lipschitz, Momentum::none), smaller));
  EXPECT_TRUE(ends_with(message(1e160, 1, GradientStep::lipschitz, Momentum::nesterov),
                        "; less momentum or smaller ratings keep them within it"));
}

// a = 1, step 0.9: the minimum with |x| = |y| has the curvature 2 and draws such steps in, as 2 / 2 > 0.9, but from
// some starts they diverge. One that diverges does not keep the next from being the result; where all do, the error has
// the first.
TEST_P(GradientDescent, AStartThatDivergesIsPassedOver) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, 1}}));
  const PlainObjective problem{1, 1, 1, {}, 0};
  GradientDescentOptions own = rule(GradientStep::fixed);
  own.step = 0.9;
  const auto run_from = [&](std::uint64_t seed, int restarts) {
    CompletionOptions options = problem.options(300);
    options.seed = seed;
    options.restarts = restarts;
    return gradient_descent(ctx, {ratings.view()}, options, own);
  };
  const auto diverges = [&](std::uint64_t seed) {
    try {
      run_from(seed, 1);
      return false;
    } catch (const Diverged<double>&) {
      return true;
    }
  };
  std::uint64_t seed = 0;
  while (seed < 1000 && (!diverges(seed) || diverges(seed + 1))) ++seed;
  ASSERT_LT(seed, 1000u);
  const auto result = run_from(seed, 2);
  EXPECT_EQ(result.best_run, 1);
  EXPECT_EQ(result.runs[0].stopped, StopReason::diverged);
  EXPECT_EQ(point_of(result), point_of(run_from(seed + 1, 1)));

  own.step = 1e6;
  const std::string message = message_of<Diverged<double>>([&] { run_from(seed, 2); });
  EXPECT_NE(message.find("gradient_descent() diverged from each of 2 starts"), std::string::npos) << message;
}

std::string refusal(void (*spoil)(GradientDescentOptions&)) {
  Context ctx = Context::reference();
  const auto ratings = csr_of<double>(2, 3, {{0, 0, 1}, {1, 2, 2}});
  const PlainObjective problem{2, 3, 1, {}, 0};
  GradientDescentOptions own;
  spoil(own);
  return message_of<InvalidArgument>([&] { gradient_descent(ctx, {ratings.view()}, problem.options(1), own); });
}

TEST(GradientDescentErrors, OptionsOutOfRange) {
  using Own = GradientDescentOptions;
  EXPECT_EQ(refusal([](Own& o) { o.step = 0; }), "step is 0, expected a finite number > 0");
  EXPECT_NE(refusal([](Own& o) { o.step = -1; }).find("step is -1"), std::string::npos);
  EXPECT_NE(refusal([](Own& o) { o.step = std::nan(""); }).find("step is nan"), std::string::npos);
  EXPECT_NE(refusal([](Own& o) { o.step = std::numeric_limits<double>::infinity(); }).find("step is inf"),
            std::string::npos);
  EXPECT_EQ(refusal([](Own& o) { o.decay = -0.5; }), "decay is -0.5, expected a finite number >= 0");
  EXPECT_NE(refusal([](Own& o) { o.decay = std::nan(""); }).find("decay is nan"), std::string::npos);
  EXPECT_EQ(refusal([](Own& o) {
              o.rule = GradientStep::geometric;
              o.decay = 1;
            }),
            "decay is 1, expected less than 1 where geometric");
  EXPECT_EQ(refusal([](Own& o) { o.beta = 1; }), "beta is 1, expected a number from 0 to less than 1");
  EXPECT_NE(refusal([](Own& o) { o.beta = -0.1; }).find("beta is -0.1"), std::string::npos);
  EXPECT_NE(refusal([](Own& o) { o.beta = std::nan(""); }).find("beta is nan"), std::string::npos);
  EXPECT_EQ(refusal([](Own& o) { o.armijo.shrink = 1; }), "shrink is 1, expected a number between 0 and 1");
  EXPECT_NE(refusal([](Own& o) { o.rule = GradientStep::lipschitz; }).find("the rule is lipschitz and X and Y move"),
            std::string::npos);
}

// What every solver that descends refuses.
TEST(GradientDescentErrors, Problems) {
  Context ctx = Context::reference();
  const auto ratings = csr_of<double>(2, 3, {{0, 0, 1}, {1, 2, 2}});
  const auto empty = csr_of<double>(2, 3, {});
  const PlainObjective problem{2, 3, 1, {}, 0};
  const auto refused = [&](auto spoil) {
    return [&, spoil] {
      CompletionProblem<double> p{ratings.view()};
      CompletionOptions o = problem.options(1);
      spoil(p, o);
      gradient_descent(ctx, p, o);
    };
  };
  using P = CompletionProblem<double>;
  using O = CompletionOptions;
  const auto wrong = matrix_of<double>(2, 1, {1, 1}), right = matrix_of<double>(3, 1, {1, 1, 1});
  EXPECT_EQ(message_of<InvalidArgument>(refused([](P&, O& o) { o.rank = 3; })),
            "rank is 3, expected at most 2, as ratings is 2 x 3");
  EXPECT_EQ(message_of<InvalidArgument>(refused([](P&, O& o) { o.rank = 0; })), "rank is 0, expected at least 1");
  EXPECT_EQ(message_of<InvalidArgument>(refused([&](P& p, O&) { p.ratings = empty.view(); })),
            "ratings has no entries");
  EXPECT_EQ(message_of<ShapeError>(refused([&](P& p, O&) { p.y = wrong.view(); })), "y is 2 x 1, expected 3 x 1");
  EXPECT_EQ(message_of<ShapeError>(refused([&](P& p, O&) { p.x = right.view(); })), "x is 3 x 1, expected 2 x 1");
  EXPECT_EQ(message_of<InvalidArgument>(refused([](P&, O& o) { o.implicit = ImplicitFeedback{}; })),
            "gradient_descent() takes explicit ratings; als() takes implicit ones");
  EXPECT_NE(message_of<InvalidArgument>(refused([&](P& p, O& o) {
              p.x = wrong.view();
              o.restarts = 2;
            })).find("the start x is given"),
            std::string::npos);
  EXPECT_NE(message_of<InvalidArgument>(refused([](P&, O& o) { o.lambda_x = -1; })).find("lambda_x is -1"),
            std::string::npos);
  EXPECT_NE(message_of<InvalidArgument>(refused([](P&, O& o) { o.stopping.sweeps = 0; })).find("sweeps is 0"),
            std::string::npos);
  EXPECT_NE(message_of<InvalidArgument>(refused([](P&, O& o) { o.stopping.patience = 2; })).find("patience is 2"),
            std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Backends, GradientDescent, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
