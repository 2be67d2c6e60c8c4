// als() with implicit feedback.
#include "support.hpp"

namespace seesaw::test {
namespace {

constexpr index_t kRows = 40, kCols = 30;

/// Counts 1 to 6, in two groups of rows that mostly keep to a group of columns each.
std::vector<Entry> counts(std::uint64_t seed, double density) {
  std::vector<Entry> entries;
  for (column_t i = 0; i < kRows; ++i)
    for (column_t j = 0; j < kCols; ++j) {
      const auto n = static_cast<std::uint64_t>(i * kCols + j);
      const double chance = (i < kRows / 2) == (j < kCols / 2) ? 2 * density : density / 4;
      if (random_uniform(seed, n) < chance) entries.push_back({i, j, std::floor(1 + 6 * random_uniform(seed + 1, n))});
    }
  return entries;
}

CompletionOptions options_of(index_t rank, double lambda, int sweeps, ImplicitFeedback feedback = {}) {
  CompletionOptions options;
  options.rank = rank;
  options.lambda_x = options.lambda_y = lambda;
  options.weighting = Weighting::plain;
  options.implicit = feedback;
  options.stopping.sweeps = sweeps;
  return options;
}

class ImplicitAls : public OnBackendForward {};

/// The objective as its definition has it, over every (i, j).
template <class T>
double objective_of(const Csr<T>& ratings, const CompletionResult<T>& result, const CompletionOptions& options) {
  const auto x = to_host(result.x), y = to_host(result.y);
  const ImplicitFeedback& feedback = *options.implicit;
  std::vector<double> confidence(kRows * kCols), row_count(kRows), column_count(kCols);
  for (index_t i = 0; i < kRows; ++i)
    for (offset_t e = ratings.offsets.data()[i]; e < ratings.offsets.data()[i + 1]; ++e) {
      const index_t j = ratings.columns.data()[e];
      const auto value = static_cast<double>(ratings.values.data()[e]);
      confidence[static_cast<std::size_t>(i * kCols + j)] = feedback.confidences ? value : 1 + feedback.alpha * value;
      ++row_count[static_cast<std::size_t>(i)];
      ++column_count[static_cast<std::size_t>(j)];
    }
  const auto weight = [&](double count, index_t others) {
    if (options.weighting == Weighting::plain) return 1.0;
    return std::pow(count + feedback.unobserved * static_cast<double>(others), options.exponent);
  };
  double sum = 0;
  for (index_t i = 0; i < kRows; ++i)
    for (index_t j = 0; j < kCols; ++j) {
      double s = 0;
      for (index_t f = 0; f < options.rank; ++f) s += static_cast<double>(x(i, f)) * static_cast<double>(y(j, f));
      const double c = confidence[static_cast<std::size_t>(i * kCols + j)];
      sum += c > 0 ? c * (1 - s) * (1 - s) : feedback.unobserved * s * s;
    }
  for (index_t f = 0; f < options.rank; ++f) {
    for (index_t i = 0; i < kRows; ++i)
      sum += options.lambda_x * weight(row_count[static_cast<std::size_t>(i)], kCols) *
             std::pow(static_cast<double>(x(i, f)), 2);
    for (index_t j = 0; j < kCols; ++j)
      sum += options.lambda_y * weight(column_count[static_cast<std::size_t>(j)], kRows) *
             std::pow(static_cast<double>(y(j, f)), 2);
  }
  return sum / 2;
}

// Sums of 1200 and more terms of either sign, of which no partial sum exceeds some ten times the objective: 1e4 eps.
TEST_P(ImplicitAls, TheObjectiveIsItsDefinitionAndDescends) {
  Context ctx = context();
  const auto ratings = csr_of<double>(kRows, kCols, counts(5, 0.3));
  const auto there = to_context(ctx, ratings);
  std::vector<CompletionOptions> settings{options_of(4, 0.2, 6),
                                          options_of(4, 0.2, 6, {.alpha = 3, .unobserved = 0.25}),
                                          options_of(7, 0.1, 6, {.confidences = true, .unobserved = 0.5}),
                                          options_of(4, 0.2, 6, {.alpha = 3, .cg_steps = 2})};
  for (std::size_t n = 0; n < 2; ++n) {
    settings.push_back(settings[n]);
    settings.back().weighting = Weighting::by_count;
    settings.back().exponent = 0.7;
  }
  for (const CompletionOptions& options : settings) {
    const auto result = als(ctx, CompletionProblem<double>{there.view()}, options);
    const auto& history = result.runs[0].history;
    ASSERT_EQ(history.size(), 6u);
    const double expected = objective_of(ratings, result, options);
    EXPECT_NEAR(history.back().objective, expected, 1e4 * eps<double>() * expected);
    for (std::size_t n = 1; n < history.size(); ++n) EXPECT_LE(history[n].objective, history[n - 1].objective);
    EXPECT_EQ(result.mean, 0);
    EXPECT_EQ(result.singular_rows, 0);
  }
}

// The RMSEs are those of 1 - x.y, over the entries and the validation entries.
TEST_P(ImplicitAls, TheErrorsAreThoseOfOne) {
  Context ctx = context();
  const auto ratings = csr_of<double>(kRows, kCols, counts(5, 0.3)),
             held = csr_of<double>(kRows, kCols, counts(8, 0.1));
  const auto there = to_context(ctx, ratings), held_there = to_context(ctx, held);
  const auto result = als(ctx, {there.view(), held_there.view()}, options_of(4, 0.2, 3));
  const auto x = to_host(result.x), y = to_host(result.y);
  const auto rmse_of_one = [&](const Csr<double>& csr) {
    double squared = 0;
    for (index_t i = 0; i < kRows; ++i)
      for (offset_t e = csr.offsets.data()[i]; e < csr.offsets.data()[i + 1]; ++e) {
        double r = 1;
        for (index_t f = 0; f < 4; ++f) r -= x(i, f) * y(csr.columns.data()[e], f);
        squared += r * r;
      }
    return std::sqrt(squared / static_cast<double>(csr.values.size()));
  };
  const SweepRecord& last = result.runs[0].history.back();
  EXPECT_EQ(result.validation_left_out, 0);
  EXPECT_NEAR(last.train_rmse, rmse_of_one(ratings), 1000 * eps<double>());
  EXPECT_NEAR(last.validation_rmse, rmse_of_one(held), 1000 * eps<double>());
}

TEST_P(ImplicitAls, StopsEarlyAndKeepsTheBestFactors) {
  Context ctx = context();
  const auto there = to_context(ctx, csr_of<float>(kRows, kCols, counts(5, 0.3)));
  const auto held = to_context(ctx, csr_of<float>(kRows, kCols, counts(8, 0.1)));
  auto options = options_of(10, 1e-3, 100, {.alpha = 40});
  options.stopping.patience = 2;
  const auto result = als(ctx, {there.view(), held.view()}, options);
  EXPECT_EQ(result.runs[0].stopped, StopReason::validation);
  EXPECT_EQ(result.best_sweep, static_cast<int>(result.runs[0].history.size()) - 2);
}

// Backends work in different coordinates: after three sweeps, which contract here, they differ by rounding times the
// condition number, at most (unobserved |Y|^2 + sum c |y|^2) / lambda, some 1e3 / 0.2 by the sizes above.
TEST_P(ImplicitAls, GivesTheHistoryOfTheReference) {
  Context ctx = context(), host = Context::reference();
  const auto ratings = csr_of<double>(kRows, kCols, counts(5, 0.3));
  const auto there = to_context(ctx, ratings);
  for (const int steps : {0, 3}) {
    const auto options = options_of(5, 0.2, 3, {.alpha = 2, .cg_steps = steps});
    const auto expected = als(host, CompletionProblem<double>{ratings.view()}, options).runs[0].history;
    const auto found = als(ctx, CompletionProblem<double>{there.view()}, options).runs[0].history;
    for (std::size_t n = 0; n < 3; ++n) {
      EXPECT_NEAR(found[n].objective, expected[n].objective, 1e4 * 100 * eps<double>() * expected[n].objective);
      EXPECT_NEAR(found[n].train_rmse, expected[n].train_rmse, 1e4 * 100 * eps<double>());
    }
  }
}

// Fold-in: at the last right factor, a user's entries give the user's factors of the next half-sweep.
TEST_P(ImplicitAls, TheModelOfAHalfSweepFoldsRowsIn) {
  Context ctx = context();
  const auto there = to_context(ctx, csr_of<double>(kRows, kCols, counts(5, 0.3)));
  auto options = options_of(4, 0.2, 1, {.confidences = true});
  options.weighting = Weighting::by_count;
  const auto once = als(ctx, CompletionProblem<double>{there.view()}, options);
  Matrix<double> folded(ctx, kRows, 4);
  solve_implicit_rows(ctx, there.view(), once.y.view(), implicit_model(options, options.lambda_x, kCols),
                      folded.view());
  const auto next = als(ctx, {there.view(), {}, once.y.view()}, options);
  EXPECT_TRUE(same_bits(to_host(folded), to_host(next.x)));
}

TEST_P(ImplicitAls, RefusesWhatItCannotTake) {
  Context ctx = context();
  const auto message = [&](std::vector<Entry> entries, CompletionOptions options, bool weights = false) {
    const auto there = to_context(ctx, csr_of<float>(2, 2, entries, weights));
    return message_of<InvalidArgument>([&] { als(ctx, CompletionProblem<float>{there.view()}, options); });
  };
  const std::vector<Entry> good{{0, 0, 1}, {1, 1, 2}};
  EXPECT_EQ(message({{0, 0, 1}, {1, 1, 0}}, options_of(1, 0.1, 1)),
            "entry 1 of ratings is 0, expected more than 0: leave out what was not observed");
  EXPECT_EQ(message({{0, 0, -2}}, options_of(1, 0.1, 1)),
            "entry 0 of ratings is -2, expected more than 0: leave out what was not observed");
  EXPECT_EQ(message({{0, 0, 0.5}}, options_of(1, 0.1, 1, {.confidences = true})),
            "entry 0 of ratings is 0.5, a confidence of 0.5, expected a finite one that is at least `unobserved`, 1");
  EXPECT_EQ(message({{0, 0, 1}}, options_of(1, 0.1, 1, {.unobserved = 3})),
            "entry 0 of ratings is 1, a confidence of 2, expected a finite one that is at least `unobserved`, 3");
  EXPECT_EQ(message(good, options_of(1, 0.1, 1), true),
            "ratings has weights, expected none with implicit feedback: its values make the confidences");
  EXPECT_EQ(message(good, options_of(1, 0.1, 1, {.alpha = 0})), "alpha is 0, expected a finite number > 0");
  EXPECT_EQ(message(good, options_of(1, 0.1, 1, {.unobserved = -1})),
            "unobserved is -1, expected a number from 1e-12 to 1e12");
  EXPECT_EQ(message(good, options_of(1, 0, 1, {.cg_steps = 3})),
            "lambda_x is 0, expected more than 0 with conjugate gradients");
  auto one_sided = options_of(1, 0.1, 1, {.cg_steps = 3});
  one_sided.lambda_y = 0;
  EXPECT_EQ(message(good, one_sided), "lambda_y is 0, expected more than 0 with conjugate gradients");
  EXPECT_EQ(message({{0, 0, 4}}, options_of(1, 0.1, 1, {.alpha = 1e38})),
            "entry 0 of ratings is 4, a confidence of inf, expected a finite one that is at least `unobserved`, 1");
  auto options = options_of(1, 0.1, 1);
  options.weighting = Weighting::by_count;
  options.exponent = -1;
  EXPECT_EQ(message(good, options), "exponent is -1, expected a number from 0 to 10");
}

INSTANTIATE_TEST_SUITE_P(Backends, ImplicitAls, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
