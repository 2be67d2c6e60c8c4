#include "convex_support.hpp"

namespace seesaw::test {
namespace {

class NuclearPgd : public OnBackendForward {};

// With every entry observed the first step is the projection of A itself: diag(3, 1) and radius 2 give diag(2, 0).
TEST_P(NuclearPgd, ProjectsWhatIsFullyObserved) {
  Context ctx = context();
  const auto ratings = to_context(ctx, full_csr<double>(matrix_of<double>(2, 2, {3, 0, 0, 1})));
  const auto result = nuclear_pgd(ctx, {ratings.view()}, convex_options(1), {2, true});
  EXPECT_EQ(result.x.cols(), 1);
  EXPECT_LE(largest_difference(product_of(result), matrix_of<double>(2, 2, {2, 0, 0, 0})), 400 * eps<double>());
  EXPECT_NEAR(result.runs[0].history[0].objective, 1, 400 * eps<double>());
  EXPECT_LE(result.runs[0].history[0].gap, 1000 * eps<double>());
}

// The same with all weights 4: L = 4, and the objective is 4 times as large.
TEST_P(NuclearPgd, StepsByTheLargestWeight) {
  Context ctx = context();
  const auto ratings = to_context(ctx, full_csr<double>(matrix_of<double>(2, 2, {3, 0, 0, 1}), 4));
  const auto result = nuclear_pgd(ctx, {ratings.view()}, convex_options(1), {2, true});
  EXPECT_LE(largest_difference(product_of(result), matrix_of<double>(2, 2, {2, 0, 0, 0})), 400 * eps<double>());
  EXPECT_NEAR(result.runs[0].history[0].objective, 4, 1600 * eps<double>());
}

template <class T>
void certifies(Context& ctx, bool accelerated) {
  const auto a = random_matrix<double>(14, 9, 41);
  const auto host = full_csr<T>(a);
  const auto ratings = to_context(ctx, host);
  Matrix<double> as_stored(14, 9);
  for (index_t n = 0; n < 14 * 9; ++n) as_stored.view().data[n] = static_cast<double>(host.values.data()[n]);
  const double at_zero = objective_of(host, matrix_of<double>(14, 9, std::vector<double>(14 * 9, 0)));
  for (const double radius : {2.0, 12.0, 200.0}) {
    const auto result = nuclear_pgd(ctx, {ratings.view()}, convex_options(6), {radius, accelerated});
    expect_certified(result.runs[0].history, least_objective(as_stored, radius), at_zero, 14 * 9);
  }
}

TEST_P(NuclearPgd, ReportsAGapThatBoundsTheDistanceFromTheMinimum) {
  Context ctx = context();
  certifies<float>(ctx, true);
  certifies<double>(ctx, false);
}

TEST_P(NuclearPgd, NeverRisesAndReachesTheMinimumEitherWay) {
  Context ctx = context();
  const auto host = noisy_csr<double>(24, 18, 3, 0.5, 61, /*weights=*/true);
  const auto ratings = to_context(ctx, host);
  CompletionOptions options = convex_options(600);
  options.stopping.gap = 1e-6;
  double least[2];
  for (const bool accelerated : {false, true}) {
    const auto result = nuclear_pgd(ctx, {ratings.view()}, options, {20, accelerated});
    const auto& history = result.runs[0].history;
    EXPECT_EQ(result.runs[0].stopped, StopReason::gap);
    const double rounding = 100 * eps<double>() * history[0].objective;
    for (std::size_t n = 1; n < history.size(); ++n)
      EXPECT_LE(history[n].objective, history[n - 1].objective + rounding) << n;
    const auto m = product_of(result);
    EXPECT_LE(nuclear_norm(m), 20 * (1 + 50 * 24 * 18 * eps<double>()));
    // Factors of M, which is off by p(m, n) eps radius as in svd_test.cpp; r moves by that, and f by sum w |r| as much.
    EXPECT_NEAR(objective_of(host, m), history.back().objective,
                50 * 24 * eps<double>() * 20 *
                    std::sqrt(2.5 * static_cast<double>(host.values.size()) * history.back().objective));
    EXPECT_LT(result.x.cols(), 18);
    least[accelerated ? 1 : 0] = history.back().objective;
  }
  EXPECT_LE(std::abs(least[0] - least[1]), 1e-6 * least[0]);
}

// Momentum that is never dropped would need more than these.
TEST_P(NuclearPgd, IsFasterWithMomentum) {
  Context ctx = context();
  const auto ratings = to_context(ctx, noisy_csr<double>(24, 18, 3, 0.3, 63));
  const auto after = [&](bool accelerated) {
    return nuclear_pgd(ctx, {ratings.view()}, convex_options(40), {40, accelerated}).runs[0].history.back().objective;
  };
  EXPECT_LT(after(true), after(false));
}

TEST_P(NuclearPgd, StopsByValidationAndKeepsItsBest) {
  Context ctx = context();
  const auto ratings = to_context(ctx, noisy_csr<double>(30, 20, 2, 0.5, 81));
  const auto held_out = to_context(ctx, noisy_csr<double>(30, 20, 2, 0.1, 181));  // of another matrix: it gets worse
  CompletionOptions options = convex_options(60);
  options.stopping.patience = 3;
  const auto result = nuclear_pgd(ctx, {ratings.view(), held_out.view()}, options, {30, true});
  const auto& history = result.runs[0].history;
  EXPECT_EQ(result.runs[0].stopped, StopReason::validation);
  ASSERT_EQ(static_cast<int>(history.size()), result.best_sweep + 3);
  const auto& best = history[static_cast<std::size_t>(result.best_sweep - 1)];
  const auto host = to_host(held_out);
  const double rmse = std::sqrt(2 * objective_of(host, product_of(result)) / static_cast<double>(host.values.size()));
  EXPECT_NEAR(rmse, best.validation_rmse, 50 * 30 * eps<double>() * 30);
}

// Entries all equal to the mean: M = 0 is the minimum.
TEST_P(NuclearPgd, IsDoneAtOnceWhereNothingIsLeft) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<float>(2, 3, {{0, 0, 3}, {1, 2, 3}}));
  CompletionOptions options = convex_options(9);
  options.centre = true;
  const auto result = nuclear_pgd(ctx, {ratings.view()}, options, {2, true});
  EXPECT_EQ(result.runs[0].stopped, StopReason::stationary);
  EXPECT_EQ(result.runs[0].history[0].objective, 0);
  EXPECT_TRUE(same_bits(to_host(result.x), matrix_of<float>(2, 1, {0, 0})));
}

TEST_P(NuclearPgd, SaysBeforeItBeginsWhatDoesNotFit) {
  Context ctx = context();
  std::vector<Entry> entries;
  for (int n = 0; n < 50; ++n)
    entries.push_back({static_cast<column_t>(n * 80000), static_cast<column_t>(n * 50000), 1});
  const auto ratings = to_context(ctx, csr_of<float>(4000000, 2500000, entries));
  const auto message = message_of<OutOfMemory>([&] {
    nuclear_pgd(ctx, {ratings.view()}, convex_options(2), {1, true});
  });
  EXPECT_NE(message.find("nuclear_pgd() would take about"), std::string::npos) << message;
  EXPECT_NE(message.find("frank_wolfe() solves the same problem"), std::string::npos) << message;
}

TEST_P(NuclearPgd, SaysWhereNumbersEnd) {
  Context ctx = context();
  const auto ratings = to_context(ctx, full_csr<double>(matrix_of<double>(2, 2, {1e160, 0, 0, -1e160})));
  const auto message = message_of<Diverged<double>>([&] {
    nuclear_pgd(ctx, {ratings.view()}, convex_options(9), {1e160, true});
  });
  EXPECT_NE(message.find("nuclear_pgd() diverged: the objective is not finite after sweep 1"), std::string::npos);
}

TEST_P(NuclearPgd, RefusesWhatIsNoProblem) {
  Context ctx = context();
  refuses_what_is_no_problem(
      ctx, "nuclear_pgd",
      [](Context& on, const CompletionProblem<float>& problem, const CompletionOptions& options, double radius) {
        return nuclear_pgd(on, problem, options, {radius, true});
      });
}

// The entries against the dense matrix have no tests but these: rows of more than a warp, weights, both orders.
class NuclearPgdKernels : public OnBackend {};

TEST_P(NuclearPgdKernels, AgreeWithTheReference) {
  Context ctx = context(), reference = Context::reference();
  const auto host = noisy_csr<double>(21, 45, 2, 0.8, 71, /*weights=*/true);
  const auto ratings = to_context(ctx, host);
  const auto result = nuclear_pgd(ctx, {ratings.view()}, convex_options(2), {20, true});
  const auto expected = nuclear_pgd(reference, {host.view()}, convex_options(2), {20, true});
  // Each projection is off by p(m, n) eps radius, as in svd_test.cpp, and does not enlarge what was off before.
  EXPECT_LE(largest_difference(product_of(result), product_of(expected)), 2 * 2 * 50 * 45 * eps<double>() * 20);
  const SweepRecord &a = result.runs[0].history.back(), &b = expected.runs[0].history.back();
  EXPECT_NEAR(a.gap, b.gap, 0.1 * b.gap) << "the oracle stops where its error is a tenth of the gap";
}

INSTANTIATE_TEST_SUITE_P(Backends, NuclearPgdKernels, all_backends(), backend_name);
INSTANTIATE_TEST_SUITE_P(Backends, NuclearPgd, all_backends(), backend_name);

TEST(NuclearPgdOnCpu, HasTheSameBitsForAnyNumberOfThreads) {
  const auto ratings = noisy_csr<double>(90, 70, 3, 0.6, 5);
  Context one = Context::cpu(1);
  const auto first = nuclear_pgd(one, {ratings.view()}, convex_options(8), {80, true});
  for (const int threads : {2, 5}) {
    Context ctx = Context::cpu(threads);
    const auto result = nuclear_pgd(ctx, {ratings.view()}, convex_options(8), {80, true});
    EXPECT_TRUE(same_bits(result.x, first.x) && same_bits(result.y, first.y)) << threads;
    EXPECT_EQ(result.runs[0].history.back().gap, first.runs[0].history.back().gap) << threads;
  }
}

}  // namespace
}  // namespace seesaw::test
