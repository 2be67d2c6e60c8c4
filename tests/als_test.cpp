#include "support.hpp"

namespace seesaw::test {
namespace {

/// A planted rank-3 matrix, 40 x 30, each entry observed with probability 1/2, and entries held out.
template <class T>
struct Planted {
  Csr<T> ratings, validation;

  explicit Planted(double noise = 0, double offset = 2) {
    const auto u = random_matrix<double>(40, 3, 51), v = random_matrix<double>(30, 3, 52);
    std::vector<Entry> kept, held;
    for (index_t i = 0; i < 40; ++i)
      for (index_t j = 0; j < 30; ++j) {
        const auto n = static_cast<std::uint64_t>(i * 30 + j);
        double value = offset + noise * random_normal(54, n);
        for (index_t f = 0; f < 3; ++f) value += u(i, f) * v(j, f);
        const double draw = random_uniform(53, n);
        if (draw < 0.6)
          (draw < 0.5 ? kept : held).push_back({static_cast<column_t>(i), static_cast<column_t>(j), value});
      }
    ratings = csr_of<T>(40, 30, kept);
    validation = csr_of<T>(40, 30, held);
  }
};

template <class T>
struct OnContext {
  Csr<T> ratings, validation;
  AlsProblem<T> problem;
  OnContext(const Context& ctx, const Planted<T>& planted)
      : ratings(to_context(ctx, planted.ratings)), validation(to_context(ctx, planted.validation)) {
    problem.ratings = ratings.view();
  }
};

AlsOptions options_of(index_t rank, double lambda, int sweeps) {
  AlsOptions options;
  options.rank = rank;
  options.lambda_x = options.lambda_y = lambda;
  options.stopping.sweeps = sweeps;
  return options;
}

class Als : public OnBackendForward {};

TEST_P(Als, RecoversAPlantedMatrix) {
  Context ctx = context();
  const Planted<double> planted(0, 0);
  OnContext<double> there(ctx, planted);
  there.problem.validation = there.validation.view();
  auto options = options_of(3, 1e-9, 100);
  options.centre = false;
  options.restarts = 3;
  const auto result = als(ctx, there.problem, options);
  const auto& last = result.runs[static_cast<std::size_t>(result.best_run)].history.back();
  EXPECT_LE(last.train_rmse, 1e-6);
  EXPECT_LE(last.validation_rmse, 1e-6);
  EXPECT_EQ(result.mean, 0);
  EXPECT_EQ(result.validation_left_out, 0);
}

// The objective of a sweep is what its definition says, and never grows.
TEST_P(Als, TheObjectiveIsItsDefinitionAndDescends) {
  Context ctx = context();
  const Planted<double> planted(0.3);
  const OnContext<double> there(ctx, planted);
  auto options = options_of(5, 0, 6);
  options.lambda_x = 0.02;
  options.lambda_y = 0.3;
  const auto result = als(ctx, there.problem, options);
  const auto x = to_host(result.x), y = to_host(result.y);
  double objective = 0;
  for (index_t i = 0; i < 40; ++i)
    for (offset_t e = planted.ratings.offsets.data()[i]; e < planted.ratings.offsets.data()[i + 1]; ++e) {
      const column_t j = planted.ratings.columns.data()[e];
      double r = planted.ratings.values.data()[e] - result.mean;
      for (index_t f = 0; f < 5; ++f) {
        r -= x(i, f) * y(j, f);
        objective += 0.5 * (0.02 * x(i, f) * x(i, f) + 0.3 * y(j, f) * y(j, f));  // w_i = n_i: once an entry
      }
      objective += 0.5 * r * r;
    }
  const auto& history = result.runs[0].history;
  ASSERT_EQ(history.size(), 6u);
  EXPECT_NEAR(history.back().objective, objective, 1e-12 * objective);
  for (std::size_t n = 1; n < history.size(); ++n) EXPECT_LE(history[n].objective, history[n - 1].objective);
  EXPECT_EQ(result.best_sweep, 6);
  EXPECT_EQ(result.singular_rows, 0);
}

TEST_P(Als, TheMeanIsOfTheRatings) {
  Context ctx = context();
  const auto csr = to_context(ctx, csr_of<double>(2, 2, {{0, 0, 1, 1}, {0, 1, 2, 1}, {1, 1, 6, 2}}, true));
  AlsProblem<double> problem{csr.view()};
  EXPECT_EQ(als(ctx, problem, options_of(1, 0.1, 1)).mean, 15.0 / 4);
  problem.ratings.weights = nullptr;
  EXPECT_EQ(als(ctx, problem, options_of(1, 0.1, 1)).mean, 3);
}

TEST_P(Als, StopsEarlyAndKeepsTheBestFactors) {
  Context ctx = context();
  const Planted<double> planted(1.0);
  OnContext<double> there(ctx, planted);
  there.problem.validation = there.validation.view();
  auto options = options_of(8, 0.001, 100);
  options.stopping.patience = 3;
  const auto result = als(ctx, there.problem, options);
  const auto& run = result.runs[0];
  ASSERT_EQ(run.stopped, StopReason::validation);
  ASSERT_EQ(result.best_sweep, static_cast<int>(run.history.size()) - 3);
  // The factors returned are those of the best sweep: they give its validation RMSE again.
  options.stopping = {};
  options.stopping.sweeps = result.best_sweep;
  const auto again = als(ctx, there.problem, options);
  EXPECT_TRUE(same_bits(to_host(again.x), to_host(result.x)));
  EXPECT_TRUE(same_bits(to_host(again.y), to_host(result.y)));
  for (const auto& record : run.history)
    EXPECT_GE(record.validation_rmse, again.runs[0].history.back().validation_rmse);
}

TEST_P(Als, LeavesOutWhatHasNoRating) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<double>(3, 3, {{0, 0, 1}, {0, 1, 2}, {1, 1, 3}}));
  const auto held = to_context(ctx, csr_of<double>(3, 3, {{0, 2, 9}, {1, 0, 2}, {2, 0, 9}}));
  AlsProblem<double> problem{ratings.view(), held.view()};
  const auto result = als(ctx, problem, options_of(1, 0.1, 2));
  EXPECT_EQ(result.validation_left_out, 2);
  const auto x = to_host(result.x), y = to_host(result.y);
  EXPECT_NEAR(result.runs[0].history.back().validation_rmse, std::abs(2 - result.mean - x(1, 0) * y(0, 0)), 1e-15);
  EXPECT_EQ(x(2, 0), 0);
  EXPECT_EQ(y(2, 0), 0);
}

TEST_P(Als, AWarmStartGoesOnWhereItStopped) {
  Context ctx = context();
  const Planted<float> planted(0.1);
  OnContext<float> there(ctx, planted);
  const auto whole = als(ctx, there.problem, options_of(3, 0.05, 7));
  const auto first = als(ctx, there.problem, options_of(3, 0.05, 4));
  there.problem.y = first.y.view();
  const auto rest = als(ctx, there.problem, options_of(3, 0.05, 3));
  EXPECT_TRUE(same_bits(to_host(rest.x), to_host(whole.x)));
  EXPECT_TRUE(same_bits(to_host(rest.y), to_host(whole.y)));
}

TEST_P(Als, KeepsTheBestStart) {
  Context ctx = context();
  const Planted<double> planted(0.1);
  const OnContext<double> there(ctx, planted);
  auto options = options_of(3, 0.01, 2);
  options.restarts = 4;
  options.seed = 10;
  const auto result = als(ctx, there.problem, options);
  ASSERT_EQ(result.runs.size(), 4u);
  int best = 0;
  for (int r = 0; r < 4; ++r) {
    EXPECT_EQ(result.runs[static_cast<std::size_t>(r)].seed, 10u + static_cast<unsigned>(r));
    auto objective = [&](int n) { return result.runs[static_cast<std::size_t>(n)].history.back().objective; };
    if (objective(r) < objective(best)) best = r;
  }
  EXPECT_EQ(result.best_run, best);
  options.restarts = 1;
  options.seed = 10 + static_cast<unsigned>(best);
  EXPECT_TRUE(same_bits(to_host(als(ctx, there.problem, options).x), to_host(result.x)));
}

TEST_P(Als, TheCallbackSeesEverySweepAndStopsTheRun) {
  Context ctx = context();
  const Planted<double> planted;
  const OnContext<double> there(ctx, planted);
  auto options = options_of(3, 0.1, 5);
  options.restarts = 3;
  std::vector<std::pair<int, int>> seen;
  options.callback = [&](int start, const SweepRecord& record) {
    seen.emplace_back(start, record.sweep);
    return seen.size() < 7;
  };
  const auto result = als(ctx, there.problem, options);
  EXPECT_EQ(seen, (std::vector<std::pair<int, int>>{{0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {1, 1}, {1, 2}}));
  EXPECT_EQ(result.runs.size(), 2u);
  EXPECT_EQ(result.runs.back().stopped, StopReason::callback);
  EXPECT_GT(result.x.rows(), 0) << "a run that was stopped still gives its factors";
}

TEST_P(Als, ADenseMatrixTakesTheClosedForm) {
  Context ctx = context();
  const auto u = random_matrix<double>(20, 3, 61), v = random_matrix<double>(15, 3, 62);
  Matrix<double> a(20, 15);
  std::vector<Entry> entries;
  for (column_t i = 0; i < 20; ++i)
    for (column_t j = 0; j < 15; ++j) {
      a(i, j) = u(i, 0) * v(j, 0) + u(i, 1) * v(j, 1) + u(i, 2) * v(j, 2);
      entries.push_back({i, j, a(i, j), 1});
    }
  const auto options = options_of(2, 0.02, 8);
  const auto there = to_context(ctx, a);
  const auto dense = als(ctx, read(there), options);
  const auto observed = to_context(ctx, csr_of<double>(20, 15, entries));
  const auto full = als(ctx, AlsProblem<double>{observed.view()}, options);
  EXPECT_TRUE(same_bits(to_host(dense.x), to_host(full.x))) << "the same call, the same path";
  // With weights of 1 the masked solver runs instead; same equations, so the histories agree to rounding.
  const auto weighted = to_context(ctx, csr_of<double>(20, 15, entries, /*weights=*/true));
  const auto masked = als(ctx, AlsProblem<double>{weighted.view()}, options);
  for (std::size_t n = 0; n < 8; ++n)
    EXPECT_NEAR(masked.runs[0].history[n].objective, dense.runs[0].history[n].objective,
                1e-10 * dense.runs[0].history[n].objective);
}

TEST_P(Als, IsTheSameForAnyNumberOfThreads) {
  const Planted<float> planted(0.2);
  Context one = context(1), two = context(2);
  const auto a = als(one, OnContext<float>(one, planted).problem, options_of(6, 0.05, 3));
  const auto b = als(two, OnContext<float>(two, planted).problem, options_of(6, 0.05, 3));
  EXPECT_TRUE(same_bits(to_host(a.x), to_host(b.x)));
  EXPECT_TRUE(same_bits(to_host(a.y), to_host(b.y)));
  for (std::size_t n = 0; n < 3; ++n) EXPECT_EQ(a.runs[0].history[n].objective, b.runs[0].history[n].objective);
}

TEST_P(Als, RefusesWhatItCannotDo) {
  Context ctx = context();
  const Planted<float> planted;
  const OnContext<float> there(ctx, planted);
  auto refusal = [&](auto spoil) {
    AlsProblem<float> problem = there.problem;
    AlsOptions options = options_of(3, 0.1, 2);
    spoil(problem, options);
    return message_of<InvalidArgument>([&] { als(ctx, problem, options); });
  };
  using P = AlsProblem<float>;
  using O = AlsOptions;
  EXPECT_EQ(refusal([](P&, O& o) { o.rank = 0; }), "rank is 0, expected at least 1");
  EXPECT_EQ(refusal([](P&, O& o) { o.lambda_x = -1; }), "lambda_x is -1, expected a finite number >= 0");
  EXPECT_EQ(refusal([](P&, O& o) { o.lambda_y = -2; }), "lambda_y is -2, expected a finite number >= 0");
  EXPECT_EQ(refusal([](P&, O& o) { o.restarts = 0; }), "restarts is 0, expected at least 1");
  EXPECT_EQ(refusal([](P&, O& o) { o.stopping.sweeps = 0; }), "sweeps is 0, expected at least 1");
  EXPECT_EQ(refusal([](P&, O& o) { o.stopping.patience = 2; }),
            "patience is 2 but there are no validation entries to watch");
  const auto none = to_context(ctx, csr_of<float>(40, 30, {}));
  EXPECT_EQ(refusal([&](P& p, O&) { p.ratings = none.view(); }), "ratings has no entries");
  const Matrix<float> start(ctx, 30, 3);
  EXPECT_EQ(refusal([&](P& p, O& o) {
              p.y = start.view();
              o.restarts = 2;
            }),
            "restarts is 2 but the start y is given, from which every run would be the same");
  auto spoiled = csr_of<float>(40, 30, {{0, 0, 1}, {2, 1, 3}});
  spoiled.values.data()[1] = std::nanf("");
  const auto bad = to_context(ctx, spoiled);
  EXPECT_EQ(refusal([&](P& p, O&) { p.ratings = bad.view(); }),
            "ratings: entry 1 has the value nan, expected a finite number");
}

TEST_P(Als, RefusesWrongShapes) {
  Context ctx = context();
  const Planted<float> planted;
  const OnContext<float> there(ctx, planted);
  const auto other = to_context(ctx, csr_of<float>(40, 31, {{0, 0, 1}}));
  const Matrix<float> start(ctx, 30, 4);
  AlsProblem<float> problem = there.problem;
  problem.validation = other.view();
  EXPECT_EQ(message_of<ShapeError>([&] { als(ctx, problem, options_of(3, 0.1, 1)); }),
            "validation is 40 x 31, expected 40 x 30");
  problem = there.problem;
  problem.y = start.view();
  EXPECT_EQ(message_of<ShapeError>([&] { als(ctx, problem, options_of(3, 0.1, 1)); }), "y is 30 x 4, expected 30 x 3");
}

TEST_P(Als, SaysBeforehandThatItDoesNotFit) {
  Context ctx = context();
  const Planted<float> planted;
  const OnContext<float> there(ctx, planted);
  const auto message = message_of<OutOfMemory>([&] { als(ctx, there.problem, options_of(index_t{1} << 40, 0.1, 1)); });
  EXPECT_NE(message.find("als() would take about"), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(Backends, Als, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
