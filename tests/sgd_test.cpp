#include "support.hpp"

namespace seesaw::test {
namespace {

class Sgd : public OnBackendForward {};

CompletionOptions options_of(index_t rank, int sweeps) {
  CompletionOptions options;
  options.rank = rank;
  options.weighting = Weighting::plain;
  options.centre = false;
  options.stopping.sweeps = sweeps;
  return options;
}

/// a = [2], x = y = 1, no penalty.
struct OneEntry {
  double x, y;
  std::vector<SweepRecord> history;
};

OneEntry one_entry(Context& ctx, int sweeps, const SgdOptions& own) {
  const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, 2}}));
  const auto one = to_context(ctx, matrix_of<double>(1, 1, {1}));
  CompletionOptions options = options_of(1, sweeps);
  options.lambda_x = options.lambda_y = 0;
  const auto result = sgd(ctx, {ratings.view(), {}, read(one), read(one)}, options, own);
  return {to_host(result.x)(0, 0), to_host(result.y)(0, 0), result.runs[0].history};
}

// A step of 1/2: r = 1, both become 1.5. The next of 1/4: r = -1/4, 1.5 - 1/16 1.5.
TEST_P(Sgd, TakesShorterStepsAsHandsDo) {
  Context ctx = context();
  const auto found = one_entry(ctx, 2, {.step = 0.5, .decay = 1});
  EXPECT_EQ(found.x, 1.40625);
  EXPECT_EQ(found.y, 1.40625);
  EXPECT_EQ(found.history[0].objective, 0.03125);
  EXPECT_EQ(found.history[0].train_rmse, 0.25);
}

// Two steps of 1/2 for x: r = 1, x = 1.5; r = 0.5, x = 1.75. Two for y: r = 0.25, y = 1 + 0.125 1.75;
// r = 2 - 1.75 1.21875, y = 1.21875 + r / 2 1.75.
TEST_P(Sgd, AlternatesAsHandsDo) {
  Context ctx = context();
  const auto found = one_entry(ctx, 1, {.step = 0.5, .alternating = true, .epochs = 2});
  EXPECT_EQ(found.x, 1.75);
  EXPECT_EQ(found.y, 1.1025390625);
}

TEST_P(Sgd, SeveralEpochsASweepAreShortSweeps) {
  Context ctx = context();
  const auto together = one_entry(ctx, 1, {.step = 0.25, .decay = 0, .epochs = 3});
  const auto apart = one_entry(ctx, 3, {.step = 0.25, .decay = 0});
  EXPECT_EQ(together.x, apart.x);
  EXPECT_EQ(together.history.size(), 1u);
}

/// Some of the entries of a matrix of rank 3 and noise, some weighted.
Csr<double> planted(bool weights) {
  const Planted source({.rows = 40, .cols = 30, .entries = 600, .rank = 3, .noise = 0.1, .seed = 3});
  auto entries = source.entries<double>(0, 40);
  if (weights) {
    entries.weights = Buffer<double>(entries.values.size());
    for (offset_t e = 0; e < entries.values.size(); ++e) entries.weights.data()[e] = e % 3 == 0 ? 2 : 0.5;
  }
  Context host = Context::reference();
  return compress(host, entries.view());
}

void comes_near_als(Context& ctx, const Csr<double>& host, CompletionOptions options, const SgdOptions& own) {
  const auto ratings = to_context(ctx, host);
  const auto descent = sgd(ctx, {ratings.view()}, options, own);
  options.stopping.sweeps = 200;
  const double least = als(ctx, {ratings.view()}, options).runs[0].history.back().objective;
  const double found = descent.runs[0].history.back().objective;
  EXPECT_GE(found, least * (1 - 1e-6)) << "als() has all but reached the minimum";
  EXPECT_LE(found, least * 1.01) << "what was asked for: within 1 %";
}

TEST_P(Sgd, ComesNearTheObjectiveOfAls) {
  Context ctx = context();
  CompletionOptions options = options_of(3, 100);
  options.lambda_x = 0.3;
  options.lambda_y = 0.2;
  comes_near_als(ctx, planted(false), options, {.step = 0.1, .decay = 0.1});
  comes_near_als(ctx, planted(true), options, {.step = 0.1, .decay = 0.1, .grid = 3});
  options.weighting = Weighting::by_count;
  options.exponent = 0.5;
  options.centre = true;
  comes_near_als(ctx, planted(true), options, {.step = 0.1, .decay = 0.1});
}

TEST_P(Sgd, SolvesTheHalvesOfTheAlternation) {
  Context ctx = context();
  CompletionOptions options = options_of(3, 60);
  options.lambda_x = 0.3;
  options.lambda_y = 0.2;
  comes_near_als(ctx, planted(false), options, {.step = 0.1, .decay = 0.1, .alternating = true, .epochs = 3});
}

TEST_P(Sgd, IsTheSameForAnyNumberOfThreads) {
  const auto host = planted(true);
  const auto solve = [&](int threads) {
    Context ctx = context(threads);
    const auto result = sgd(ctx, {to_context(ctx, host).view()}, options_of(5, 3), {.grid = 7});
    return to_host(result.x);
  };
  const auto one = solve(1);
  EXPECT_TRUE(same_bits(one, solve(2)));
  EXPECT_TRUE(same_bits(one, solve(5)));
}

TEST_P(Sgd, IsTheSameOnEveryBackendButForRounding) {
  const auto host = planted(true);
  Context ctx = context(), reference = Context::reference();
  const auto found = sgd(ctx, {to_context(ctx, host).view()}, options_of(5, 2), {.grid = 4});
  const auto expected = sgd(reference, {host.view()}, options_of(5, 2), {.grid = 4});
  // A vector takes at most 2 * 30 steps; each adds, for k = 5, at most 20 eps of a length of about 1, and lets what was
  // there before grow by at most 1 + step (|x|^2 + |y|^2 + |r|), with some 3 in the brackets: by less than e^10 in all.
  const double most = std::exp(10) * 60 * 20 * eps<double>();
  EXPECT_LE(largest_difference(to_host(found.x), to_host(expected.x)), most);
  EXPECT_LE(largest_difference(to_host(found.y), to_host(expected.y)), most);
}

TEST_P(Sgd, ARestartBeginsWithTheFirstStepAgain) {
  Context ctx = context();
  const auto ratings = to_context(ctx, planted(false));
  CompletionOptions options = options_of(3, 3);
  options.seed = 4;
  options.restarts = 2;
  const SgdOptions own{.step = 0.1, .decay = 1, .grid = 1};  // of one stripe, for which the seed orders nothing
  const auto both = sgd(ctx, {ratings.view()}, options, own);
  options.seed = 5;
  options.restarts = 1;
  const auto second = sgd(ctx, {ratings.view()}, options, own);
  ASSERT_EQ(both.runs.size(), 2u);
  for (std::size_t n = 0; n < 3; ++n)
    EXPECT_EQ(both.runs[1].history[n].objective, second.runs[0].history[n].objective) << n;
}

TEST_P(Sgd, RowsWithoutEntriesBecomeZero) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<float>(5, 4, {{1, 0, 1}, {3, 0, 2}, {3, 2, 1}}));
  const auto result = sgd(ctx, {ratings.view()}, options_of(2, 1));
  const auto x = to_host(result.x), y = to_host(result.y);
  for (const index_t i : {0, 2, 4}) EXPECT_EQ(x(i, 0) == 0 && x(i, 1) == 0, true) << i;
  for (const index_t j : {1, 3}) EXPECT_EQ(y(j, 0) == 0 && y(j, 1) == 0, true) << j;
  for (const index_t i : {1, 3}) EXPECT_NE(x(i, 0), 0) << i;
}

TEST_P(Sgd, KeepsTheFactorsOfTheBestValidation) {
  Context ctx = context();
  const auto host = planted(false);
  std::vector<Entry> train, held;
  for (index_t i = 0; i < host.rows; ++i)
    for (offset_t e = host.offsets.data()[i]; e < host.offsets.data()[i + 1]; ++e)
      (e % 2 == 0 ? train : held).push_back({static_cast<column_t>(i), host.columns.data()[e], host.values.data()[e]});
  const auto ratings = to_context(ctx, csr_of<double>(40, 30, train));
  const auto validation = to_context(ctx, csr_of<double>(40, 30, held));
  CompletionOptions options = options_of(12, 300);
  options.lambda_x = options.lambda_y = 0;  // nothing keeps it from learning the noise
  options.stopping.patience = 3;
  const auto result = sgd(ctx, {ratings.view(), validation.view()}, options, {.step = 0.1, .decay = 0});
  ASSERT_EQ(result.runs[0].stopped, StopReason::validation);
  const auto& best = result.runs[0].history[static_cast<std::size_t>(result.best_sweep) - 1];
  for (const SweepRecord& record : result.runs[0].history) EXPECT_GE(record.validation_rmse, best.validation_rmse);
  EXPECT_EQ(result.runs[0].history.size(), static_cast<std::size_t>(result.best_sweep) + 3);
  EXPECT_EQ(rmse(masked_residual(ctx, validation.view(), read(result.x), read(result.y)),
                 validation.values.size() - result.validation_left_out),
            best.validation_rmse);
}

// Steps of this size first come down and then run away: the factors before the sweep that did are those of a run that
// ends there.
TEST_P(Sgd, DivergenceLeavesTheLastGoodFactors) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(1, 1, {{0, 0, 2}}));
  const auto start = to_context(ctx, matrix_of<double>(1, 1, {2}));
  const CompletionProblem<double> problem{ratings.view(), {}, read(start), read(start)};
  CompletionOptions options = options_of(1, 100);
  options.lambda_x = options.lambda_y = 0;
  const SgdOptions own{.step = 1.2, .decay = 0};
  try {
    sgd(ctx, problem, options, own);
    FAIL() << "threw nothing";
  } catch (const Diverged<double>& diverged) {
    const auto& run = diverged.result->runs[0];
    EXPECT_EQ(run.stopped, StopReason::diverged);
    ASSERT_GE(run.history.size(), 2u);
    EXPECT_EQ(diverged.result->best_sweep, static_cast<int>(run.history.size()));
    EXPECT_EQ(std::string(diverged.what()),
              "sgd() diverged: from the seed 0 the objective is more than 1e6 times its start after sweep " +
                  std::to_string(run.history.size() + 1) + "; a smaller step keeps it down");
    options.stopping.sweeps = static_cast<int>(run.history.size());
    const auto stopped = sgd(ctx, problem, options, own);
    EXPECT_TRUE(same_bits(to_host(diverged.result->x), to_host(stopped.x)));
    EXPECT_TRUE(same_bits(to_host(diverged.result->y), to_host(stopped.y)));
    EXPECT_TRUE(std::isfinite(to_host(stopped.x)(0, 0)));
  }
}

TEST_P(Sgd, RefusesOptionsOutOfRange) {
  Context ctx = context();
  const auto ratings = to_context(ctx, random_csr<float>({3, 2, 4}, 5, 1));
  const auto refused = [&](const SgdOptions& own) {
    return message_of<InvalidArgument>([&] { sgd(ctx, {ratings.view()}, options_of(2, 10), own); });
  };
  EXPECT_EQ(refused({.step = 0}), "step is 0, expected more than 0 and within float's range");
  EXPECT_EQ(refused({.step = -1}), "step is -1, expected more than 0 and within float's range");
  EXPECT_EQ(refused({.step = std::nan("")}), "step is nan, expected more than 0 and within float's range");
  EXPECT_EQ(refused({.decay = -0.1}), "decay is -0.1, expected a finite number >= 0");
  EXPECT_EQ(refused({.decay = std::nan("")}), "decay is nan, expected a finite number >= 0");
  EXPECT_EQ(refused({.decay = 1e200}), "decay is 1e+200, expected less: the step of the last sweep would be 0");
  EXPECT_EQ(refused({.grid = -1}), "grid is -1, expected 1 to 4096, or 0 (chosen)");
  EXPECT_EQ(refused({.grid = 5000}), "grid is 5000, expected 1 to 4096, or 0 (chosen)");
  EXPECT_EQ(refused({.epochs = 0}), "epochs is 0, expected at least 1");
}

TEST_P(Sgd, RefusesWhatItCannotSolve) {
  Context ctx = context();
  const auto ratings = to_context(ctx, random_csr<float>({3, 2, 4}, 5, 1));
  const auto empty = to_context(ctx, csr_of<float>(3, 5, {}));
  const Matrix<float> start(ctx, 4, 2);
  const auto refused = [&](const CompletionProblem<float>& problem, const CompletionOptions& options) {
    return message_of<InvalidArgument>([&] { sgd(ctx, problem, options); });
  };
  EXPECT_EQ(refused({empty.view()}, options_of(2, 1)), "ratings has no entries");
  EXPECT_EQ(refused({ratings.view()}, options_of(4, 1)), "rank is 4, expected at most 3, as ratings is 3 x 5");
  EXPECT_EQ(refused({ratings.view()}, options_of(0, 1)), "rank is 0, expected at least 1");
  CompletionOptions implicit = options_of(2, 1);
  implicit.implicit = ImplicitFeedback{};
  EXPECT_EQ(refused({ratings.view()}, implicit), "sgd() takes explicit ratings; als() takes implicit ones");
  EXPECT_EQ(message_of<ShapeError>([&] {
              sgd(ctx, {ratings.view(), {}, {}, read(start)}, options_of(2, 1));
            }),
            "x is 4 x 2, expected 3 x 2");
}

INSTANTIATE_TEST_SUITE_P(Backends, Sgd, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
