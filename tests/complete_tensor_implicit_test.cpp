#include "complete_tensor_support.hpp"
#include "implicit_slices.hpp"
#include "seesaw/tensor_rows.hpp"

namespace seesaw::test {
namespace {

class ImplicitTensor : public OnBackendForward {};
class ImplicitTensorRows : public OnBackend {};

/// visit(index) of every place of the shape.
template <class Visit>
void for_each_place(const std::vector<index_t>& shape, Visit&& visit) {
  std::array<column_t, kMaxOrder> index{};
  for (bool more = true; more;) {
    visit(index);
    more = false;
    for (std::size_t m = shape.size(); m-- > 0 && !more;) {
      more = ++index[m] < shape[m];
      if (!more) index[m] = 0;
    }
  }
}

/// Counts 1 to 4 at about `part` of the places, none in the slice 1 of mode 0.
Tensor counts(const std::vector<index_t>& shape, double part, std::uint64_t seed) {
  Tensor tensor{shape, {}};
  std::uint64_t draw = 0;
  for_each_place(shape, [&](const auto& index) {
    const double value = 1 + static_cast<double>(random_bits(seed, draw) % 4);
    if (random_uniform(seed + 1, draw++) < part && index[0] != 1) tensor.entries.push_back({index, value});
  });
  return tensor;
}

Tensor with_confidences(Tensor tensor, double alpha) {
  for (TensorEntry& entry : tensor.entries) entry.value = 1 + alpha * entry.value;
  return tensor;
}

template <class T>
double model_at(const Point<T>& factors, const std::array<column_t, kMaxOrder>& index) {
  double sum = 0;
  for (index_t f = 0; f < factors[0].cols(); ++f) {
    double product = 1;
    for (std::size_t m = 0; m < factors.size(); ++m) product *= static_cast<double>(factors[m](index[m], f));
    sum += product;
  }
  return sum;
}

/// Of every place: the confidence of its entry, or `unobserved`; and whether it is one.
struct Weights {
  const Tensor& confidences;
  double unobserved;

  template <class Visit>
  void for_each(Visit&& visit) const {
    std::size_t e = 0;  // the entries are in the order of their places
    for_each_place(confidences.shape, [&](const auto& index) {
      const bool known = e < confidences.entries.size() && confidences.entries[e].index == index;
      visit(index, known ? confidences.entries[e++].value : unobserved, known);
    });
  }
};

double number_of(const Tensor& tensor, std::size_t mode, index_t i) {
  double count = 0;
  for (const TensorEntry& entry : tensor.entries) count += entry.index[mode] == i ? 1 : 0;
  return count;
}

/// The rows of a mode by dense weighted least squares over all elements: normal equations in double, by elimination.
template <class T>
Matrix<double> dense_rows(const Tensor& confidences, const Point<T>& factors, std::size_t mode,
                          const ImplicitModel& model) {
  const auto k = static_cast<std::size_t>(factors[mode == 0 ? 1 : 0].cols());
  const index_t rows = confidences.shape[mode];
  std::vector<std::vector<double>> systems(static_cast<std::size_t>(rows), std::vector<double>(k * (k + 1), 0));
  Weights{confidences, model.unobserved}.for_each([&](const auto& index, double weight, bool known) {
    std::vector<double> h(k, 1);
    for (std::size_t m = 0; m < factors.size(); ++m)
      for (std::size_t f = 0; f < k && m != mode; ++f)
        h[f] *= static_cast<double>(factors[m](index[m], static_cast<index_t>(f)));
    auto& system = systems[static_cast<std::size_t>(index[mode])];
    for (std::size_t f = 0; f < k; ++f) {
      for (std::size_t g = 0; g < k; ++g) system[f * (k + 1) + g] += weight * h[f] * h[g];
      system[f * (k + 1) + k] += known ? weight * h[f] : 0;
    }
  });
  Matrix<double> x(rows, static_cast<index_t>(k));
  for (index_t i = 0; i < rows; ++i) {
    auto& system = systems[static_cast<std::size_t>(i)];
    const double count = number_of(confidences, mode, i);
    const double ridge = model.penalty.lambda * (model.penalty.weighting == Weighting::plain
                                                     ? 1
                                                     : std::pow(count + model.penalty.offset, model.penalty.exponent));
    for (std::size_t f = 0; f < k; ++f) system[f * (k + 1) + f] += ridge;
    for (std::size_t p = 0; p < k; ++p)
      for (std::size_t f = 0; f < k; ++f) {
        if (f == p) continue;
        const double by = system[f * (k + 1) + p] / system[p * (k + 1) + p];
        for (std::size_t g = p; g <= k; ++g) system[f * (k + 1) + g] -= by * system[p * (k + 1) + g];
      }
    for (std::size_t f = 0; f < k; ++f)
      x(i, static_cast<index_t>(f)) = count > 0 ? system[f * (k + 1) + k] / system[f * (k + 1) + f] : 0;
  }
  return x;
}

template <class T>
struct Found {
  Matrix<T> x;
  std::int64_t singular_rows;
};

template <class T>
Found<T> step(Context& ctx, const Tensor& confidences, const Point<T>& factors, std::size_t mode,
              const ImplicitModel& model) {
  const auto entries = by_mode<T>(ctx, confidences, static_cast<int>(mode), false);
  const auto there = to_context(ctx, factors);
  FactorViews<T> others = test::views(there);
  others[mode] = {};  // not read
  Matrix<T> out = seesaw::to_context(ctx, factors[mode]);
  Buffer<std::int64_t> singular(ctx, 1);
  solve_implicit_rows(ctx, entries.view, others, model, out.view(), singular.data());
  return {to_host(out), to_host(singular).data()[0]};
}

template <class T>
void expect_near(const Matrix<T>& found, const Matrix<double>& expected, double tolerance, const std::string& where) {
  double largest = 0;
  for (index_t i = 0; i < expected.rows(); ++i)
    for (index_t f = 0; f < expected.cols(); ++f) largest = std::max(largest, std::abs(expected(i, f)));
  for (index_t i = 0; i < expected.rows(); ++i)
    for (index_t f = 0; f < expected.cols(); ++f)
      EXPECT_NEAR(static_cast<double>(found(i, f)), expected(i, f), tolerance * largest) << where << ": " << i;
}

ImplicitModel model_of(const std::vector<index_t>& shape, std::size_t mode, double unobserved, Penalty penalty) {
  double others = unobserved;
  for (std::size_t m = 0; m < shape.size(); ++m) others *= m == mode ? 1.0 : static_cast<double>(shape[m]);
  penalty.offset = others;
  return {unobserved, penalty};
}

// One mode of length 2 besides its own, rank 1: with a = (1, 2) and b = (3) the products are 3 and 6, their Gram 45. At
// (0, 0) stands the confidence 5: (45 + (5 - 1) 9 + 9) x = 5 * 3.
TEST_P(ImplicitTensorRows, IsWhatHandsCompute) {
  Context ctx = context();
  const Tensor tensor{{2, 2, 1}, {{{0, 0, 0}, 5}}};
  Point<double> factors;
  factors.push_back(matrix_of<double>(2, 1, {7, 7}));
  factors.push_back(matrix_of<double>(2, 1, {1, 2}));
  factors.push_back(matrix_of<double>(1, 1, {3}));
  const auto found = step(ctx, tensor, factors, 0, {1, {9, Weighting::plain}});
  EXPECT_NEAR(found.x(0, 0), 15.0 / 90, 16 * eps<double>());
  EXPECT_EQ(found.x(1, 0), 0);  // no entries
  EXPECT_EQ(found.singular_rows, 0);
}

// The condition numbers are below some 1e3: 1e-10 is 1e3 times eps and the 5e2 operations in a sum.
TEST_P(ImplicitTensorRows, IsDenseWeightedLeastSquares) {
  Context ctx = context();
  for (const auto& shape : {std::vector<index_t>{6, 7}, {6, 5, 4}, {5, 3, 4, 3}})
    for (const index_t k : {1, 4}) {
      const Tensor confidences = with_confidences(counts(shape, 0.3, 7), 2.5);
      const auto factors = random_point<double>(shape, k, 9);
      for (std::size_t mode = 0; mode < shape.size(); ++mode)
        for (const double unobserved : {1.0, 0.3}) {
          const Penalty penalty =
              unobserved == 1 ? Penalty{0.5, Weighting::plain} : Penalty{0.2, Weighting::by_count, 0.5};
          const ImplicitModel model = model_of(shape, mode, unobserved, penalty);
          const auto found = step(ctx, confidences, factors, mode, model);
          const std::string where =
              "order " + std::to_string(shape.size()) + ", mode " + std::to_string(mode) + ", k = " + std::to_string(k);
          expect_near(found.x, dense_rows(confidences, factors, mode, model), 1e-10, where);
          EXPECT_EQ(found.singular_rows, 0) << where;
        }
    }
}

// In float the same tolerance is 1e3 * 500 times eps at worst; sums of some tens of terms come to a tenth of it.
TEST_P(ImplicitTensorRows, IsSoInFloat) {
  Context ctx = context();
  const std::vector<index_t> shape{6, 5, 4};
  const Tensor confidences = with_confidences(counts(shape, 0.3, 11), 1);
  const auto factors = random_point<float>(shape, 3, 13);
  const ImplicitModel model = model_of(shape, 1, 1, {1, Weighting::plain});
  expect_near(step(ctx, confidences, factors, 1, model).x, dense_rows(confidences, factors, 1, model), 1e-4, "float");
}

// Two equal columns in every factor and no penalty: of the solutions the shortest one has two equal elements.
TEST_P(ImplicitTensorRows, WithoutAPenaltyDependentColumnsShareTheSolution) {
  Context ctx = context();
  const std::vector<index_t> shape{6, 5, 4};
  const Tensor confidences = with_confidences(counts(shape, 0.3, 17), 1);
  const auto single = random_point<double>(shape, 1, 19);
  Point<double> factors;
  for (const Matrix<double>& column : single) {
    Matrix<double> both(column.rows(), 2);
    for (index_t i = 0; i < column.rows(); ++i) both(i, 0) = both(i, 1) = column(i, 0);
    factors.push_back(std::move(both));
  }
  const ImplicitModel model{1, {0, Weighting::plain}};
  const auto found = step(ctx, confidences, factors, 0, model);
  const auto expected = dense_rows(confidences, single, 0, model);
  for (index_t i = 0; i < 6; ++i)
    for (index_t f = 0; f < 2; ++f) EXPECT_NEAR(found.x(i, f), expected(i, 0) / 2, 1e-12) << i;
  EXPECT_EQ(found.singular_rows, 5);  // index 1 has no entries
}

// Chunks of at most 12 vectors give what the whole does: a row's sums do not know of its neighbours.
TEST_P(ImplicitTensorRows, InChunksItIsTheSame) {
  Context ctx = context();
  const std::vector<index_t> shape{9, 5, 4};
  const index_t k = 3;
  Tensor confidences = with_confidences(counts(shape, 0.3, 23), 2);
  std::erase_if(confidences.entries, [](const TensorEntry& entry) { return entry.index[0] > 6; });
  const auto factors = random_point<double>(shape, k, 25);
  const ImplicitModel model = model_of(shape, 0, 1, {0.1, Weighting::by_count});
  const auto entries = by_mode<double>(ctx, confidences, 0, false);
  const auto there = to_context(ctx, factors);
  const SliceRows<double> slices(ctx, entries.view, k, 12 * k * static_cast<index_t>(sizeof(double)));
  EXPECT_GT(slices.chunks(), 2u);
  ImplicitSliceWorkspace<double> workspace{
      slice_workspace<double>(ctx, slices.vectors(), k, slices.chunks()), {}, Matrix<double>(ctx, k, k)};
  Matrix<double> out(ctx, 9, k);
  Buffer<std::int64_t> singular(ctx, 1);
  ResidualSums sums;
  std::vector<Matrix<double>> grams;
  for (const Matrix<double>& factor : there) {
    grams.emplace_back(ctx, k, k);
    gram(ctx, factor.view(), grams.back().view());
  }
  solve_implicit_slices<double>(ctx, slices, test::views(there), grams, model, out.view(), singular.data(), &sums,
                                workspace);
  const auto whole = step(ctx, confidences, factors, 0, model);
  EXPECT_TRUE(same_bits(to_host(out), whole.x));
  EXPECT_EQ(to_host(singular).data()[0], 0);
  double squared = 0;
  Point<double> at = random_point<double>(shape, k, 25);
  at[0] = to_host(out);
  for (const TensorEntry& entry : confidences.entries) squared += std::pow(1 - model_at(at, entry.index), 2);
  EXPECT_NEAR(sums.squared, squared, 1e-12 * squared);
}

TEST_P(ImplicitTensorRows, WithoutEntriesItIsZero) {
  Context ctx = context();
  for (const auto& shape : {std::vector<index_t>{3, 2}, {3, 2, 2}}) {
    const auto found = step(ctx, Tensor{shape, {}}, random_point<double>(shape, 2, 27), 0, {1, {1, Weighting::plain}});
    for (index_t i = 0; i < 3; ++i)
      for (index_t f = 0; f < 2; ++f) EXPECT_EQ(found.x(i, f), 0);
    EXPECT_EQ(found.singular_rows, 0);
  }
}

TEST_P(ImplicitTensorRows, RefusesWhatIsNoStep) {
  Context ctx = context();
  const Tensor tensor{{2, 2, 1}, {{{0, 0, 0}, 5}}};
  const auto entries = by_mode<double>(ctx, tensor, 0, false), weighted = by_mode<double>(ctx, tensor, 0, true);
  const Point<double> factors = to_context(ctx, random_point<double>({2, 2, 1}, 2, 1));
  Matrix<double> out(ctx, 2, 2), wide(ctx, 2, 3);
  const ImplicitModel good{1, {1, Weighting::plain}};
  const auto refusal = [&](const ModeView<double>& view, const ImplicitModel& model, Matrix<double>& x) {
    return message_of<Error>([&] { solve_implicit_rows(ctx, view, test::views(factors), model, x.view()); });
  };
  EXPECT_EQ(refusal(weighted.view, good, out), "confidences has weights, expected none: its values are the weights");
  EXPECT_EQ(refusal(entries.view, {0, {1, Weighting::plain}}, out),
            "unobserved is 0, expected a number from 1e-12 to 1e12");
  EXPECT_EQ(refusal(entries.view, {1, {-1, Weighting::plain}}, out), "lambda is -1, expected a finite number >= 0");
  EXPECT_EQ(refusal(entries.view, {1, {0, Weighting::plain}, 3}, out),
            "lambda is 0, expected more than 0 with conjugate gradients");
  EXPECT_EQ(refusal(entries.view, good, wide), "factors[1] is 2 x 2, expected 2 x 3");
}

// ---- the whole run

TensorCompletionOptions implicit_options(index_t rank, double lambda, int sweeps, ImplicitFeedback feedback = {}) {
  TensorCompletionOptions options = options_of(rank, lambda, sweeps, 5);
  options.weighting = Weighting::plain;
  options.implicit = feedback;
  return options;
}

// Both take the same steps from the same start, but the reference, which here multiplies the Gram that is there with
// the weight and in als() sums weighted products.
TEST_P(ImplicitTensor, OfOrderTwoIsAls) {
  Context ctx = context();
  const Tensor tensor = counts({30, 25}, 0.2, 31), others = counts({30, 25}, 0.1, 33);
  const auto known = entries_of<double>(ctx, tensor), held_out = entries_of<double>(ctx, others);
  const auto ratings = compress(ctx, known.view()), validation = compress(ctx, held_out.view());
  for (const ImplicitFeedback& feedback :
       {ImplicitFeedback{}, ImplicitFeedback{.alpha = 3, .unobserved = 0.25},
        ImplicitFeedback{.confidences = true, .unobserved = 0.5}, ImplicitFeedback{.alpha = 2, .cg_steps = 2}})
    for (const Weighting weighting : {Weighting::plain, Weighting::by_count}) {
      TensorCompletionOptions options = implicit_options(4, 0.2, 6, feedback);
      options.lambda[1] = 0.3;
      options.weighting = weighting;
      options.exponent = 0.5;
      CompletionOptions own{.rank = 4, .lambda_x = 0.2, .lambda_y = 0.3, .weighting = weighting, .exponent = 0.5};
      own.implicit = feedback;
      own.seed = 5;
      own.stopping.sweeps = 6;
      const auto expected = als(ctx, {ratings.view(), validation.view()}, own);
      const auto found = complete_tensor(ctx, {known.view(), held_out.view()}, options);
      EXPECT_EQ(found.mean, 0);
      expect_same_history(found, expected, 6);
    }
}

double objective_of(const Tensor& confidences, const Point<double>& at, const TensorCompletionOptions& options) {
  double sum = 0;
  Weights{confidences, options.implicit->unobserved}.for_each([&](const auto& index, double weight, bool known) {
    sum += 0.5 * weight * std::pow((known ? 1 : 0) - model_at(at, index), 2);
  });
  for (std::size_t m = 0; m < at.size(); ++m) {
    const ImplicitModel model = model_of(confidences.shape, m, options.implicit->unobserved,
                                         {options.lambda[m], options.weighting, options.exponent});
    for (index_t i = 0; i < at[m].rows(); ++i) {
      const double weight = model.penalty.weighting == Weighting::plain
                                ? 1
                                : std::pow(number_of(confidences, m, i) + model.penalty.offset, model.penalty.exponent);
      for (index_t f = 0; f < at[m].cols(); ++f) sum += 0.5 * model.penalty.lambda * weight * at[m](i, f) * at[m](i, f);
    }
  }
  return sum;
}

// Every half-sweep by the row lowers the objective, worked out over all elements, or leaves it; after each sweep it is
// what the run tells. Sums of some hundred terms: 1e3 eps.
TEST_P(ImplicitTensor, TheObjectiveIsItsDefinitionAndFallsInEachHalfSweep) {
  Context ctx = context();
  for (const auto& shape : {std::vector<index_t>{7, 6, 5}, {5, 4, 3, 4}})
    for (const ImplicitFeedback& feedback : {ImplicitFeedback{}, ImplicitFeedback{.alpha = 3, .unobserved = 0.25}}) {
      const Tensor tensor = counts(shape, 0.25, 41);
      const Tensor confidences = with_confidences(tensor, feedback.alpha);
      TensorCompletionOptions options = implicit_options(3, 0.2, 5, feedback);
      options.lambda[1] = 0.4;
      if (feedback.alpha > 1) options.weighting = Weighting::by_count;
      Point<double> at = random_point<double>(shape, 3, 43);
      const Point<double> start = to_context(ctx, at);
      const auto known = entries_of<double>(ctx, tensor);
      const auto result = complete_tensor(ctx, {known.view(), known.view(), test::views(start)}, options);
      const std::string where = "order " + std::to_string(shape.size());
      ASSERT_EQ(result.runs[0].history.size(), 5u);
      double before = std::numeric_limits<double>::infinity();
      for (const SweepRecord& record : result.runs[0].history) {
        for (std::size_t m = 0; m < shape.size(); ++m) {
          const ImplicitModel model =
              model_of(shape, m, feedback.unobserved, {options.lambda[m], options.weighting, options.exponent});
          at[m] = step(ctx, confidences, at, m, model).x;
          const double objective = objective_of(confidences, at, options);
          EXPECT_LE(objective, before * (1 + 1e-13)) << where << ", mode " << m;
          before = objective;
        }
        EXPECT_NEAR(record.objective, before, 1e-12 * before) << where << ", sweep " << record.sweep;
        EXPECT_NEAR(record.validation_rmse, record.train_rmse, 1e-13);
      }
      double squared = 0;
      for (const TensorEntry& entry : tensor.entries) squared += std::pow(1 - model_at(at, entry.index), 2);
      EXPECT_NEAR(result.runs[0].history.back().train_rmse,
                  std::sqrt(squared / static_cast<double>(tensor.entries.size())), 1e-12);
    }
}

// Conjugate gradients, warm, come to what the exact solve comes to.
TEST_P(ImplicitTensor, ConjugateGradientsComeToTheSame) {
  Context ctx = context();
  const Tensor tensor = counts({9, 8, 7}, 0.2, 51);
  const auto known = entries_of<double>(ctx, tensor);
  const auto exact = complete_tensor(ctx, {known.view()}, implicit_options(3, 0.5, 60));
  const auto steps = complete_tensor(ctx, {known.view()}, implicit_options(3, 0.5, 60, {.cg_steps = 3}));
  const double expected = exact.runs[0].history.back().objective;
  EXPECT_NEAR(steps.runs[0].history.back().objective, expected, 1e-4 * expected);
}

TEST_P(ImplicitTensor, IsTheSameForAnyNumberOfThreads) {
  const Tensor tensor = counts({12, 11, 10}, 0.2, 61);
  Context one = context(1), five = context(5);
  const auto a = complete_tensor(one, {entries_of<float>(one, tensor).view()}, implicit_options(5, 0.1, 3));
  const auto b = complete_tensor(five, {entries_of<float>(five, tensor).view()}, implicit_options(5, 0.1, 3));
  for (std::size_t m = 0; m < 3; ++m) EXPECT_TRUE(same_bits(to_host(a.factors[m]), to_host(b.factors[m])));
  EXPECT_EQ(a.runs[0].history.back().objective, b.runs[0].history.back().objective);
}

TEST_P(ImplicitTensor, RefusesWhatIsNoFeedback) {
  Context ctx = context();
  Tensor tensor{{3, 2, 2}, {{{0, 0, 0}, 2}, {{1, 1, 1}, 4}}};
  const auto refusal = [&](const TensorCompletionOptions& options, bool weighted = false, Solver solver = Solver::als) {
    const auto known = entries_of<double>(ctx, tensor, weighted);
    return message_of<InvalidArgument>([&] { complete_tensor(ctx, {known.view()}, options, solver); });
  };
  const TensorCompletionOptions good = implicit_options(2, 0.1, 2);
  EXPECT_EQ(refusal(good, true),
            "entries has weights, expected none with implicit feedback: its values make the confidences");
  EXPECT_EQ(refusal(good, false, Solver::gd), "solver is gd, expected als: it alone takes implicit feedback");
  EXPECT_EQ(refusal(implicit_options(2, 0.1, 2, {.alpha = -1})), "alpha is -1, expected a finite number > 0");
  EXPECT_EQ(refusal(implicit_options(2, 0.1, 2, {.unobserved = 0})),
            "unobserved is 0, expected a number from 1e-12 to 1e12");
  EXPECT_EQ(refusal(implicit_options(2, 0, 2, {.cg_steps = 2})),
            "lambda[0] is 0, expected more than 0 with conjugate gradients");
  tensor.entries[1].value = -3;
  EXPECT_EQ(refusal(good), "entry 1 of entries is -3, expected more than 0: leave out what was not observed");
  tensor.entries[1].value = 0.5;
  EXPECT_EQ(refusal(implicit_options(2, 0.1, 2, {.confidences = true})),
            "entry 1 of entries is 0.5, a confidence of 0.5, expected a finite one that is at least `unobserved`, 1");
}

TEST_P(ImplicitTensor, TheEstimateCountsTheOtherCoordinates) {
  const Context ctx = context();
  TensorCompletionSize size;
  size.shape = {100, 200, 300};
  size.entries = 1'000;
  size.rank = 1000;
  const std::int64_t plain = complete_tensor_memory(ctx, size);
  size.implicit = true;
  const std::int64_t grams = 4 * 1'000'000, coordinates = 7 * 1'000'000, solved = 300 * 1000;
  EXPECT_GE(complete_tensor_memory(ctx, size) - plain, 4 * (grams + coordinates + solved));
}

INSTANTIATE_TEST_SUITE_P(Backends, ImplicitTensorRows, all_backends(), backend_name);
INSTANTIATE_TEST_SUITE_P(Backends, ImplicitTensor, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
