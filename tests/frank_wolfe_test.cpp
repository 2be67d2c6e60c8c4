#include "convex_support.hpp"

namespace seesaw::test {
namespace {

FrankWolfeOptions ball(double radius) {
  FrankWolfeOptions own;
  own.radius = radius;
  return own;
}

class FrankWolfe : public OnBackendForward {};

// a = [2]. The atom of radius 3 leaves -1: f(g) = 1/2 (2 - 3 g)^2 is 0 at g = 2/3. That of radius 1 is the nearest
// point, and f = 1/2 the least.
TEST_P(FrankWolfe, TakesTheExactStep) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, 2}}));
  const auto wide = frank_wolfe(ctx, {ratings.view()}, convex_options(1), ball(3));
  EXPECT_NEAR(product_of(wide)(0, 0), 2, 8 * eps<double>());
  EXPECT_LE(wide.runs[0].history[0].objective, 64 * eps<double>() * eps<double>());
  const auto narrow = frank_wolfe(ctx, {ratings.view()}, convex_options(5), ball(1));
  EXPECT_NEAR(product_of(narrow)(0, 0), 1, 8 * eps<double>());
  EXPECT_NEAR(narrow.runs[0].history.back().objective, 0.5, 8 * eps<double>());
  EXPECT_LE(narrow.runs[0].history.back().gap, 64 * eps<double>());
}

// The gradient at 0 is -diag(3, 1), whose top pair is e_1: M_1 = 2 e_1 e_1' with g = 2 / 2. There it is -diag(1, 1),
// and at any pair of it g = 2 / 3.
TEST_P(FrankWolfe, TakesTheHarmonicStep) {
  Context ctx = context();
  const auto ratings = to_context(ctx, full_csr<double>(matrix_of<double>(2, 2, {3, 0, 0, 1})));
  FrankWolfeOptions own = ball(2);
  own.step = FrankWolfeStep::harmonic;
  const auto one = frank_wolfe(ctx, {ratings.view()}, convex_options(1), own);
  EXPECT_LE(largest_difference(product_of(one), matrix_of<double>(2, 2, {2, 0, 0, 0})), 32 * eps<double>());
  EXPECT_EQ(one.x.cols(), 1);
  EXPECT_NEAR(one.runs[0].history[0].objective, 1, 32 * eps<double>());
  // The minimum, as theta = 1; the bound on sigma = 1 allows (m + n + 16 k) eps |G|_F for rounding.
  EXPECT_LE(one.runs[0].history[0].gap, (2 * (2 + 2 + 16 * 2) * std::sqrt(2.0) + 64) * eps<double>());
  const auto two = product_of(frank_wolfe(ctx, {ratings.view()}, convex_options(2), own));
  EXPECT_NEAR(two(0, 0) - 2.0 / 3 + two(1, 1), 4.0 / 3, 64 * eps<double>())
      << "1/3 of the first, and 2 u'v of trace 4/3";
}

template <class T>
void certifies(Context& ctx, FrankWolfeStep step, int lanczos_steps, std::uint64_t seed) {
  const auto a = random_matrix<double>(14, 9, 41);
  const auto host = full_csr<T>(a);
  const auto ratings = to_context(ctx, host);
  CompletionOptions options = convex_options(25);
  options.seed = seed;
  for (const double radius : {2.0, 12.0, 200.0}) {
    Matrix<double> as_stored(14, 9);
    for (index_t n = 0; n < 14 * 9; ++n) as_stored.view().data[n] = static_cast<double>(host.values.data()[n]);
    const auto result = frank_wolfe(ctx, {ratings.view()}, options, {radius, step, lanczos_steps, 0.25});
    const double at_zero = objective_of(host, matrix_of<double>(14, 9, std::vector<double>(14 * 9, 0)));
    expect_certified(result.runs[0].history, least_objective(as_stored, radius), at_zero, 14 * 9);
  }
}

TEST_P(FrankWolfe, ReportsAGapThatBoundsTheDistanceFromTheMinimum) {
  Context ctx = context();
  certifies<float>(ctx, FrankWolfeStep::exact, 64, 1);
  certifies<double>(ctx, FrankWolfeStep::harmonic, 64, 1);
}

// Where the oracle may take two steps only its value is far from the largest.
TEST_P(FrankWolfe, KeepsTheOraclesErrorOutOfTheGap) {
  Context ctx = context();
  for (std::uint64_t seed = 0; seed < 5; ++seed) certifies<double>(ctx, FrankWolfeStep::exact, 2, seed);
}

// With a ball that holds a matrix which agrees with all entries the minimum is 0.
TEST_P(FrankWolfe, CertifiesAMinimumOfZero) {
  Context ctx = context();
  const auto host = noisy_csr<double>(30, 20, 2, 0.4, 51);
  const auto ratings = to_context(ctx, host);
  Matrix<double> filled = matrix_of<double>(30, 20, std::vector<double>(600, 0));
  for (index_t i = 0; i < 30; ++i)
    for (offset_t e = host.offsets.data()[i]; e < host.offsets.data()[i + 1]; ++e)
      filled(i, host.columns.data()[e]) = host.values.data()[e];
  FrankWolfeOptions own = ball(1.1 * nuclear_norm(filled));
  own.lanczos_steps = 2;
  const auto result = frank_wolfe(ctx, {ratings.view()}, convex_options(100), own);
  const auto& history = result.runs[0].history;
  const double at_zero = objective_of(host, matrix_of<double>(30, 20, std::vector<double>(600, 0)));
  expect_certified(history, 0, at_zero, ratings.values.size());
  for (const SweepRecord& record : history) EXPECT_EQ(record.gap, record.objective) << "the best bound known is f >= 0";
  for (std::size_t n = 1; n < history.size(); ++n) EXPECT_LT(history[n].objective, history[n - 1].objective);
}

TEST_P(FrankWolfe, StaysInTheBallAndKeepsTheObjectiveOfItsFactors) {
  Context ctx = context();
  const auto host = noisy_csr<double>(40, 30, 3, 0.5, 61, /*weights=*/true);
  const auto ratings = to_context(ctx, host);
  const auto result = frank_wolfe(ctx, {ratings.view()}, convex_options(50), ball(15));
  const auto m = product_of(result);
  // A sum of 50 atoms of norm radius, off by eps each, and 30 values as in svd_test.cpp.
  EXPECT_LE(nuclear_norm(m), 15 * (1 + (50 + 50 * 40 * 30) * eps<double>()));
  EXPECT_GE(nuclear_norm(m), 14) << "the ball is too small for the data";
  EXPECT_LE(result.x.cols(), 50);
  // Each sweep rounds r, |r| <= |a| + radius, by eps; the objective moves by w |r| times that.
  double sizes = 0;
  for (offset_t e = 0; e < host.values.size(); ++e)
    sizes += host.weights.data()[e] * std::pow(std::abs(host.values.data()[e]) + 15, 2);
  EXPECT_NEAR(result.runs[0].history.back().objective, objective_of(host, m), 50 * eps<double>() * sizes);
}

// Rank min(m, n) = 4 at most, so that 8 columns are held; they are recompressed many times.
TEST_P(FrankWolfe, HoldsABoundedNumberOfColumns) {
  Context ctx = context();
  const auto host = noisy_csr<double>(12, 4, 2, 0.8, 71);
  const auto ratings = to_context(ctx, host);
  const auto result = frank_wolfe(ctx, {ratings.view()}, convex_options(200), ball(8));
  EXPECT_EQ(result.runs[0].history.size(), 200u);
  EXPECT_LE(result.x.cols(), 8);
  const auto m = product_of(result);
  const double at_zero = objective_of(host, matrix_of<double>(12, 4, std::vector<double>(48, 0)));
  EXPECT_NEAR(result.runs[0].history.back().objective, objective_of(host, m), 200 * 50 * eps<double>() * at_zero);
  EXPECT_LE(nuclear_norm(m), 8 * (1 + 200 * 50 * eps<double>()));
}

TEST_P(FrankWolfe, AgreesWithProjectedGradients) {
  Context ctx = context();
  const auto ratings = to_context(ctx, noisy_csr<double>(100, 80, 5, 0.5, 1));
  CompletionOptions options = convex_options(400);
  options.stopping.gap = 1e-4;
  const auto conditional = frank_wolfe(ctx, {ratings.view()}, options, ball(22));
  const auto projected = nuclear_pgd(ctx, {ratings.view()}, options, {22, true});
  EXPECT_EQ(conditional.runs[0].stopped, StopReason::gap);
  EXPECT_EQ(projected.runs[0].stopped, StopReason::gap);
  const double f = conditional.runs[0].history.back().objective, g = projected.runs[0].history.back().objective;
  EXPECT_LE(std::abs(f - g), 1e-4 * g);
}

TEST_P(FrankWolfe, StopsByValidationAndKeepsItsBest) {
  Context ctx = context();
  const auto ratings = to_context(ctx, noisy_csr<double>(30, 20, 2, 0.5, 81));
  const auto held_out = to_context(ctx, noisy_csr<double>(30, 20, 2, 0.1, 181));  // of another matrix: it gets worse
  CompletionOptions options = convex_options(60);
  options.stopping.patience = 4;
  const auto result = frank_wolfe(ctx, {ratings.view(), held_out.view()}, options, ball(300));
  const auto& history = result.runs[0].history;
  EXPECT_EQ(result.runs[0].stopped, StopReason::validation);
  ASSERT_EQ(static_cast<int>(history.size()), result.best_sweep + 4);
  const auto& best = history[static_cast<std::size_t>(result.best_sweep - 1)];
  for (const SweepRecord& record : history) EXPECT_LE(best.validation_rmse, record.validation_rmse);
  const auto host = to_host(held_out);
  const double rmse = std::sqrt(2 * objective_of(host, product_of(result)) / static_cast<double>(host.values.size()));
  EXPECT_NEAR(rmse, best.validation_rmse, 100 * 60 * eps<double>() * best.validation_rmse);
}

// Less the mean, [3 -1; -2 0] has the singular values sqrt(7 +- 3 sqrt(5)), 3.70 and 0.54: the first step takes the
// larger away and leaves half of the smaller one's square. The sums are of numbers that add up to 14.
TEST_P(FrankWolfe, StopsByTheCallbackAndSubtractsTheMean) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(2, 2, {{0, 0, 7}, {0, 1, 3}, {1, 0, 2}, {1, 1, 4}}));
  CompletionOptions options = convex_options(50);
  options.centre = true;
  options.callback = [](int start, const SweepRecord& record) { return start == 0 && record.sweep < 3; };
  const auto result = frank_wolfe(ctx, {ratings.view()}, options, ball(4));
  EXPECT_EQ(result.mean, 4);
  EXPECT_EQ(result.runs[0].stopped, StopReason::callback);
  ASSERT_EQ(result.runs[0].history.size(), 3u);
  EXPECT_NEAR(result.runs[0].history[0].objective, (7 - 3 * std::sqrt(5.0)) / 2, 8 * 14 * eps<double>());
}

// Entries all equal to the mean: M = 0 is the minimum.
TEST_P(FrankWolfe, IsDoneAtOnceWhereNothingIsLeft) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<float>(2, 3, {{0, 0, 3}, {1, 2, 3}}));
  CompletionOptions options = convex_options(9);
  options.centre = true;
  const auto result = frank_wolfe(ctx, {ratings.view()}, options, ball(2));
  EXPECT_EQ(result.runs[0].stopped, StopReason::stationary);
  EXPECT_EQ(result.runs[0].history.size(), 1u);
  EXPECT_EQ(result.runs[0].history[0].objective, 0);
  EXPECT_TRUE(same_bits(to_host(result.x), matrix_of<float>(2, 1, {0, 0})));
}

// Rows in a slice of a larger matrix: the offsets do not begin at 0.
TEST_P(FrankWolfe, TakesASliceOfRows) {
  Context ctx = context();
  const auto all = to_context(ctx, noisy_csr<double>(20, 10, 2, 0.6, 91, /*weights=*/true));
  const auto offsets = to_host(all.offsets);
  const offset_t first = offsets.data()[8], last = offsets.data()[20];
  std::vector<offset_t> from_zero;
  for (index_t i = 8; i <= 20; ++i) from_zero.push_back(offsets.data()[i] - first);
  const auto own_offsets = to_context(ctx, from_zero.data(), 13);
  const CsrView<double> slice{
      12, 10, last - first, all.offsets.data() + 8, all.columns.data(), all.values.data(), all.weights.data()};
  const CsrView<double> copy{12,
                             10,
                             last - first,
                             own_offsets.data(),
                             all.columns.data() + first,
                             all.values.data() + first,
                             all.weights.data() + first};
  const auto a = frank_wolfe(ctx, {slice}, convex_options(12), ball(20));
  const auto b = frank_wolfe(ctx, {copy}, convex_options(12), ball(20));
  EXPECT_TRUE(same_bits(to_host(a.x), to_host(b.x)) && same_bits(to_host(a.y), to_host(b.y)));
}

// The first step, to 1.2e154 e_1 e_1', is the last good one: the second atom leaves (1.2e154, -0.75e154), whose squares
// sum to more than the largest double.
TEST_P(FrankWolfe, KeepsTheLastGoodFactorsWhereNumbersEnd) {
  Context ctx = context();
  const auto ratings = to_context(ctx, full_csr<double>(matrix_of<double>(2, 2, {1.2e154, 0, 0, 0.5e154})));
  try {
    frank_wolfe(ctx, {ratings.view()}, convex_options(9), ball(1.25e154));
    FAIL() << "threw nothing";
  } catch (const Diverged<double>& error) {
    EXPECT_EQ(std::string(error.what()).find("frank_wolfe() diverged: the objective is not finite after sweep 2"), 0u);
    ASSERT_EQ(error.result->runs[0].history.size(), 1u);
    EXPECT_EQ(error.result->best_sweep, 1);
    const auto m = product_of(*error.result);
    EXPECT_NEAR(m(0, 0), 1.2e154, 1e154 * 32 * eps<double>());
    EXPECT_NEAR(m(1, 1), 0, 1e154 * 32 * eps<double>());
  }
}

// The harmonic first step goes all the way to the atom, 1e4 e_1 e_1': 1/2 (1e4 - 1)^2 is more than 1e6 times 1/2.
TEST_P(FrankWolfe, SaysWhereItHasGrown) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, 1}}));
  FrankWolfeOptions own = ball(1e4);
  own.step = FrankWolfeStep::harmonic;
  EXPECT_EQ(message_of<Diverged<double>>([&] { frank_wolfe(ctx, {ratings.view()}, convex_options(3), own); }),
            "frank_wolfe() diverged: the objective is more than 1e6 times its start after sweep 1; a smaller radius or "
            "exact steps keep it down");
}

TEST_P(FrankWolfe, RefusesWhatIsNoProblem) {
  Context ctx = context();
  refuses_what_is_no_problem(ctx, "frank_wolfe",
                             [](Context& on, const CompletionProblem<float>& problem, const CompletionOptions& options,
                                double radius) { return frank_wolfe(on, problem, options, ball(radius)); });
  const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, 2}}));
  const auto message = [&](const FrankWolfeOptions& own) {
    return message_of<InvalidArgument>([&] { frank_wolfe(ctx, {ratings.view()}, convex_options(1), own); });
  };
  EXPECT_EQ(message({1, FrankWolfeStep::exact, 1, 0.25}), "lanczos_steps is 1, expected at least 2");
  for (const double accuracy : {0.0, 1.5, -1.0})
    EXPECT_NE(message({1, FrankWolfeStep::exact, 8, accuracy}).find("expected more than 0 and at most 1"),
              std::string::npos);
  EXPECT_EQ(message({}), "radius is 0, expected a finite number > 0");
}

TEST_P(FrankWolfe, SaysBeforeItBeginsWhatDoesNotFit) {
  Context ctx = context();
  const index_t most = 0x7fffffff;
  const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, 2}}));
  CompletionOptions options = convex_options(2000000000);
  const CsrView<double> huge{most,   most, 1, ratings.offsets.data(), ratings.columns.data(), ratings.values.data(),
                             nullptr};
  const auto message = message_of<OutOfMemory>([&] { frank_wolfe(ctx, {huge}, options, ball(1)); });
  EXPECT_NE(message.find("frank_wolfe() would take about"), std::string::npos) << message;
  EXPECT_NE(message.find("fewer sweeps"), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(Backends, FrankWolfe, all_backends(), backend_name);

TEST(FrankWolfeOnCpu, HasTheSameBitsForAnyNumberOfThreads) {
  const auto ratings = noisy_csr<double>(300, 200, 3, 0.6, 5);  // some blocks of entries
  Context one = Context::cpu(1);
  const auto first = frank_wolfe(one, {ratings.view()}, convex_options(4), ball(200));
  for (const int threads : {2, 5}) {
    Context ctx = Context::cpu(threads);
    const auto result = frank_wolfe(ctx, {ratings.view()}, convex_options(4), ball(200));
    EXPECT_TRUE(same_bits(result.x, first.x) && same_bits(result.y, first.y)) << threads;
    EXPECT_EQ(result.runs[0].history.back().gap, first.runs[0].history.back().gap) << threads;
  }
}

// A dense matrix of this shape would take 894 GiB.
TEST(FrankWolfeOnCpu, NeverFormsTheMatrix) {
  Context ctx = Context::cpu(2);
  std::vector<Entry> entries;
  for (int n = 0; n < 200; ++n)
    entries.push_back({static_cast<column_t>(n * 15485863LL % 400000), static_cast<column_t>(n * 32452843LL % 300000),
                       random_normal(5, static_cast<std::uint64_t>(n))});
  const auto ratings = csr_of<double>(400000, 300000, entries);
  FrankWolfeOptions own = ball(1);
  own.lanczos_steps = 4;
  const auto result = frank_wolfe(ctx, {ratings.view()}, convex_options(2), own);
  EXPECT_EQ(result.runs[0].history.size(), 2u);
}

// Where the minimum has a higher rank, and conditional gradients take some 1000 sweeps.
TEST(FrankWolfeOnCpu, AgreesWithProjectedGradientsInALargerBall) {
  Context ctx = Context::cpu(1);
  const auto ratings = noisy_csr<double>(100, 80, 5, 0.5, 1);
  CompletionOptions options = convex_options(3000);
  options.stopping.gap = 1e-4;
  const double f = frank_wolfe(ctx, {ratings.view()}, options, ball(45)).runs[0].history.back().objective;
  const double g = nuclear_pgd(ctx, {ratings.view()}, options, {45, true}).runs[0].history.back().objective;
  EXPECT_LE(std::abs(f - g), 1e-4 * g);
}

}  // namespace
}  // namespace seesaw::test
