#include <chrono>

#include "cp_nvecs.hpp"
#include "cp_support.hpp"
#include "solve_implicit_rows.hpp"

namespace seesaw::test {
namespace {

class CpStarts : public OnBackendForward {};

TEST_P(CpStarts, BeginsInTheRangeOfTheTensor) {
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

TEST_P(CpStarts, FindsTheLeadingVectorsOfEachUnfolding) {
  Context ctx = context();
  for (const bool sparse : {false, true}) {
    finds_leading_vectors<float>(ctx, {7, 40, 12, 5}, sparse);  // several parts of each sum
    finds_leading_vectors<double>(ctx, {7, 40, 12, 5}, sparse);
    finds_leading_vectors<double>(ctx, {3, 130, 4}, sparse);  // and bands of the Gram
  }
}

// The last mode has 2 indices for a rank of 3: its third column is drawn.
TEST_P(CpStarts, BeginsWithTheLeadingVectors) {
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

/// The eigenvectors of X X' of the largest eigenvalues, whatever the sizes.
Matrix<double> square_way(const DenseTensor<double>& tensor, std::size_t mode, index_t count) {
  Matrix<double> square = unfolding_gram(tensor, mode);
  const index_t n = square.rows();
  std::vector<double> values(static_cast<std::size_t>(n));
  cpu::symmetric_eigen(n, square.view().data, values.data());
  Matrix<double> vectors(n, count);
  for (index_t f = 0; f < count; ++f) {
    double largest = 0;
    for (index_t i = 0; i < n; ++i)
      if (std::abs(square(n - 1 - f, i)) > std::abs(largest)) largest = square(n - 1 - f, i);
    for (index_t i = 0; i < n; ++i) vectors(i, f) = (largest < 0 ? -1 : 1) * square(n - 1 - f, i);
  }
  return vectors;
}

template <class T>
Matrix<double> vectors_of(Context& ctx, const DenseTensor<double>& host, std::size_t mode, index_t count, bool sparse) {
  const auto number = static_cast<int>(mode);
  std::vector<double> numbers(host.values.data(), host.values.data() + host.values.size());
  const auto rounded = tensor_of<T>({host.shape.begin(), host.shape.begin() + host.order}, numbers);
  if (!sparse) return leading_vectors(ctx, to_context(ctx, rounded).view(), number, count);
  return leading_vectors(ctx, by_mode(ctx, sparse_of(ctx, rounded).view(), number).view(), count);
}

// Both ways have an error of some n eps |G| in their Gram, which turns a vector by that over the gap to the next
// eigenvalue, here above 1/1000 of |G|; X v of a vector of a singular value s has it again times |X| / s, below 30.
TEST_P(CpStarts, TheGramOfTheColumnsGivesTheSameVectors) {
  Context ctx = context();
  const std::vector<std::vector<index_t>> shapes{{70, 5, 3}, {5, 70, 3}, {3, 5, 70}, {4, 90, 1, 2}, {50, 6}, {6, 50}};
  for (const auto& shape : shapes) {
    const auto host = random_cp(shape, 3, 0.1, 79);
    const auto mode = static_cast<std::size_t>(std::max_element(shape.begin(), shape.end()) - shape.begin());
    const Matrix<double> expected = square_way(host, mode, 3);
    for (const bool sparse : {false, true}) {
      EXPECT_LE(largest_difference(vectors_of<double>(ctx, host, mode, 3, sparse), expected), 1e-10) << mode << sparse;
      EXPECT_LE(largest_difference(vectors_of<float>(ctx, host, mode, 3, sparse), expected), 6000 * 15 * eps<float>())
          << mode << sparse;
    }
  }
}

// Whole numbers, whose Grams are exact: what is left of the second eigenvalue is rounding, below the bound.
TEST_P(CpStarts, AnUnfoldingHasNoMoreVectorsThanItsRank) {
  Context ctx = context();
  std::vector<double> values;
  for (int i = 1; i <= 9; ++i)
    for (int j = 1; j <= 4; ++j) values.push_back(i * j);
  const auto host = tensor_of<double>({9, 2, 2}, values);
  for (const bool sparse : {false, true}) {
    const Matrix<double> found = vectors_of<double>(ctx, host, 0, 3, sparse);
    ASSERT_EQ(found.cols(), 1);
    for (index_t i = 0; i < 9; ++i)  // 1 + 4 + ... + 81 = 285
      EXPECT_NEAR(found(i, 0), static_cast<double>(i + 1) / std::sqrt(285.0), 16 * eps<double>());
  }
}

// Singular values of 1 and 1e-6: the product with the second vector has some eps of the first, 1e6 times as much of
// its own length.
TEST_P(CpStarts, VectorsOfShortProductsAreOrthonormal) {
  Context ctx = context();
  const auto u = random_matrix<double>(40, 2, 83);
  std::vector<double> values;
  for (index_t i = 0; i < 40; ++i) {
    const double small = 1e-6 * u(i, 1);
    for (const double element : {0.6 * u(i, 0) - 0.8 * small, 0.8 * u(i, 0) + 0.6 * small}) values.push_back(element);
  }
  const auto host = tensor_of<double>({40, 2}, values);
  for (const bool sparse : {false, true}) {
    const Matrix<double> found = vectors_of<double>(ctx, host, 0, 2, sparse);
    ASSERT_EQ(found.cols(), 2);
    for (index_t f = 0; f < 2; ++f)
      for (index_t g = 0; g < 2; ++g) {
        double sum = 0;
        for (index_t i = 0; i < 40; ++i) sum += found(i, f) * found(i, g);
        EXPECT_NEAR(sum, f == g ? 1 : 0, 40 * eps<double>()) << sparse;  // a sum of 40
      }
  }
}

// 24,000 indices, which LAPACK could not decompose, of 4 columns.
TEST_P(CpStarts, AModeMayBeLongWhereTheOthersAreShort) {
  Context ctx = context();
  constexpr index_t kSize = 24000;
  std::vector<double> values;
  double squares = 0;
  for (index_t i = 0; i < kSize; ++i) {
    const auto number = static_cast<double>(1 + i % 7);
    squares += number * number;
    for (const double other : {1, 2, 2, 4}) values.push_back(number * other);
  }
  const auto host = tensor_of<double>({kSize, 2, 2}, values);
  for (const bool sparse : {false, true}) {
    const Matrix<double> found = vectors_of<double>(ctx, host, 0, 2, sparse);
    ASSERT_EQ(found.cols(), 1);
    for (index_t i = 0; i < kSize; i += 1000)
      EXPECT_NEAR(found(i, 0), static_cast<double>(1 + i % 7) / std::sqrt(squares),
                  0.02 * kSize * eps<double>());  // a sum of 24,000
  }
}

TEST_P(CpStarts, AnUnfoldingWithTwoLongSidesIsRefused) {
  Context ctx = context();
  constexpr index_t kSize = 23001;
  CpOptions options = options_of(1, 1);
  options.start = CpStart::nvecs;
  const auto one = to_context(ctx, tensor_of<float>({1, 1}, {1}));
  DenseTensorView<float> wide = one.view();  // refused by its sizes alone
  wide.shape = {kSize, kSize};
  const std::string message =
      "start is nvecs, but the unfolding in mode 0 is 23001 x 23001, expected rows or columns up to 23000: the start "
      "range_finder has no such bound";
  EXPECT_EQ(message_of<InvalidArgument>([&] { cp_als(ctx, wide, options); }), message);
  SparseTensor<float> diagonal;
  diagonal.order = 2;
  diagonal.shape = {kSize, kSize};
  std::vector<column_t> numbers(kSize);
  std::iota(numbers.begin(), numbers.end(), 0);
  for (std::size_t n = 0; n < 2; ++n) diagonal.indices[n] = seesaw::to_context(ctx, numbers.data(), kSize);
  diagonal.values = seesaw::to_context(ctx, std::vector<float>(kSize, 1).data(), kSize);
  EXPECT_EQ(message_of<InvalidArgument>([&] { cp_als(ctx, diagonal.view(), options); }), message);
}

// Half of what both modes' vectors take at least, which is many times a sweep (but over host_cuda).
TEST_P(CpStarts, TheStartsTimeCounts) {
  using Clock = std::chrono::steady_clock;
  Context ctx = context();
  const auto tensor = to_context(ctx, random_cp({100, 100}, 1, 0.1, 85));
  std::chrono::duration<double> least = std::chrono::hours(1);
  for (int run = 0; run < 3; ++run) {
    const auto begin = Clock::now();
    for (int mode = 0; mode < 2; ++mode) leading_vectors(ctx, tensor.view(), mode, 1);
    least = std::min<std::chrono::duration<double>>(least, Clock::now() - begin);
  }
  CpOptions options = options_of(1, 1);
  options.start = CpStart::nvecs;
  EXPECT_GE(cp_als(ctx, tensor.view(), options).runs[0].history[0].seconds, least.count() / 2);
}

TEST_P(CpStarts, TheTimeLimitEndsTheStart) {
  Context ctx = context();
  const auto tensor = to_context(ctx, random_cp({9, 8, 7}, 2, 0.1, 87));
  CpOptions options = options_of(2, 5, 3);
  const double drawn = cp_als(ctx, tensor.view(), options).runs[0].history[0].fit;
  options.start = CpStart::nvecs;
  EXPECT_NE(cp_als(ctx, tensor.view(), options).runs[0].history[0].fit, drawn);
  options.stopping.seconds = 1e-9;
  const auto stopped = cp_als(ctx, tensor.view(), options);
  EXPECT_EQ(stopped.runs[0].stopped, StopReason::time);
  ASSERT_EQ(stopped.runs[0].history.size(), 1u);
  EXPECT_EQ(stopped.fit, drawn);
}

TEST(CpStartMemory, IsThatOfTheShorterSide) {
  const auto more = [](CpSize size) {
    const std::int64_t without = cp_als_memory(size);
    size.start = CpStart::nvecs;
    return static_cast<double>(cp_als_memory(size) - without);
  };
  const double square = 1000.0 * 1000;  // of floats once at least, and of doubles five times with LAPACK's work
  EXPECT_GE(more({3, {1000, 900, 800}, 0, 3, 1, 4}), square * (4 + 5 * 8));
  EXPECT_GE(more({3, {1000, 900, 800}, 5000, 3, 1, 4}), square * 5 * 8);
  EXPECT_LE(more({3, {1000, 900, 800}, 50, 3, 1, 4}), 0.01 * square * 5 * 8);  // at most 50 columns have entries
  EXPECT_LE(more({3, {1000000, 10, 10}, 0, 3, 1, 8}), 1e6 * (5 * 3 + 200) * 8);
}

TEST(CpStartNames, AreTheirs) {
  std::vector<std::string> names;
  for (const CpStart start : all_cp_starts()) names.emplace_back(to_string(start));
  EXPECT_EQ(names, (std::vector<std::string>{"normal", "range_finder", "nvecs"}));
}

INSTANTIATE_TEST_SUITE_P(Backends, CpStarts, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
