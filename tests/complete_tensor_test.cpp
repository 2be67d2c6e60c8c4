#include "complete_tensor_support.hpp"

namespace seesaw::test {
namespace {

class CompleteTensor : public OnBackendForward {};

TEST_P(CompleteTensor, RecoversAPlantedTensor) {
  Context ctx = context();
  const Split split = planted({20, 18, 16}, 3, 0.3, 0, 5);
  const auto known = entries_of<double>(ctx, split.known), held_out = entries_of<double>(ctx, split.held_out);
  const auto result = complete_tensor(ctx, {known.view(), held_out.view()}, options_of(3, 1e-10, 60, 2));
  const SweepRecord& last = result.runs[0].history.back();
  EXPECT_LT(last.validation_rmse, 1e-5 * root_mean_square(split.held_out));
  EXPECT_NEAR(rmse_of(split.held_out, result), last.validation_rmse, 1e-10);
  EXPECT_NEAR(rmse_of(split.known, result), last.train_rmse, 1e-10);
  EXPECT_EQ(result.validation_left_out, 0);
  EXPECT_EQ(result.singular_rows, 0);
}

TEST_P(CompleteTensor, RecoversInFloatAndOfOrderFour) {
  Context ctx = context();
  const Split split = planted({9, 8, 7, 10}, 2, 0.25, 0, 7);
  const auto known = entries_of<float>(ctx, split.known), held_out = entries_of<float>(ctx, split.held_out);
  const TensorCompletionOptions options = options_of(2, 1e-6, 60, 4);  // not every start finds it
  const auto result = complete_tensor(ctx, {known.view(), held_out.view()}, options);
  EXPECT_LT(result.runs[static_cast<std::size_t>(result.best_run)].history.back().validation_rmse,
            1e-4 * root_mean_square(split.held_out));
  EXPECT_LT(rmse_of(split.held_out, result), 1e-4 * root_mean_square(split.held_out));
}

// Columns of norm 1, weights falling, the largest element of a column positive in all modes but the last.
TEST_P(CompleteTensor, ComponentsAreCanonical) {
  Context ctx = context();
  const Split split = planted({9, 8, 7}, 3, 0.6, 0.1, 11);
  const auto known = entries_of<double>(ctx, split.known);
  const auto result = complete_tensor(ctx, {known.view()}, options_of(3, 0.01, 10, 3));
  ASSERT_EQ(result.factors.size(), 3u);
  for (std::size_t m = 0; m < 3; ++m) {
    const auto factor = to_host(result.factors[m]);
    for (index_t r = 0; r < 3; ++r) {
      double squared = 0, largest = 0;
      for (index_t i = 0; i < factor.rows(); ++i) {
        squared += factor(i, r) * factor(i, r);
        if (std::abs(factor(i, r)) > std::abs(largest)) largest = factor(i, r);
      }
      EXPECT_NEAR(squared, 1, 1e-14);
      EXPECT_TRUE(m == 2 || largest > 0) << largest;
    }
  }
  EXPECT_GE(result.weights[0], result.weights[1]);
  EXPECT_GE(result.weights[1], result.weights[2]);
  EXPECT_GT(result.weights[2], 0);
}

/// One sweep by its formula, in double: the dense normal equations of each row, by elimination.
std::vector<Matrix<double>> swept(const Tensor& tensor, std::vector<Matrix<double>> at,
                                  const TensorCompletionOptions& options, double mean, bool weighted) {
  const index_t k = options.rank;
  const auto size = static_cast<std::size_t>(k);
  for (std::size_t mode = 0; mode < at.size(); ++mode)
    for (index_t i = 0; i < at[mode].rows(); ++i) {
      std::vector<std::vector<double>> system(size, std::vector<double>(size + 1, 0));
      double count = 0;
      for (const TensorEntry& entry : tensor.entries) {
        if (entry.index[mode] != i) continue;
        ++count;
        std::vector<double> h(size, 1);
        for (std::size_t m = 0; m < at.size(); ++m)
          for (std::size_t f = 0; f < size && m != mode; ++f) h[f] *= at[m](entry.index[m], static_cast<index_t>(f));
        const double weight = weighted ? entry.weight : 1;
        for (std::size_t f = 0; f < size; ++f) {
          for (std::size_t g = 0; g < size; ++g) system[f][g] += weight * h[f] * h[g];
          system[f][size] += weight * h[f] * (entry.value - mean);
        }
      }
      const double penalty =
          options.lambda[mode] * (options.weighting == Weighting::plain ? 1 : std::pow(count, options.exponent));
      for (std::size_t f = 0; f < size; ++f) system[f][f] += penalty;
      for (std::size_t p = 0; p < size && count > 0; ++p)
        for (std::size_t f = 0; f < size; ++f) {
          if (f == p) continue;
          const double by = system[f][p] / system[p][p];
          for (std::size_t g = p; g <= size; ++g) system[f][g] -= by * system[p][g];
        }
      for (std::size_t f = 0; f < size; ++f)
        at[mode](i, static_cast<index_t>(f)) = count > 0 ? system[f][size] / system[f][f] : 0;
    }
  return at;
}

/// The objective by its formula.
double objective_of(const Tensor& tensor, const std::vector<Matrix<double>>& at, const TensorCompletionOptions& options,
                    double mean, bool weighted) {
  double sum = 0;
  std::vector<std::vector<double>> counts;
  for (const Matrix<double>& factor : at) counts.emplace_back(static_cast<std::size_t>(factor.rows()), 0.0);
  for (const TensorEntry& entry : tensor.entries) {
    double residual = entry.value - mean;
    for (index_t f = 0; f < options.rank; ++f) {
      double product = 1;
      for (std::size_t m = 0; m < at.size(); ++m) product *= at[m](entry.index[m], f);
      residual -= product;
    }
    sum += 0.5 * (weighted ? entry.weight : 1) * residual * residual;
    for (std::size_t m = 0; m < at.size(); ++m) ++counts[m][static_cast<std::size_t>(entry.index[m])];
  }
  for (std::size_t m = 0; m < at.size(); ++m)
    for (index_t i = 0; i < at[m].rows(); ++i)
      for (index_t f = 0; f < options.rank; ++f)
        sum += 0.5 * options.lambda[m] * at[m](i, f) * at[m](i, f) *
               (options.weighting == Weighting::plain
                    ? 1
                    : std::pow(counts[m][static_cast<std::size_t>(i)], options.exponent));
  return sum;
}

/// Against the formulas, sweep by sweep. Condition numbers are some hundreds here, so that the figures agree to about
/// that times some tens of eps.
void is_the_formula(Context& ctx, const std::vector<index_t>& shape, bool weighted, Weighting weighting, bool centre) {
  Tensor tensor = planted(shape, 2, 0.5, 0.3, 13).known;
  for (TensorEntry& entry : tensor.entries) entry.value += 1;
  std::erase_if(tensor.entries, [](const TensorEntry& entry) { return entry.index[1] == 2; });  // an empty slice
  TensorCompletionOptions options = options_of(3, 0, 4, 9);
  for (std::size_t m = 0; m < shape.size(); ++m) options.lambda[m] = 0.1 * static_cast<double>(m + 1);
  options.weighting = weighting;
  options.exponent = 0.5;
  options.centre = centre;
  double mean = 0, total = 0;
  for (const TensorEntry& entry : tensor.entries) {
    mean += (weighted ? entry.weight : 1) * entry.value;
    total += weighted ? entry.weight : 1;
  }
  mean = centre ? mean / total : 0;
  std::vector<Matrix<double>> at;
  for (const index_t size : shape) at.push_back(random_matrix<double>(size, 3, 15 + at.size()));
  const Point<double> start = to_context(ctx, at);
  const auto known = entries_of<double>(ctx, tensor, weighted);
  const auto result = complete_tensor(ctx, {known.view(), {}, views(start)}, options);
  EXPECT_NEAR(result.mean, mean, 1e-14);
  const std::string where = "order " + std::to_string(shape.size());
  ASSERT_EQ(result.runs[0].history.size(), 4u);
  for (const SweepRecord& record : result.runs[0].history) {
    at = swept(tensor, std::move(at), options, mean, weighted);
    const double objective = objective_of(tensor, at, options, mean, weighted);
    EXPECT_NEAR(record.objective, objective, 1e-11 * objective) << where << ", sweep " << record.sweep;
    EXPECT_TRUE(std::isnan(record.validation_rmse));
  }
  EXPECT_NEAR(rmse_of(tensor, result), result.runs[0].history.back().train_rmse, 1e-12) << where;
  const auto empty = to_host(result.factors[1]);
  for (index_t f = 0; f < 3; ++f) EXPECT_EQ(empty(2, f), 0);
}

TEST_P(CompleteTensor, GoesByItsFormula) {
  Context ctx = context();
  is_the_formula(ctx, {6, 5, 4}, false, Weighting::plain, false);
  is_the_formula(ctx, {6, 5, 4}, true, Weighting::by_count, true);
  is_the_formula(ctx, {6, 5}, true, Weighting::by_count, true);
  is_the_formula(ctx, {4, 5, 3, 4}, false, Weighting::by_count, false);
  is_the_formula(ctx, {2, 3, 2, 3, 2, 2, 2, 2}, true, Weighting::plain, true);
}

// Of order 2 it is als(), from the same seed: both sum the residuals, by columns here and by rows there.
TEST_P(CompleteTensor, OfOrderTwoIsAls) {
  Context ctx = context();
  const Split split = planted({30, 25}, 3, 0.4, 0.2, 17);
  const auto known = entries_of<double>(ctx, split.known, true), held_out = entries_of<double>(ctx, split.held_out);
  const auto ratings = compress(ctx, known.view()), validation = compress(ctx, held_out.view());
  TensorCompletionOptions options = options_of(4, 0.05, 8, 21);
  options.lambda[1] = 0.08;
  options.centre = true;
  CompletionOptions own{.rank = 4, .lambda_x = 0.05, .lambda_y = 0.08, .seed = 21};
  own.stopping.sweeps = 8;
  const auto expected = als(ctx, {ratings.view(), validation.view()}, own);
  const auto found = complete_tensor(ctx, {known.view(), held_out.view()}, options);
  EXPECT_NEAR(found.mean, expected.mean, 1e-15);
  expect_same_history(found, expected, 8);
}

// With every element observed and no ridge each step is that of cp_als(), which keeps columns at norm 1.
TEST_P(CompleteTensor, OfAFullTensorIsCpAls) {
  Context ctx = context();
  const Tensor tensor = planted({7, 6, 5}, 3, 2, 0.3, 23).known;
  const auto sparse = entries_of<double>(ctx, tensor);
  const Point<double> start = to_context(ctx, random_point<double>({7, 6, 5}, 2, 25));
  CpOptions own;
  own.rank = 2;
  own.stopping = {.sweeps = 10, .fit_change = 0};
  const auto expected = cp_als(ctx, sparse.view(), own, views(start));
  const auto found = complete_tensor(ctx, {sparse.view(), {}, views(start)}, options_of(2, 0, 10));
  double squared = 0;
  for (const TensorEntry& entry : tensor.entries) squared += entry.value * entry.value;
  for (std::size_t n = 0; n < 10; ++n)
    EXPECT_NEAR(1 - std::sqrt(2 * found.runs[0].history[n].objective / squared), expected.runs[0].history[n].fit, 1e-8);
  EXPECT_NEAR(found.weights[0], expected.weights[0], 1e-7 * expected.weights[0]);
}

// Fewer entries of an index than the rank, and no ridge: the least squares solution of least norm, which fits them.
TEST_P(CompleteTensor, RowsShorterThanTheRankTakeTheMinimumNorm) {
  Context ctx = context();
  const Tensor tensor{{3, 3, 3}, {{{0, 0, 0}, 2}, {{1, 1, 1}, -3}, {{2, 2, 2}, 5}, {{0, 1, 2}, 1}}};
  const auto known = entries_of<double>(ctx, tensor);
  const auto result = complete_tensor(ctx, {known.view()}, options_of(4, 0, 2));
  EXPECT_LT(result.runs[0].history.back().train_rmse, 1e-13);
  EXPECT_EQ(result.singular_rows, 9);
}

// Noise is fitted at last: the sweep with the best validation RMSE is the one that comes back.
TEST_P(CompleteTensor, StopsEarlyAndKeepsTheBestSweep) {
  Context ctx = context();
  const Split split = planted({9, 8, 7}, 2, 0.35, 0.5, 27);
  const auto known = entries_of<double>(ctx, split.known), held_out = entries_of<double>(ctx, split.held_out);
  TensorCompletionOptions options = options_of(5, 1e-3, 100, 3);
  options.stopping.patience = 3;
  options.restarts = 2;
  const auto result = complete_tensor(ctx, {known.view(), held_out.view()}, options);
  ASSERT_EQ(result.runs.size(), 2u);
  double best = std::numeric_limits<double>::infinity();
  for (const CompletionRun& run : result.runs) {
    EXPECT_EQ(run.stopped, StopReason::validation);
    for (const SweepRecord& record : run.history) best = std::min(best, record.validation_rmse);
  }
  const auto& history = result.runs[static_cast<std::size_t>(result.best_run)].history;
  EXPECT_EQ(history.at(static_cast<std::size_t>(result.best_sweep) - 1).validation_rmse, best);
  EXPECT_LT(static_cast<std::size_t>(result.best_sweep), history.size());
  EXPECT_NEAR(rmse_of(split.held_out, result), best, 1e-12);
}

TEST_P(CompleteTensor, LeavesOutValidationOfWhatHasNoEntries) {
  Context ctx = context();
  const Tensor tensor{{3, 2, 2}, {{{0, 0, 0}, 2}, {{1, 1, 1}, 4}}};
  const Tensor unknown{{3, 2, 2}, {{{2, 0, 0}, 2}, {{1, 0, 1}, 3}}}, none{{3, 2, 2}, {{{2, 0, 0}, 2}}};
  const auto known = entries_of<double>(ctx, tensor), held_out = entries_of<double>(ctx, unknown);
  TensorCompletionOptions options = options_of(1, 0.1, 3);
  options.centre = true;
  const auto result = complete_tensor(ctx, {known.view(), held_out.view()}, options);
  EXPECT_EQ(result.validation_left_out, 1);
  EXPECT_EQ(result.mean, 3);
  EXPECT_NEAR(std::abs(residuals(Tensor{{3, 2, 2}, {unknown.entries[1]}}, result)[0]),
              result.runs[0].history.back().validation_rmse, 1e-13);
  const auto left_out = entries_of<double>(ctx, none);
  options.stopping.patience = 2;
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              complete_tensor(ctx, {known.view(), left_out.view()}, options);
            }),
            "patience is 2 but all 1 validation entries are left out: none has entries in its index of each mode");
}

TEST_P(CompleteTensor, KeepsTheBestOfSeveralStarts) {
  Context ctx = context();
  const Split split = planted({8, 7, 6}, 3, 0.5, 0.1, 31);
  const auto known = entries_of<double>(ctx, split.known);
  TensorCompletionOptions options = options_of(2, 0.01, 6, 40);
  options.restarts = 4;
  int calls = 0;
  options.callback = [&](int start, const SweepRecord& record) {
    EXPECT_EQ(start, calls / 6);
    EXPECT_EQ(record.sweep, calls++ % 6 + 1);
    return true;
  };
  const auto result = complete_tensor(ctx, {known.view()}, options);
  EXPECT_EQ(calls, 24);
  for (int start = 0; start < 4; ++start) {
    const CompletionRun& run = result.runs.at(static_cast<std::size_t>(start));
    EXPECT_EQ(run.seed, 40u + static_cast<std::uint64_t>(start));
    EXPECT_GE(run.history.back().objective,
              result.runs[static_cast<std::size_t>(result.best_run)].history.back().objective);
    TensorCompletionOptions alone = options_of(2, 0.01, 6, run.seed);
    const auto one = complete_tensor(ctx, {known.view()}, alone);
    EXPECT_EQ(one.runs[0].history.back().objective, run.history.back().objective);
    EXPECT_EQ(same_bits(to_host(one.factors[2]), to_host(result.factors[2])), start == result.best_run);
  }
}

// All go down the same objective from the same start: L-BFGS to the minimum, gradient descent on the way there.
TEST_P(CompleteTensor, GoesDownByGradientsToo) {
  Context ctx = context();
  const Split split = planted({7, 6, 5}, 2, 0.6, 0.1, 35);
  const auto known = entries_of<double>(ctx, split.known), held_out = entries_of<double>(ctx, split.held_out);
  const Point<double> start = to_context(ctx, random_point<double>({7, 6, 5}, 2, 37));
  TensorCompletionOptions options = options_of(2, 0.05, 400);
  options.centre = true;
  const TensorCompletionProblem<double> problem{known.view(), held_out.view(), views(start)};
  const auto expected = complete_tensor(ctx, problem, options).runs[0].history.back();
  SolverOptions own;
  own.gradient_descent.rule = GradientStep::exact;
  for (const Solver solver : {Solver::lbfgs, Solver::gd}) {
    options.stopping.sweeps = solver == Solver::gd ? 15 : 80;
    const auto result = complete_tensor(ctx, problem, options, solver, own);
    const auto& history = result.runs[0].history;
    for (std::size_t n = 1; n < history.size(); ++n)
      EXPECT_LE(history[n].objective, history[n - 1].objective * (1 + 1e-12)) << to_string(solver);
    const double relative = history.back().objective / expected.objective - 1;
    EXPECT_LT(std::abs(relative), solver == Solver::gd ? 0.5 : 1e-4) << to_string(solver);
    EXPECT_NEAR(rmse_of(split.known, result), history.back().train_rmse, 1e-12);
    EXPECT_NEAR(rmse_of(split.held_out, result), history.back().validation_rmse, 1e-12);
    EXPECT_LT(history.back().gradient_norm, history.front().gradient_norm);
  }
}

TEST_P(CompleteTensor, WhereEveryStartDivergesItSaysSo) {
  Context ctx = context();
  const Split split = planted({5, 4, 3}, 2, 0.8, 0, 39);
  const auto known = entries_of<double>(ctx, split.known);
  SolverOptions own;
  own.gradient_descent.rule = GradientStep::fixed;
  own.gradient_descent.step = 10;
  const auto message =
      message_of<Error>([&] { complete_tensor(ctx, {known.view()}, options_of(2, 0.1, 50), Solver::gd, own); });
  EXPECT_NE(message.find("complete_tensor() diverged: from the seed 0 "), std::string::npos) << message;
  own.gradient_descent.rule = GradientStep::lipschitz;
  EXPECT_NE(message_of<InvalidArgument>([&] {
              complete_tensor(ctx, {known.view()}, options_of(2, 0.1, 5), Solver::gd, own);
            }).find("the rule is lipschitz"),
            std::string::npos);
}

TEST_P(CompleteTensor, IsTheSameForAnyNumberOfThreads) {
  const Split split = planted({12, 11, 10}, 3, 0.5, 0.1, 33);
  Context one = context(1), five = context(5);
  const auto a = complete_tensor(one, {entries_of<float>(one, split.known).view()}, options_of(5, 0.01, 3));
  const auto b = complete_tensor(five, {entries_of<float>(five, split.known).view()}, options_of(5, 0.01, 3));
  for (std::size_t m = 0; m < 3; ++m) EXPECT_TRUE(same_bits(to_host(a.factors[m]), to_host(b.factors[m])));
  EXPECT_EQ(a.runs[0].history.back().objective, b.runs[0].history.back().objective);
}

template <class E, class T>
std::string refusal(Context& ctx, const TensorCompletionProblem<T>& problem, const TensorCompletionOptions& options) {
  return message_of<E>([&] { complete_tensor(ctx, problem, options); });
}

TEST_P(CompleteTensor, RefusesWhatIsNoProblem) {
  Context ctx = context();
  const Tensor tensor{{3, 2, 2}, {{{0, 0, 0}, 2}, {{1, 1, 1}, 4}}};
  const auto known = entries_of<double>(ctx, tensor, true);
  const TensorCompletionProblem<double> good{known.view()};
  const TensorCompletionOptions options = options_of(2, 0.1, 2);
  auto problem = good;
  problem.entries.order = 1;
  EXPECT_EQ(refusal<ShapeError>(ctx, problem, options), "entries has the order 1, expected 2 to 8");
  problem.entries.order = 9;
  EXPECT_EQ(refusal<ShapeError>(ctx, problem, options), "entries has the order 9, expected 2 to 8");
  problem = good;
  problem.entries.shape[1] = 0;
  EXPECT_EQ(refusal<ShapeError>(ctx, problem, options), "entries has the size 0 in mode 1, expected 1 to 2^31 - 1");
  problem.entries.shape[1] = 1;
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options), "entry 1 has the index (1, 1, 1), outside 3 x 1 x 2");
  problem = good;
  problem.entries.entries = 0;
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options), "entries has no entries");
  problem.entries.entries = -1;
  EXPECT_EQ(refusal<ShapeError>(ctx, problem, options), "entries has -1 entries, expected at least 1");
  problem = good;
  problem.entries.indices[2] = nullptr;
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options), "entries.indices[2] is a null pointer");
  for (const bool centre : {false, true}) {
    TensorCompletionOptions centred = options;
    centred.centre = centre;
    Tensor bad = tensor;
    bad.entries[1].value = std::nan("");
    EXPECT_EQ(
        refusal<InvalidArgument>(ctx, TensorCompletionProblem<double>{entries_of<double>(ctx, bad).view()}, centred),
        "entry 1 at (1, 1, 1) has the value nan, expected a finite number");
    bad = tensor;
    bad.entries[0].weight = -0.5;
    EXPECT_EQ(refusal<InvalidArgument>(ctx, TensorCompletionProblem<double>{entries_of<double>(ctx, bad, true).view()},
                                       centred),
              "entry 0 at (0, 0, 0) has the weight -0.5, expected a finite number >= 0");
  }
  Tensor huge = tensor;
  for (TensorEntry& entry : huge.entries) entry.value = 1.7e308;
  TensorCompletionOptions centred = options;
  centred.centre = true;
  EXPECT_EQ(
      refusal<InvalidArgument>(ctx, TensorCompletionProblem<double>{entries_of<double>(ctx, huge).view()}, centred),
      "the mean of the entries is inf, expected a finite number; smaller values have one");
}

TEST_P(CompleteTensor, RefusesValidationAndStartsThatDoNotFit) {
  Context ctx = context();
  const Tensor tensor{{3, 2, 2}, {{{0, 0, 0}, 2}, {{1, 1, 1}, 4}}};
  const auto known = entries_of<double>(ctx, tensor);
  const TensorCompletionProblem<double> good{known.view(), known.view()};
  const TensorCompletionOptions options = options_of(2, 0.1, 2);
  auto problem = good;
  problem.validation.order = 2;
  EXPECT_EQ(refusal<ShapeError>(ctx, problem, options), "validation has the order 2, expected 3 as entries has");
  problem = good;
  problem.validation.shape[2] = 5;
  EXPECT_EQ(refusal<ShapeError>(ctx, problem, options),
            "validation has the size 5 in mode 2, expected 2 as entries has");
  problem = good;
  problem.validation.values = nullptr;
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options), "validation.values is a null pointer");
  Tensor outside = tensor;
  outside.entries[1].index[0] = 3;
  const auto bad = entries_of<double>(ctx, outside);
  problem = good;
  problem.validation = bad.view();
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options),
            "validation: entry 1 has the index (3, 1, 1), outside 3 x 2 x 2");

  const Point<double> start = to_context(ctx, random_point<double>({3, 2, 2}, 3, 1));
  problem = good;
  problem.start = views(start);
  EXPECT_EQ(refusal<ShapeError>(ctx, problem, options), "start[0] is 3 x 3, expected 3 x 2");
  TensorCompletionOptions restarts = options_of(3, 0.1, 2);
  restarts.restarts = 2;
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, restarts),
            "restarts is 2 but the start start[0] is given, from which every run would be the same");
  Matrix<double> host = random_matrix<double>(2, 2, 3);
  host(1, 0) = std::nan("");
  const Matrix<double> nan = seesaw::to_context(ctx, host);
  problem = good;
  problem.start[1] = nan.view();
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options), "start[1] has an element that is not finite");
  const Matrix<double> zero = seesaw::to_context(ctx, matrix_of<double>(2, 2, {0, 0, 0, 0}));
  problem.start[1] = zero.view();
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options), "start[1] is all zero: nothing could be found from there");
}

TEST_P(CompleteTensor, RefusesOptionsOutOfRange) {
  Context ctx = context();
  const Tensor tensor{{3, 2, 2}, {{{0, 0, 0}, 2}, {{1, 1, 1}, 4}}};
  const auto known = entries_of<float>(ctx, tensor);
  const TensorCompletionProblem<float> problem{known.view()};
  TensorCompletionOptions options = options_of(0, 0.1, 2);
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options), "rank is 0, expected at least 1");
  options = options_of(2, 0.1, 2);
  options.lambda[1] = -0.5;
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options), "lambda[1] is -0.5, expected a finite number >= 0");
  options.lambda[1] = std::nan("");
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options), "lambda[1] is nan, expected a finite number >= 0");
  options = options_of(2, 0.1, 0);
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options), "sweeps is 0, expected at least 1");
  options = options_of(2, 0.1, 2);
  options.restarts = 0;
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options), "restarts is 0, expected at least 1");
  options = options_of(2, 0.1, 2);
  options.stopping.patience = 2;
  EXPECT_EQ(refusal<InvalidArgument>(ctx, problem, options),
            "patience is 2 but there are no validation entries to watch");
  EXPECT_EQ(
      message_of<InvalidArgument>([&] { complete_tensor(ctx, problem, options_of(2, 0.1, 2), Solver::nuclear_pgd); }),
      "solver is nuclear-pgd, expected als, gd or lbfgs for a tensor");
  for (const index_t rank : {index_t{1} << 40, index_t{1} << 62}) {
    const auto message = refusal<OutOfMemory>(ctx, problem, options_of(rank, 0.1, 2));
    EXPECT_NE(message.find("complete_tensor() would take about"), std::string::npos) << message;
  }
}

// Entries by each mode and two copies of the factors at least; at most what sorting takes, 33 bytes an entry, too.
TEST_P(CompleteTensor, TheEstimateCountsWhatItWorksWith) {
  const Context ctx = context();
  TensorCompletionSize size;
  size.shape = {1000, 2000, 3000};
  size.entries = 10'000'000;
  size.rank = 16;
  const auto base = static_cast<double>(complete_tensor_memory(ctx, size));
  EXPECT_GE(base, 3 * 1e7 * (2 * 4 + 4) + 2 * 6000 * 16 * 4);
  EXPECT_LE(base, 3 * 1e7 * (2 * 4 + 4) + 1e7 * (8 + 33) + 3e8);
  size.longest = 5'000'000;  // their vectors are formed at once
  const double vectors = 5e6 * 16 * 4;
  EXPECT_GE(static_cast<double>(complete_tensor_memory(ctx, size)), 3 * 1e7 * (2 * 4 + 4) + vectors);
  size.rank = index_t{1} << 60;
  EXPECT_EQ(complete_tensor_memory(ctx, size), std::numeric_limits<std::int64_t>::max());
}

INSTANTIATE_TEST_SUITE_P(Backends, CompleteTensor, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
