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
  CompletionProblem<T> problem;
  OnContext(const Context& ctx, const Planted<T>& planted)
      : ratings(to_context(ctx, planted.ratings)), validation(to_context(ctx, planted.validation)) {
    problem.ratings = ratings.view();
  }
};

CompletionOptions options_of(index_t rank, double lambda, int sweeps) {
  CompletionOptions options;
  options.rank = rank;
  options.lambda_x = options.lambda_y = lambda;
  options.stopping.sweeps = sweeps;
  return options;
}

/// How far the objectives of two runs with different roundings may be apart, relatively, after so many sweeps. A half-
/// sweep solves systems A of up to n entries whose elements are off by (n + 3 k + 8) eps (sums and Cholesky: Higham,
/// section 3.1 and theorem 10.4), so x by that times the condition number |A| |A^-1| <= 1 + max |y_j|^2 / lambda where
/// lambda is weighed by the count. The objective, quadratic in x, is off by twice as much, relatively; both runs and
/// both halves of each sweep count. That an earlier sweep's rounding is not amplified by later ones is not derived: ALS
/// contracts where it converges.
template <class T>
double history_bound(const CompletionResult<T>& result, const CompletionOptions& options, index_t most_entries,
                     int sweeps) {
  double longest = 0;
  for (const auto& factor : {to_host(result.x), to_host(result.y)})
    for (index_t i = 0; i < factor.rows(); ++i) {
      double squared = 0;
      for (index_t f = 0; f < factor.cols(); ++f) squared += std::pow(static_cast<double>(factor(i, f)), 2);
      longest = std::max(longest, squared);
    }
  const double unit = static_cast<double>(most_entries + 3 * options.rank + 8) * eps<T>();
  return 8 * sweeps * unit * (1 + longest / std::min(options.lambda_x, options.lambda_y));
}

class Als : public OnBackendForward {};

TEST_P(Als, RefusesATimeLimitThatIsNone) {
  Context ctx = context();
  const auto ratings = to_context(ctx, csr_of<float>(2, 2, {{0, 0, 1}, {1, 1, 2}}));
  for (double seconds : {0.0, -1.0, std::nan("")}) {
    CompletionOptions options{.rank = 1};
    options.stopping.seconds = seconds;
    EXPECT_NE(message_of<InvalidArgument>([&] {
                als(ctx, CompletionProblem<float>{ratings.view()}, options);
              }).find("seconds"),
              std::string::npos);
  }
}

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
  // Both add up 600 squares, none negative: 600 eps. And each residual r, of about 0.2 at least in the mean, carries up
  // to (k + 1) eps (|a| + |x||y|), some 60 eps here, in its two ways: 2 * 60 eps / 0.2. In all some 1200 eps, 3e-13.
  EXPECT_NEAR(history.back().objective, objective, 1e-12 * objective);
  for (std::size_t n = 1; n < history.size(); ++n) EXPECT_LE(history[n].objective, history[n - 1].objective);
  EXPECT_EQ(result.best_sweep, 6);
  EXPECT_EQ(result.singular_rows, 0);
}

TEST_P(Als, TheMeanIsOfTheRatings) {
  Context ctx = context();
  const auto csr = to_context(ctx, csr_of<double>(2, 2, {{0, 0, 1, 1}, {0, 1, 2, 1}, {1, 1, 6, 2}}, true));
  CompletionProblem<double> problem{csr.view()};
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
  CompletionProblem<double> problem{ratings.view(), held.view()};
  const auto result = als(ctx, problem, options_of(1, 0.1, 2));
  EXPECT_EQ(result.validation_left_out, 2);
  const auto x = to_host(result.x), y = to_host(result.y);
  // |a - xy| with |a|, |xy| <= 1: three roundings, then a square and its root, of half an eps each.
  EXPECT_NEAR(result.runs[0].history.back().validation_rmse, std::abs(2 - result.mean - x(1, 0) * y(0, 0)),
              4 * eps<double>());
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
  const auto full = als(ctx, CompletionProblem<double>{observed.view()}, options);
  EXPECT_TRUE(same_bits(to_host(dense.x), to_host(full.x))) << "the same call, the same path";
  // With weights of 1 the masked solver runs instead; same equations, so the histories agree to rounding: within what
  // history_bound() says.
  const auto weighted = to_context(ctx, csr_of<double>(20, 15, entries, /*weights=*/true));
  const auto masked = als(ctx, CompletionProblem<double>{weighted.view()}, options);
  for (std::size_t n = 0; n < 8; ++n)
    EXPECT_NEAR(masked.runs[0].history[n].objective, dense.runs[0].history[n].objective,
                history_bound(masked, options, 20, static_cast<int>(n) + 1) * dense.runs[0].history[n].objective);
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
    CompletionProblem<float> problem = there.problem;
    CompletionOptions options = options_of(3, 0.1, 2);
    spoil(problem, options);
    return message_of<InvalidArgument>([&] { als(ctx, problem, options); });
  };
  using P = CompletionProblem<float>;
  using O = CompletionOptions;
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
  const auto unknown = to_context(ctx, csr_of<float>(40, 30, {{2, 3, 1}, {2, 4, 1}}));
  const auto one = to_context(ctx, csr_of<float>(40, 30, {{0, 0, 1}}));
  EXPECT_EQ(refusal([&](P& p, O& o) {
              p = {one.view(), unknown.view()};
              o.stopping.patience = 2;
            }),
            "patience is 2 but all 2 validation entries are left out: none has ratings in its row and in its column");
  EXPECT_EQ(refusal([](P&, O& o) {
              o.lambda_x = 1e39;
              o.weighting = Weighting::plain;
            }),
            "lambda_x is 1e+39, expected at most 3.4028234663852886e+38");
  EXPECT_NE(refusal([](P&, O& o) { o.lambda_y = 1e37; }).find("lambda_y is 1e+37, expected at most 8.5"),
            std::string::npos);
  auto spoiled = csr_of<float>(40, 30, {{0, 0, 1}, {2, 1, 3}});
  spoiled.values.data()[1] = std::nanf("");
  const auto bad = to_context(ctx, spoiled);
  EXPECT_EQ(refusal([&](P& p, O&) { p.ratings = bad.view(); }),
            "ratings: entry 1 has the value nan, expected a finite number");
}

void one_of_many_diverges(Context& ctx, const Csr<float>& csr) {
  const CompletionProblem<float> problem{csr.view()};
  auto options = options_of(1, 0, 5);
  options.centre = false;
  options.restarts = 20;
  std::vector<int> sweeps(20, 0);
  options.callback = [&](int start, const SweepRecord&) { return ++sweeps[static_cast<std::size_t>(start)] > 0; };
  const auto result = als(ctx, problem, options);
  ASSERT_EQ(result.runs.size(), 20u);
  std::size_t diverged = 0;
  for (std::size_t r = 0; r < 20; ++r) {
    const CompletionRun& run = result.runs[r];
    EXPECT_EQ(static_cast<std::size_t>(sweeps[r]), run.history.size());
    for (const auto& record : run.history) EXPECT_TRUE(std::isfinite(record.objective));
    if (run.stopped != StopReason::diverged) continue;
    if (diverged++ > 0) continue;
    // Alone it is an error.
    CompletionOptions alone = options;
    alone.restarts = 1;
    alone.seed = run.seed;
    alone.callback = nullptr;
    EXPECT_EQ(message_of<Error>([&] { als(ctx, problem, alone); }),
              "als() diverged: from the seed " + std::to_string(run.seed) +
                  " the objective is not finite after sweep " + std::to_string(run.history.size() + 1) +
                  ", as numbers exceed what float holds; smaller ratings or a lambda that is not so small keep them "
                  "within it");
  }
  EXPECT_GT(diverged, 0u);
  ASSERT_LT(diverged, 20u);
  EXPECT_EQ(result.runs[static_cast<std::size_t>(result.best_run)].stopped, StopReason::sweeps);
  EXPECT_EQ(result.best_sweep, 5);
  const auto x = to_host(result.x);
  for (index_t i = 0; i < 3; ++i) EXPECT_TRUE(std::isfinite(x(i, 0)));
}

// Numbers near the largest float, or near its root: where every entry is observed and the closed form is taken, and on
// CUDA, whose singular rows are not scaled, their squares count. From some starts one overflows, from others none does.
TEST_P(Als, AStartThatDivergesDoesNotTakeTheOthersWithIt) {
  Context ctx = context();
  for (const auto& [cols, large] :
       {std::pair<index_t, double>{3, GetParam() == Backend::cuda ? 1.5e19 : 1e38}, {2, 1.5e19}}) {
    const std::vector<Entry> entries{{0, 0, large}, {0, 1, 1},         {1, 0, 1},
                                     {1, 1, large}, {2, 0, large / 5}, {2, 1, -large / 5}};
    one_of_many_diverges(ctx, to_context(ctx, csr_of<float>(3, cols, entries)));
  }
}

TEST_P(Als, WhereEveryStartDivergesItSaysSo) {
  Context ctx = context();
  std::vector<Entry> entries;
  for (column_t j = 0; j < 100; ++j) entries.push_back({j % 2, j, 3e38});
  const auto csr = to_context(ctx, csr_of<float>(2, 100, entries));
  auto options = options_of(1, 0, 3);
  options.centre = false;
  options.restarts = 3;
  const auto message = message_of<Error>([&] { als(ctx, CompletionProblem<float>{csr.view()}, options); });
  EXPECT_NE(message.find("als() diverged from each of 3 starts: from the seed 0 the objective is not finite after"),
            std::string::npos)
      << message;
}

TEST_P(Als, RefusesWrongShapes) {
  Context ctx = context();
  const Planted<float> planted;
  const OnContext<float> there(ctx, planted);
  const auto other = to_context(ctx, csr_of<float>(40, 31, {{0, 0, 1}}));
  const Matrix<float> start(ctx, 30, 4);
  CompletionProblem<float> problem = there.problem;
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

// A square of the rank's size is more than the factors: a million squared, in float, 3.6 TiB and more.
TEST_P(Als, AMillionFactorsAreRefusedAtOnce) {
  Context ctx = context();
  const auto csr = to_context(ctx, csr_of<float>(4, 3, {{0, 0, 1}, {1, 2, 1}, {3, 1, 1}}));
  const auto message =
      message_of<OutOfMemory>([&] { als(ctx, CompletionProblem<float>{csr.view()}, options_of(1000000, 0.1, 1)); });
  EXPECT_NE(message.find(" TiB of the " + std::string(to_string(GetParam())) + " backend's memory, of which "),
            std::string::npos)
      << message;
}

TEST_P(Als, AMatrixTooLargeIsRefusedBeforeItsPlacesAreMade) {
  Context ctx = context();
  constexpr index_t most = 0x7fffffff;  // its elements are never looked at
  Buffer<float> element(ctx, 1);
  const MatrixView<const float> huge(element.data(), most, most);
  const auto message = message_of<OutOfMemory>([&] { als(ctx, huge, options_of(1, 0.1, 1)); });
  EXPECT_NE(message.find("als() would take about"), std::string::npos) << message;
}

// What each backend works with shows in the estimate: see the workspace functions beside its code.
TEST_P(Als, TheEstimateCountsWhatTheBackendWorksWith) {
  constexpr offset_t entries = 100'000'000;
  const Context ctx = context(4);
  const AlsSize ratings{500'000, 20'000, entries, false, 0, 1, sizeof(float)};
  const double least = 500'001 * 8.0 + entries * 4.0 + 20'001 * 8.0 + entries * 8.0;  // centred, and by column
  const auto sorting = static_cast<double>(als_memory(ctx, ratings)) - least;
  const double per_entry = GetParam() == Backend::reference ? 0 : GetParam() == Backend::cpu ? 20 : 24;
  EXPECT_GE(sorting, per_entry * entries);
  EXPECT_LE(sorting, (per_entry + 9) * entries);

  AlsSize wide{100'000, 100'000, 3'000'000, false, 0, 4096, sizeof(double)};
  const double factors = 2 * 2 * 1e5 * 4096 * 8, system = 4096.0 * 4096 * 8;
  const auto solving = static_cast<double>(als_memory(ctx, wide)) - factors;
  EXPECT_GE(solving, GetParam() == Backend::cpu ? 4 * system : system);
  if (GetParam() != Backend::reference) {  // both sides in other coordinates, and the matrices that lead there
    AlsSize implicit = wide;
    implicit.implicit = true;
    EXPECT_GE(static_cast<double>(als_memory(ctx, implicit) - als_memory(ctx, wide)), factors / 2 + 7 * system);
  }
  if (GetParam() == Backend::cuda) {  // of each row a flag and its place among the rows in the order of their forms
    const AlsSize tall{1'000'000'000, 1, 1, false, 0, 1, sizeof(float)};
    EXPECT_GE(static_cast<double>(als_memory(ctx, tall)), 1e9 * (sizeof(offset_t) + 2 * sizeof(float) + 9));
  }
  wide.validation_entries = 1'000'000'000;
  EXPECT_GE(static_cast<double>(als_memory(ctx, wide)) - factors - solving, 12e9);
}

/// Against the cpu backend, whose histories are held to independent figures in acceptance_test.cpp.
class AlsBesideCpu : public OnBackendForward {};

template <class T>
void same_history_as_cpu(Context& ctx) {
  const Planted<T> planted(0.3);
  const auto options = options_of(3, 0.05, 6);
  Context cpu = Context::cpu(2);
  const auto expected = als(cpu, OnContext<T>(cpu, planted).problem, options);
  const auto found = als(ctx, OnContext<T>(ctx, planted).problem, options);
  for (std::size_t n = 0; n < 6; ++n) {
    const SweepRecord &a = expected.runs[0].history.at(n), &b = found.runs[0].history.at(n);
    const double bound = history_bound(expected, options, 40, static_cast<int>(n) + 1);
    EXPECT_NEAR(a.objective, b.objective, bound * a.objective) << "sweep " << n + 1;
    EXPECT_NEAR(a.train_rmse, b.train_rmse, bound * a.objective) << "sweep " << n + 1;
  }
}

TEST_P(AlsBesideCpu, TheHistoryIsTheSame) {
  Context ctx = context();
  same_history_as_cpu<float>(ctx);
  same_history_as_cpu<double>(ctx);
}

INSTANTIATE_TEST_SUITE_P(Backends, AlsBesideCpu, testing::Values(Backend::reference, Backend::cuda), backend_name);

INSTANTIATE_TEST_SUITE_P(Backends, Als, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
