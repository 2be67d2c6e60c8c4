#include "seesaw/cp_als.hpp"

#include "cp_nvecs.hpp"
#include "cp_support.hpp"

namespace seesaw::test {
namespace {

class CpAls : public OnBackendForward {};

CpOptions options_of(index_t rank, int sweeps, std::uint64_t seed = 0) {
  CpOptions options;
  options.rank = rank;
  options.seed = seed;
  options.stopping = {.sweeps = sweeps, .fit_change = 0};
  return options;
}

/// A tensor of that rank and noise of that part of its norm, in host memory.
DenseTensor<double> random_cp(const std::vector<index_t>& shape, index_t rank, double noise, std::uint64_t seed) {
  std::vector<Matrix<double>> factors;
  for (const index_t size : shape) factors.push_back(random_matrix<double>(size, rank, seed++));
  DenseTensor<double> tensor = model_of(factors, std::vector<double>(static_cast<std::size_t>(rank), 1));
  const auto drawn = random_matrix<double>(tensor.values.size(), 1, seed);
  double squared = 0;
  for (index_t e = 0; e < drawn.rows(); ++e) squared += drawn(e, 0) * drawn(e, 0);
  const double share = noise * norm_of(tensor) / std::sqrt(squared);
  for (index_t e = 0; e < drawn.rows(); ++e) tensor.values.data()[e] += share * drawn(e, 0);
  return tensor;
}

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

// 16000 entries of 3 modes, float: a sorted copy has 12 bytes an entry. Mode 0 has 400 entries an index, 10 parts, of
// which 9 have sums of their own of 40 rows; mode 1 has 20 parts, 19 of them of 20 rows, which are more; mode 2 has a
// sorted copy.
TEST(CpAlsMemory, IsOfTheEntriesAndTheirParts) {
  CpSize size{3, {40, 20, 1000}, 16000, 32, 1, sizeof(float)};
  const std::int64_t given = cp_als_memory(size);
  size.sorted_copies = true;
  const std::int64_t sorted = cp_als_memory(size);
  EXPECT_EQ(sorted - given, 2 * 16000 * 12 - 19 * 20 * 32 * 4);
  size.sorted_copies = false;
  size.rank = 64;
  const std::int64_t wide = cp_als_memory(size);
  size.sorted_copies = true;
  EXPECT_EQ(cp_als_memory(size) - wide, 2 * 16000 * 12 - 19 * 20 * 256);
  size.starts = 2;  // 128 columns, 64 of them at once
  const std::int64_t two = cp_als_memory(size);
  size.sorted_copies = false;
  EXPECT_EQ(two - cp_als_memory(size), 2 * 16000 * 12 - 19 * 20 * 256);
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

TEST_P(CpAls, BeginsInTheRangeOfTheTensor) {
  Context ctx = context();
  const auto tensor = to_context(ctx, random_cp({9, 8, 7}, 2, 0, 71));
  CpOptions options = options_of(2, 50, 2);
  options.start = CpStart::range_finder;
  EXPECT_GT(cp_als(ctx, tensor.view(), options).fit, 1 - 1e-6);
}

/// X X' of the unfolding X.
Matrix<double> unfolding_gram(const DenseTensor<double>& tensor, std::size_t mode) {
  const index_t n = tensor.shape[mode];
  index_t right = 1;
  for (auto m = mode + 1; m < static_cast<std::size_t>(tensor.order); ++m) right *= tensor.shape[m];
  Matrix<double> square(n, n);
  std::fill_n(square.buffer().data(), n * n, 0.0);
  for (index_t e = 0; e < tensor.values.size(); ++e)
    for (index_t j = 0; j < n; ++j) {
      const index_t i = e / right % n;
      square(i, j) += tensor.values.data()[e] * tensor.values.data()[e + (j - i) * right];
    }
  return square;
}

/// An error of n eps |G| in G turns a vector by that over the gap to the next eigenvalue, here above 1/1000 of |G|.
template <class T>
void finds_leading_vectors(Context& ctx, const std::vector<index_t>& shape, bool sparse) {
  const auto host = random_cp(shape, 3, 0.1, 75);
  std::vector<double> numbers(host.values.data(), host.values.data() + host.values.size());
  const auto rounded = tensor_of<T>(shape, numbers);
  const auto dense_tensor = to_context(ctx, rounded);
  const auto entries = sparse_of(ctx, rounded);
  for (std::size_t mode = 0; mode < shape.size(); ++mode) {
    const index_t count = std::min<index_t>(2, shape[mode]);
    const auto by = by_mode(ctx, entries.view(), static_cast<int>(mode));
    const Matrix<double> found = sparse ? leading_vectors(ctx, by.view(), count)
                                        : leading_vectors(ctx, dense_tensor.view(), static_cast<int>(mode), count);
    ASSERT_EQ(found.cols(), count);
    Matrix<double> left = unfolding_gram(host, mode);
    const index_t n = left.rows();
    for (index_t f = 0; f < count; ++f) {
      // Power iteration with deflation: the plain way to the next eigenvector.
      std::vector<double> v(static_cast<std::size_t>(n), 1), next(v);
      double value = 0;
      for (int step = 0; step < 4000; ++step) {
        value = 0;
        for (index_t i = 0; i < n; ++i) {
          double sum = 0;
          for (index_t j = 0; j < n; ++j) sum += left(i, j) * v[static_cast<std::size_t>(j)];
          next[static_cast<std::size_t>(i)] = sum;
          value += sum * sum;
        }
        value = std::sqrt(value);
        for (index_t i = 0; i < n; ++i) v[static_cast<std::size_t>(i)] = next[static_cast<std::size_t>(i)] / value;
      }
      const double largest =
          *std::max_element(v.begin(), v.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
      for (index_t i = 0; i < n; ++i)
        EXPECT_NEAR(found(i, f), (largest < 0 ? -1 : 1) * v[static_cast<std::size_t>(i)],
                    2000 * static_cast<double>(n) * eps<T>())
            << "mode " << mode << ", vector " << f << (sparse ? ", sparse" : ", dense");
      for (index_t i = 0; i < n; ++i)
        for (index_t j = 0; j < n; ++j)
          left(i, j) -= value * v[static_cast<std::size_t>(i)] * v[static_cast<std::size_t>(j)];
    }
  }
}

TEST_P(CpAls, FindsTheLeadingVectorsOfEachUnfolding) {
  Context ctx = context();
  for (const bool sparse : {false, true}) {
    finds_leading_vectors<float>(ctx, {7, 40, 12, 5}, sparse);  // several parts of each sum
    finds_leading_vectors<double>(ctx, {7, 40, 12, 5}, sparse);
    finds_leading_vectors<double>(ctx, {3, 130, 4}, sparse);  // and bands of the Gram
  }
}

// The last mode has 2 indices for a rank of 3: its third column is drawn.
TEST_P(CpAls, BeginsWithTheLeadingVectors) {
  const auto host = random_cp({9, 8, 2}, 2, 0.01, 77);
  const auto run = [&](int threads, bool sparse) {
    Context ctx = context(threads);
    CpOptions options = options_of(3, 3);
    options.start = CpStart::nvecs;
    return sparse ? cp_als(ctx, sparse_of(ctx, host).view(), options).fit
                  : cp_als(ctx, to_context(ctx, host).view(), options).fit;
  };
  EXPECT_GT(run(1, false), 0.9);
  EXPECT_NEAR(run(1, false), run(1, true), 1e-9);
  EXPECT_EQ(run(1, false), run(5, false));
  EXPECT_EQ(run(1, true), run(5, true));
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

/// Of a tensor of rank 1 whose norm is sqrt(8) times the element.
template <class T>
std::string refusal_of(Context& ctx, double element, bool sparse) {
  const auto host = tensor_of<T>({2, 2, 2}, std::vector<double>(8, element));
  return message_of<InvalidArgument>([&] {
    sparse ? cp_als(ctx, sparse_of(ctx, host).view(), options_of(1, 3))
           : cp_als(ctx, to_context(ctx, host).view(), options_of(1, 3));
  });
}

TEST_P(CpAls, RefusesATensorWhoseSquaresUnderflow) {
  Context ctx = context();
  for (const bool sparse : {false, true}) {
    EXPECT_EQ(
        refusal_of<float>(ctx, 0x1p-60, sparse),
        "tensor has the norm 2.4532694666933987e-18, whose square is below 9.860761315262648e-32, where float loses "
        "digits: scale the tensor");
    EXPECT_EQ(refusal_of<double>(ctx, 0x1p-600, sparse),
              "tensor is all zero, or the squares of its elements are: scale it, or there is no model");
  }
  const auto small = to_context(ctx, tensor_of<float>({2, 2, 2}, std::vector<double>(8, 0x1p-50)));
  EXPECT_NEAR(cp_als(ctx, small.view(), options_of(1, 3)).fit, 1, 64 * eps<float>());
}

TEST_P(CpAls, RefusesATensorWhoseSquaresOverflow) {
  Context ctx = context();
  for (const bool sparse : {false, true}) {
    EXPECT_EQ(refusal_of<float>(ctx, 0x1p63, sparse),
              "tensor has the norm 26087635650665566208, whose square exceeds a fourth of what float holds, "
              "3.4028234663852886e+38: scale the tensor");
    EXPECT_EQ(
        refusal_of<double>(ctx, 0x1p512, sparse),
        "tensor has an element that is not finite, or the sum of its squares exceeds a fourth of what double holds, "
        "1.7976931348623157e+308: scale the tensor");
  }
  const auto large = to_context(ctx, tensor_of<float>({2, 2, 2}, std::vector<double>(8, 0x1p60)));
  EXPECT_NEAR(cp_als(ctx, large.view(), options_of(1, 3)).fit, 1, 64 * eps<float>());
}

// Each Gram is still finite, the product of two of them is not.
template <class T>
void ends_a_start_that_overflows(Context& ctx, double element) {
  const auto tensor = to_context(ctx, tensor_of<T>({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 9}));
  std::vector<Matrix<T>> start;
  for (int n = 0; n < 3; ++n) start.push_back(to_context(ctx, matrix_of<T>(2, 1, {element, element})));
  EXPECT_EQ(message_of<Error>([&] { cp_als(ctx, tensor.view(), options_of(1, 3), views_of(start)); }),
            std::string("cp_als(): from no start is the fit finite, as numbers exceed what ") +
                (sizeof(T) == sizeof(float) ? "float holds" : "double holds"));
}

TEST_P(CpAls, EndsAStartThatOverflows) {
  Context ctx = context();
  ends_a_start_that_overflows<float>(ctx, 1e15);
  ends_a_start_that_overflows<double>(ctx, 1e100);
}

TEST_P(CpAls, RefusesWhatItCannotDo) {
  Context ctx = context();
  const auto good = to_context(ctx, random_cp({3, 4, 5}, 2, 0.1, 111));
  const auto refused = [&](auto change, auto changed_tensor) {
    CpOptions options = options_of(2, 3);
    change(options);
    return message_of<InvalidArgument>([&] { cp_als(ctx, changed_tensor, options); });
  };
  const auto option = [&](auto change) { return refused(change, good.view()); };
  const auto none = [](CpOptions&) {};
  EXPECT_EQ(option([](CpOptions& o) { o.rank = 0; }), "rank is 0, expected at least 1");
  EXPECT_EQ(option([](CpOptions& o) { o.starts = 0; }), "starts is 0, expected at least 1");
  EXPECT_EQ(option([](CpOptions& o) { o.stopping.sweeps = 0; }), "sweeps is 0, expected at least 1");
  EXPECT_EQ(option([](CpOptions& o) { o.modes[1].ridge = -1; }),
            "ridge of modes[1] is -1, expected a finite number >= 0");
  EXPECT_EQ(option([](CpOptions& o) { o.order = {0, 1}; }), "order has the mode 2 0 times, expected once");
  EXPECT_EQ(option([](CpOptions& o) { o.order = {0, 1, 3}; }), "order has the mode 3, expected 0 to 2");
  EXPECT_EQ(option([](CpOptions& o) { o.modes[2].fixed = true; }), "mode 2 is fixed, but start[2] is not given");
  EXPECT_EQ(option([](CpOptions& o) {
              o.modes[0].nonnegative = true;
              o.start = CpStart::range_finder;
            }),
            "start is range_finder, whose factors have negative elements, but mode 0 is to be nonnegative; expected "
            "normal");
  EXPECT_EQ(option([](CpOptions& o) {
              o.modes[2].nonnegative = true;
              o.start = CpStart::nvecs;
            }),
            "start is nvecs, whose factors have negative elements, but mode 2 is to be nonnegative; expected normal");
  EXPECT_EQ(option([](CpOptions& o) {
              o.starts = 2;
              o.start = CpStart::nvecs;
            }),
            "start is nvecs, which is the same for every seed, but starts is 2, expected 1");
  const auto zero = to_context(ctx, tensor_of<double>({2, 2}, {0, 0, 0, 0}));
  EXPECT_EQ(refused(none, zero.view()),
            "tensor is all zero, or the squares of its elements are: scale it, or there is no model");
  const auto nan = to_context(ctx, tensor_of<double>({2, 2}, {0, std::nan(""), 0, 0}));
  EXPECT_EQ(refused(none, nan.view()), "tensor has an element that is not finite");

  std::vector<Matrix<double>> start(3);
  start[0] = to_context(ctx, matrix_of<double>(3, 2, std::vector<double>(6, 0)));
  EXPECT_EQ(message_of<InvalidArgument>([&] { cp_als(ctx, good.view(), options_of(2, 3), views_of(start)); }),
            "start[0] is all zero: nothing could be found from there");
  start[0] = Matrix<double>(ctx, 3, 1);
  EXPECT_EQ(message_of<ShapeError>([&] { cp_als(ctx, good.view(), options_of(2, 3), views_of(start)); }),
            "start[0] is 3 x 1, expected 3 x 2");

  DenseTensorView<double> odd = good.view();
  odd.order = 1;
  EXPECT_EQ(message_of<ShapeError>([&] { cp_als(ctx, odd, options_of(2, 3)); }),
            "tensor has the order 1, expected 2 to 8");
  odd.order = 9;
  EXPECT_EQ(message_of<ShapeError>([&] { cp_als(ctx, odd, options_of(2, 3)); }),
            "tensor has the order 9, expected 2 to 8");
  odd = good.view();
  odd.shape[1] = 0;
  EXPECT_EQ(message_of<ShapeError>([&] { cp_als(ctx, odd, options_of(2, 3)); }),
            "tensor has the size 0 in mode 1, expected 1 to 2^31 - 1");
  EXPECT_NE(message_of<OutOfMemory>([&] {
              cp_als(ctx, good.view(), options_of(index_t{1} << 40, 3));
            }).find("cp_als() would take about"),
            std::string::npos);

  SparseTensor<double> entries = sparse_of(ctx, to_host(good));
  SparseTensorView<double> view = entries.view();
  view.weights = view.values;
  EXPECT_EQ(message_of<InvalidArgument>([&] { cp_als(ctx, view, options_of(2, 3)); }),
            "tensor.weights is given, expected null: what has no entry is 0, not unknown");
  view = entries.view();
  view.shape[0] = 2;
  EXPECT_NE(message_of<InvalidArgument>([&] { cp_als(ctx, view, options_of(2, 3)); }).find("has the index (2, "),
            std::string::npos);
  view = entries.view();
  view.entries = 0;
  EXPECT_EQ(message_of<InvalidArgument>([&] { cp_als(ctx, view, options_of(2, 3)); }),
            "tensor has no entries: it is all zero");
}

INSTANTIATE_TEST_SUITE_P(Backends, CpAls, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
