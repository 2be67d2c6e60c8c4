#include "seesaw/cp_als.hpp"

#include "cp_support.hpp"

namespace seesaw::test {
namespace {

class CpAls : public OnBackendForward {};

template <class T>
std::vector<Matrix<double>> host_factors(const CpResult<T>& result) {
  std::vector<Matrix<double>> factors;
  for (const Matrix<T>& factor : result.factors) {
    const Matrix<T> host = to_host(factor);
    Matrix<double> copy(host.rows(), host.cols());
    for (index_t e = 0; e < host.buffer().size(); ++e)
      copy.buffer().data()[e] = static_cast<double>(host.buffer().data()[e]);
    factors.push_back(std::move(copy));
  }
  return factors;
}

template <class T>
double fit_of(const DenseTensor<double>& tensor, const CpResult<T>& result) {
  DenseTensor<double> residual = model_of(host_factors(result), result.weights);
  for (index_t e = 0; e < residual.values.size(); ++e) residual.values.data()[e] -= tensor.values.data()[e];
  return 1 - norm_of(residual) / norm_of(tensor);
}

// T = 2 (1, 0)' o (0.6, 0.8)' o (0, 1)': one sweep finds it from any start that is not orthogonal to it.
template <class T>
void finds_rank_one(Context& ctx) {
  const auto tensor = to_context(ctx, tensor_of<T>({2, 2, 2}, {0, 1.2, 0, 1.6, 0, 0, 0, 0}));
  const CpResult<T> result = cp_als(ctx, tensor.view(), options_of(1, 2, 3));
  EXPECT_NEAR(result.weights[0], 2, 16 * eps<T>());
  EXPECT_LE(largest_difference(to_host(result.factors[0]), matrix_of<T>(2, 1, {1, 0})), 16 * eps<T>());
  EXPECT_LE(largest_difference(to_host(result.factors[1]), matrix_of<T>(2, 1, {0.6, 0.8})), 16 * eps<T>());
  EXPECT_LE(largest_difference(to_host(result.factors[2]), matrix_of<T>(2, 1, {0, 1})), 16 * eps<T>());
  EXPECT_NEAR(result.fit, 1, 64 * eps<T>());
  const CpResult<T> sparse = cp_als(ctx, sparse_of(ctx, to_host(tensor)).view(), options_of(1, 2, 3));
  EXPECT_NEAR(sparse.weights[0], 2, 16 * eps<T>());
}

TEST_P(CpAls, FindsATensorOfRankOne) {
  Context ctx = context();
  finds_rank_one<float>(ctx);
  finds_rank_one<double>(ctx);
}

// The fit that the history tells is that of the factors that come back; both sum some hundred products.
TEST_P(CpAls, TellsTheFitOfWhatItGivesForEveryOrder) {
  Context ctx = context();
  const std::vector<std::vector<index_t>> shapes{{9, 7}, {5, 6, 7}, {3, 5, 4, 2}, {2, 3, 2, 3, 4}};
  for (const auto& shape : shapes) {
    const auto host = random_cp(shape, 3, 0.3, 11);
    const auto dense = cp_als(ctx, to_context(ctx, host).view(), options_of(2, 6));
    EXPECT_NEAR(dense.fit, fit_of(host, dense), 1e-13) << shape.size();
    EXPECT_EQ(dense.fit, dense.runs[0].history.back().fit);
    const auto sparse = cp_als(ctx, sparse_of(ctx, host).view(), options_of(2, 6));
    EXPECT_NEAR(sparse.fit, dense.fit, 1e-12) << shape.size();
    for (std::size_t n = 1; n < dense.runs[0].history.size(); ++n)
      EXPECT_GE(dense.runs[0].history[n].fit, dense.runs[0].history[n - 1].fit - 1e-14);
    EXPECT_GE(dense.weights[0], dense.weights[1]);
  }
}

// 1 - 1e-9, where |T|^2 - 2 T.M + |M|^2 would have no digit left.
TEST_P(CpAls, ResolvesAFitCloseToOne) {
  Context ctx = context();
  const auto host = random_cp({8, 9, 10}, 2, 1e-9, 5);
  const auto result = cp_als(ctx, to_context(ctx, host).view(), options_of(2, 60));
  EXPECT_NEAR(1 - result.fit, 1 - fit_of(host, result), 1e-12);
  EXPECT_GT(1 - result.fit, 0.8e-9);
  EXPECT_LT(1 - result.fit, 1e-9);
}

/// A model of whole numbers of which only the first indices of each mode are not 0, an element beside it that it is not
/// to reach, and its factors, of columns of norm 1, to start at: no factor that solves a mode gives the element's index
/// anything, as its terms with the others' are 0.
template <class T>
struct PlantedBeside {
  DenseTensor<T> tensor;
  std::vector<Matrix<T>> start;
  double relative_error;  ///< of the model
};

template <class T>
PlantedBeside<T> planted_beside(double relative_error) {
  const std::vector<index_t> shape{6, 5, 4};
  std::vector<Matrix<double>> factors;
  for (const index_t size : shape) {
    factors.push_back(matrix_of<double>(size, 2, std::vector<double>(static_cast<std::size_t>(2 * size), 0)));
    factors.back()(0, 0) = 3;  // (3, 4, 0, ...)' and (0, 4, 3, 0, ...)'
    factors.back()(1, 0) = factors.back()(1, 1) = 4;
    factors.back()(2, 1) = 3;
  }
  PlantedBeside<T> planted;
  const DenseTensor<double> model = model_of(factors, {1, 1});
  std::vector<double> values(model.values.data(), model.values.data() + model.values.size());
  const double norm = norm_of(model), beside = static_cast<double>(static_cast<T>(relative_error * norm));
  values.back() = beside;
  planted.tensor = tensor_of<T>(shape, values);
  planted.relative_error = beside / std::hypot(norm, beside);
  for (std::size_t n = 0; n < shape.size(); ++n) {
    Matrix<T> factor(shape[n], 2);
    for (index_t e = 0; e < factor.buffer().size(); ++e)
      factor.buffer().data()[e] = static_cast<T>(factors[n].buffer().data()[e] / 5);
    planted.start.push_back(std::move(factor));
  }
  return planted;
}

// A sweep from the solution moves the model by some eps |T|, across the part that is left: |T - M|^2 by the square of
// that. What is left is then the rounding of the fit itself, eps / 2. (Grams of a condition of 4 and systems of k = 2.)
template <class T>
void resolves_sparse_fit(Context& ctx, double relative_error) {
  const PlantedBeside<T> planted = planted_beside<T>(relative_error);
  std::vector<Matrix<T>> start;
  for (const Matrix<T>& factor : planted.start) start.push_back(seesaw::to_context(ctx, factor));
  const auto sparse = cp_als(ctx, sparse_of(ctx, planted.tensor).view(), options_of(2, 3), views_of(start));
  const auto dense = cp_als(ctx, to_context(ctx, planted.tensor).view(), options_of(2, 3), views_of(start));
  const double moved = 16 * eps<T>(), expected = planted.relative_error;
  const double tolerance = std::hypot(expected, moved) - expected + eps<double>();
  for (std::size_t n = 0; n < 3; ++n) {
    EXPECT_NEAR(1 - sparse.runs[0].history[n].fit, expected, tolerance) << expected;
    EXPECT_NEAR(sparse.runs[0].history[n].fit, dense.runs[0].history[n].fit, 2 * tolerance + 4 * eps<T>() * moved)
        << expected;
  }
}

TEST_P(CpAls, ResolvesAFitCloseToOneOfASparseTensor) {
  Context ctx = context();
  for (const double relative_error : {1e-5, 1e-9, 1e-12}) resolves_sparse_fit<double>(ctx, relative_error);
  for (const double relative_error : {1e-3, 1e-5}) resolves_sparse_fit<float>(ctx, relative_error);
}

// From a drawn start on the two kinds go the same way but for the rounding of the MTTKRPs, some 1e-15 of |T|.
TEST_P(CpAls, ASparseTensorGoesTheWayOfADenseOneToAFitCloseToOne) {
  Context ctx = context();
  const auto host = random_cp({8, 9, 10}, 2, 1e-9, 5);
  const auto dense = cp_als(ctx, to_context(ctx, host).view(), options_of(2, 60));
  const auto sparse = cp_als(ctx, sparse_of(ctx, host).view(), options_of(2, 60));
  EXPECT_NEAR(sparse.fit, dense.fit, 1e-13);
  EXPECT_NEAR(1 - sparse.fit, 1 - fit_of(host, sparse), 1e-12);
  EXPECT_LT(1 - sparse.fit, 1e-9);
}

// The modes of sizes 4 and 3 have parts of the entries in the order given, that of 100 a sorted copy in any case.
TEST_P(CpAls, GoesTheSameWayOverEntriesAsGivenAndSorted) {
  Context ctx = context();
  const auto host = random_cp({4, 3, 100}, 3, 0.3, 5);
  const auto entries = sparse_of(ctx, host);
  CpOptions options = options_of(3, 6);
  const auto given = cp_als(ctx, entries.view(), options);
  options.sorted_copies = true;
  const auto sorted = cp_als(ctx, entries.view(), options);
  const auto dense = cp_als(ctx, to_context(ctx, host).view(), options);
  for (std::size_t n = 0; n < dense.runs[0].history.size(); ++n) {
    EXPECT_NEAR(given.runs[0].history[n].fit, dense.runs[0].history[n].fit, 1e-12) << "sweep " << n + 1;
    EXPECT_NEAR(sorted.runs[0].history[n].fit, dense.runs[0].history[n].fit, 1e-12) << "sweep " << n + 1;
  }
}

// 16000 entries of 3 modes, float: a sorted copy has 12 bytes an entry, and 8 an index. Mode 0 has 400 entries an
// index, 10 parts, of which 9 have sums of their own of 40 rows; mode 1 has 16 parts, 15 of them of 20 rows, which are
// fewer; mode 2 has a sorted copy.
TEST(CpAlsMemory, IsOfTheEntriesAndTheirParts) {
  CpSize size{3, {40, 20, 1000}, 16000, 32, 1, sizeof(float)};
  const std::int64_t given = cp_als_memory(size);
  size.sorted_copies = true;
  const std::int64_t sorted = cp_als_memory(size);
  EXPECT_EQ(sorted - given, 2 * (16000 * 12) + 8 * (40 + 20) - 9 * 40 * 32 * 4);
  size.sorted_copies = false;
  size.rank = 64;
  const std::int64_t wide = cp_als_memory(size);
  size.sorted_copies = true;
  EXPECT_EQ(cp_als_memory(size) - wide, 2 * (16000 * 12) + 8 * (40 + 20) - 9 * 40 * 256);
  size.starts = 2;  // 128 columns, 64 of them at once
  const std::int64_t two = cp_als_memory(size);
  size.sorted_copies = false;
  EXPECT_EQ(two - cp_als_memory(size), 2 * (16000 * 12) + 8 * (40 + 20) - 9 * 40 * 256);
}

// At a minimum of the penalized objective (A_n)(V_n + ridge I) is the MTTKRP of every mode.
TEST_P(CpAls, WithRidgesGoesToAStationaryPoint) {
  Context ctx = context();
  const auto host = random_cp({6, 5, 4}, 3, 0.2, 21);
  CpOptions options = options_of(2, 400, 4);
  const double ridges[] = {0.5, 0.2, 1};
  for (std::size_t n = 0; n < 3; ++n) options.modes[n].ridge = ridges[n];
  const auto result = cp_als(ctx, to_context(ctx, host).view(), options);
  const auto& history = result.runs[0].history;
  for (std::size_t n = 1; n < history.size(); ++n)
    EXPECT_LE(history[n].objective, history[n - 1].objective * (1 + 1e-14));
  // Balanced by the ridges: ridge_n |a_nr|^2 is the same for all modes, and the weight is the product of the norms.
  Context reference = Context::reference();
  std::vector<Matrix<double>> factors = host_factors(result);
  const double together = std::cbrt(ridges[0] * ridges[1] * ridges[2]);
  for (std::size_t n = 0; n < 3; ++n)
    for (index_t r = 0; r < 2; ++r) {
      const double norm = std::cbrt(result.weights[static_cast<std::size_t>(r)]) * std::sqrt(together / ridges[n]);
      for (index_t i = 0; i < factors[n].rows(); ++i) factors[n](i, r) *= norm;
    }
  for (int n = 0; n < 3; ++n) {
    const auto mode = static_cast<std::size_t>(n);
    Matrix<double> product(factors[mode].rows(), 2), grams[3], system(2, 2);
    mttkrp(reference, host.view(), views_of(factors), n, product.view());
    std::vector<MatrixView<const double>> all;
    for (std::size_t m = 0; m < 3; ++m) {
      grams[m] = Matrix<double>(2, 2);
      gram(reference, read(factors[m]), grams[m].view());
      all.push_back(read(grams[m]));
    }
    hadamard_grams(reference, all, n, system.view());
    for (index_t i = 0; i < product.rows(); ++i)
      for (index_t r = 0; r < 2; ++r) {
        double sum = ridges[n] * factors[mode](i, r);
        for (index_t s = 0; s < 2; ++s) sum += factors[mode](i, s) * system(s, r);
        EXPECT_NEAR(sum, product(i, r), 1e-6 * norm_of(host)) << "mode " << n;
      }
  }
}

// Solving the modes 2, 0, 1 is solving 0, 1, 2 of the tensor with its modes in that order.
TEST_P(CpAls, TakesTheModesInTheOrderGiven) {
  Context ctx = context();
  const auto host = random_cp({4, 5, 6}, 3, 0.3, 31);
  DenseTensor<double> turned = tensor_of<double>({6, 4, 5}, std::vector<double>(120));
  for (index_t i = 0; i < 4; ++i)
    for (index_t j = 0; j < 5; ++j)
      for (index_t l = 0; l < 6; ++l)
        turned.values.data()[(l * 4 + i) * 5 + j] = host.values.data()[(i * 5 + j) * 6 + l];
  std::vector<Matrix<double>> start, turned_start;
  for (const index_t size : {4, 5, 6}) start.push_back(to_context(ctx, random_matrix<double>(size, 2, 40)));
  for (const index_t size : {6, 4, 5}) turned_start.push_back(to_context(ctx, random_matrix<double>(size, 2, 40)));
  CpOptions options = options_of(2, 8);
  const auto natural = cp_als(ctx, to_context(ctx, turned).view(), options, views_of(turned_start));
  options.order = {2, 0, 1};
  const auto given = cp_als(ctx, to_context(ctx, host).view(), options, views_of(start));
  for (std::size_t n = 0; n < 8; ++n)
    EXPECT_NEAR(given.runs[0].history[n].fit, natural.runs[0].history[n].fit, 1e-12) << "sweep " << n + 1;
}

TEST_P(CpAls, LeavesAFixedModeAsItIs) {
  Context ctx = context();
  const auto host = random_cp({6, 5, 4}, 2, 0, 51);
  const auto truth = random_matrix<double>(5, 2, 52);  // random_cp drew mode 1 so
  std::vector<Matrix<double>> start(3);
  start[1] = to_context(ctx, truth);
  CpOptions options = options_of(2, 40, 3);
  options.modes[1].fixed = true;
  const auto result = cp_als(ctx, to_context(ctx, host).view(), options, views_of(start));
  EXPECT_TRUE(same_bits(to_host(result.factors[1]), truth));
  EXPECT_GT(result.fit, 1 - 1e-9);
  EXPECT_NEAR(fit_of(host, result), result.fit, 1e-12);
}

// Side by side each start goes as it goes alone, but for the rounding of products of other widths.
TEST_P(CpAls, StartsSideBySideGoAsEachAlone) {
  Context ctx = context();
  const auto tensor = to_context(ctx, random_cp({6, 7, 8}, 2, 0.1, 61));
  CpOptions options = options_of(2, 12, 8);
  options.starts = 3;
  const auto together = cp_als(ctx, tensor.view(), options);
  ASSERT_EQ(together.runs.size(), 3u);
  double best = 0;
  for (std::size_t s = 0; s < 3; ++s) {
    CpOptions alone = options_of(2, 12, 8 + s);
    const auto one = cp_als(ctx, tensor.view(), alone);
    EXPECT_EQ(together.runs[s].seed, 8 + s);
    for (std::size_t n = 0; n < 12; ++n)
      EXPECT_NEAR(together.runs[s].history[n].fit, one.runs[0].history[n].fit, 1e-9) << "start " << s;
    best = std::max(best, one.fit);
    EXPECT_GE(together.runs[s].match, 0);
    EXPECT_LE(together.runs[s].match, 1 + 1e-12);
  }
  EXPECT_NEAR(together.fit, best, 1e-9);
  EXPECT_NEAR(together.runs[static_cast<std::size_t>(together.best_run)].match, 1, 1e-12);
}

// A component that nothing is left for: its system is singular, and the minimum norm makes it zero.
TEST_P(CpAls, TakesMoreComponentsThanThereAre) {
  Context ctx = context();
  const auto host = random_cp({3, 3, 3}, 1, 0, 81);
  const auto result = cp_als(ctx, to_context(ctx, host).view(), options_of(4, 10));
  EXPECT_NEAR(fit_of(host, result), 1, 1e-7);
  for (const double weight : result.weights) EXPECT_TRUE(std::isfinite(weight));
}

TEST_P(CpAls, StopsByWhatItIsAskedFor) {
  Context ctx = context();
  const auto tensor = to_context(ctx, random_cp({6, 7, 8}, 2, 0.01, 91));
  CpOptions options = options_of(2, 200);
  options.stopping.relative_error = 0.05;
  const auto by_error = cp_als(ctx, tensor.view(), options);
  EXPECT_EQ(by_error.runs[0].stopped, StopReason::tolerance);
  EXPECT_LE(1 - by_error.fit, 0.05);
  options = options_of(2, 200);
  options.callback = [](int, const CpSweep& sweep) { return sweep.sweep < 4; };
  const auto by_callback = cp_als(ctx, tensor.view(), options);
  EXPECT_EQ(by_callback.runs[0].stopped, StopReason::callback);
  EXPECT_EQ(by_callback.runs[0].history.size(), 4u);
  options = options_of(2, 200);
  options.stopping.seconds = 1e-9;
  EXPECT_EQ(cp_als(ctx, tensor.view(), options).runs[0].history.size(), 1u);
}

TEST_P(CpAls, IsTheSameForAnyNumberOfThreads) {
  const auto host = random_cp({40, 30, 20}, 3, 0.1, 101);
  const auto run = [&](int threads, bool sparse) {
    Context ctx = context(threads);
    CpOptions options = options_of(5, 3);
    options.modes[1].nonnegative = true;
    return host_factors(sparse ? cp_als(ctx, sparse_of(ctx, host).view(), options)
                               : cp_als(ctx, to_context(ctx, host).view(), options));
  };
  for (const bool sparse : {false, true}) {
    const auto one = run(1, sparse), two = run(2, sparse), five = run(5, sparse);
    for (std::size_t n = 0; n < 3; ++n) {
      EXPECT_TRUE(same_bits(one[n], two[n]));
      EXPECT_TRUE(same_bits(one[n], five[n]));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, CpAls, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
