#include "cpu/masked_tiles.hpp"
#include "tensor_support.hpp"

namespace seesaw::test {
namespace {

class MaskedGradient : public OnBackend {};

constexpr index_t kRanks[] = {1, 7, 8, 9, 31, 32, 33, 64, 129};

template <class T>
std::vector<double> elements(const Matrix<T>& m) {
  return {m.buffer().data(), m.buffer().data() + m.buffer().size()};
}

template <class T>
Point<T> point_of(const std::vector<index_t>& shape, index_t k, const std::vector<std::vector<double>>& values) {
  Point<T> point;
  for (std::size_t m = 0; m < shape.size(); ++m) point.push_back(matrix_of<T>(shape[m], k, values[m]));
  return point;
}

using Numbers = std::vector<double>;

// x_0 = (1, 2), x_1 = (0, 1), y_0 = (1, 0), y_1 = (2, 1): residuals 2 and -1; 3.
const Tensor kMatrix{{2, 2}, {{{0, 0}, 3, 0.5}, {{0, 1}, 3, 2}, {{1, 1}, 4, 1}}};
const std::vector<std::vector<double>> kPoint{{1, 2, 0, 1}, {1, 0, 2, 1}};
const std::vector<std::vector<double>> kDirection{{1, 0, 0, 0}, {1, 1, 0, 0}};

template <class T>
void matrix_by_hand(Context& ctx) {
  const auto at = point_of<T>({2, 2}, 2, kPoint), along = point_of<T>({2, 2}, 2, kDirection);
  const auto of_x = gradient_on(ctx, kMatrix, true, at, {10, Weighting::by_count}, 0);
  EXPECT_EQ(elements(of_x.rows), (Numbers{3 + 20, 2 + 40, -6, -3 + 10}));
  EXPECT_EQ(of_x.sums.squared, 14);
  EXPECT_EQ(of_x.sums.weighted_squared, 13);
  EXPECT_EQ(of_x.sums.sum, 4);
  EXPECT_EQ(elements(gradient_on(ctx, kMatrix, true, at, {10, Weighting::plain}, 1).rows),
            (Numbers{-1 + 10, -2, 2 + 20, 1 + 10}));
  // Without weights: -(2 (1, 0) - (2, 1)), -3 (2, 1).
  EXPECT_EQ(elements(gradient_on(ctx, kMatrix, false, at, {0, Weighting::plain}, 0).rows), (Numbers{0, 1, -6, -3}));
  // The model changes by 4, 2 and 0.
  const auto product = [&](Curvature curvature, Penalty penalty, int mode) {
    return elements(product_on(ctx, kMatrix, true, at, along, curvature, penalty, mode));
  };
  EXPECT_EQ(product(Curvature::exact, {10, Weighting::by_count}, 0), (Numbers{9 + 20, 3, 0, 0}));
  EXPECT_EQ(product(Curvature::gauss_newton, {10, Weighting::by_count}, 0), (Numbers{10 + 20, 4, 0, 0}));
  EXPECT_EQ(product(Curvature::exact, {10, Weighting::plain}, 1), (Numbers{1 + 10, 4 + 10, 6, 8}));
  EXPECT_EQ(product(Curvature::gauss_newton, {10, Weighting::plain}, 1), (Numbers{2 + 10, 4 + 10, 4, 8}));
  // 1/4 (2 - 4 t - t^2)^2 + (1 + 2 t)^2 + 9/2.
  for (const int mode : {0, 1})
    EXPECT_EQ(line_on(ctx, kMatrix, true, at, along, mode), (Polynomial{6.5, 0, 7, 2, 0.25}));
}

TEST_P(MaskedGradient, OfAMatrixIsWhatHandsCompute) {
  Context ctx = context();
  matrix_by_hand<float>(ctx);
  matrix_by_hand<double>(ctx);
}

// A_0 = (1, 2), A_1 = (3, 0), B = (2, 1), C_0 = (1, 1), C_1 = (0, 2): the model is 4, 4, 0 and the residuals 1, 0, 1.
template <class T>
void tensor_by_hand(Context& ctx) {
  const std::vector<index_t> shape{2, 1, 2};
  const Tensor tensor{shape, {{{0, 0, 0}, 5, 2}, {{0, 0, 1}, 4, 1}, {{1, 0, 1}, 1, 3}}};
  const auto at = point_of<T>(shape, 2, {{1, 2, 3, 0}, {2, 1}, {1, 1, 0, 2}});
  const auto along = point_of<T>(shape, 2, {{1, 0, 0, 0}, {0, 1}, {1, 0, 0, 0}});
  const Penalty none{0, Weighting::plain};
  const auto of_a = gradient_on(ctx, tensor, true, at, {1, Weighting::plain}, 0);
  EXPECT_EQ(elements(of_a.rows), (Numbers{-4 + 1, -2 + 2, 0 + 3, -6}));
  EXPECT_EQ(of_a.sums.squared, 2);
  EXPECT_EQ(of_a.sums.weighted_squared, 5);
  EXPECT_EQ(of_a.sums.sum, 2);
  EXPECT_EQ(elements(gradient_on(ctx, tensor, true, at, none, 1).rows), (Numbers{-2, -4}));
  EXPECT_EQ(elements(gradient_on(ctx, tensor, true, at, none, 2).rows), (Numbers{-4, -4, -18, 0}));
  // h = (2, 1), q = (2, 1), change 6; h = (0, 2), q = (0, 2), change 4; the same, change 0.
  EXPECT_EQ(elements(product_on(ctx, tensor, true, at, along, Curvature::exact, none, 0)),
            (Numbers{2 * (12 - 2), 2 * (6 - 1) + 8, 0, -6}));
  EXPECT_EQ(elements(product_on(ctx, tensor, true, at, along, Curvature::gauss_newton, none, 0)),
            (Numbers{24, 12 + 8, 0, 0}));
  // Models 2 (1 + t)^2 + 2 (1 + t), 4 (1 + t), 0: residuals 1 - 6 t - 2 t^2, -4 t, 1.
  EXPECT_EQ(line_on(ctx, tensor, true, at, along, 2), (Polynomial{1 + 1.5, -12, 32 + 8, 24, 4}));
}

TEST_P(MaskedGradient, OfATensorIsWhatHandsCompute) {
  Context ctx = context();
  tensor_by_hand<float>(ctx);
  tensor_by_hand<double>(ctx);
}

TEST_P(MaskedGradient, PenaltySlopeIsWhatHandsCompute) {
  Context ctx = context();
  const auto x = to_context(ctx, matrix_of<float>(2, 2, {1, 2, 0, 3}));
  const auto z = to_context(ctx, matrix_of<float>(2, 2, {1, -1, 5, 2}));
  const auto csr = to_context(ctx, csr_of<float>(2, 2, {{0, 0, 1}, {0, 1, 1}, {1, 1, 1}}));
  EXPECT_EQ(penalty_slope(ctx, read(x), read(z), nullptr, {2.0, Weighting::plain}), 2 * (-1 + 6));
  EXPECT_EQ(penalty_slope(ctx, read(x), read(z), csr.offsets.data(), {2.0, Weighting::by_count}), 2 * (-2 + 6));
  EXPECT_EQ(penalty_slope(ctx, read(x), read(x), nullptr, {2.0, Weighting::plain}),
            2 * penalty_term(ctx, read(x), nullptr, {2.0, Weighting::plain}));
}

template <class T>
void expect_near(const Matrix<T>& found, const Exact& exact, double roundings, const std::string& what) {
  for (std::size_t n = 0; n < exact.value.size(); ++n) {
    const auto difference = std::abs(static_cast<long double>(found.buffer().data()[n]) - exact.value[n]);
    ASSERT_LE(difference, static_cast<long double>(roundings * eps<T>()) * exact.scale[n])
        << what << ", element " << n << " of " << exact.value.size();
  }
}

/// The line's value at several steps, beside the objective's there: the polynomials are of doubles, so that the same
/// holds for float. By entry: 2 order roundings in a product, k terms, the square of order + 1 coefficients; then the
/// entries and the evaluation. The scale is the objective with absolute values.
template <class T>
void expect_line(const Polynomial& line, const Tensor& tensor, bool weighted, const Point<T>& factors,
                 const Point<T>& direction, const std::string& what) {
  const auto k = static_cast<std::size_t>(factors[0].cols());
  for (const double t : {0.0, 1.0, -0.5, 2.0}) {
    long double value = 0, scale = 0, found = 0;
    for (const TensorEntry& entry : tensor.entries) {
      long double residual = static_cast<T>(entry.value), all = std::abs(residual);
      for (std::size_t f = 0; f < k; ++f) {
        long double product = 1, absolute = 1;
        for (std::size_t m = 0; m < tensor.shape.size(); ++m) {
          const long double a = factors[m](entry.index[m], static_cast<index_t>(f));
          const long double d = direction[m](entry.index[m], static_cast<index_t>(f));
          product *= a + static_cast<long double>(t) * d;
          absolute *= std::abs(a) + static_cast<long double>(std::abs(t)) * std::abs(d);
        }
        residual -= product;
        all += absolute;
      }
      const long double w = exact_weight<T>(entry, weighted);
      value += 0.5L * w * residual * residual;
      scale += 0.5L * w * all * all;
    }
    for (std::size_t n = line.size(); n-- > 0;)
      found = found * static_cast<long double>(t) + static_cast<long double>(line[n]);
    const auto order = static_cast<std::size_t>(tensor.order());
    const auto count = static_cast<double>(2 * (k + 2 * order) + tensor.entries.size() + order + 5);
    ASSERT_LE(std::abs(found - value), static_cast<long double>(count * eps<double>()) * scale)
        << what << ", t = " << t;
  }
}

/// Against plain sums in long double and against the reference.
template <class T>
void agrees(Context& ctx, const Tensor& tensor, index_t k, int mode, bool weighted) {
  const std::string what = name_of(tensor, k, mode, weighted);
  Context reference = Context::reference();
  const auto at = random_point<T>(tensor.shape, k, 3), along = random_point<T>(tensor.shape, k, 103);
  const Penalty penalty{0.3, Weighting::by_count};
  const double count = roundings(tensor, k, mode);
  const auto expect_both = [&](const Matrix<T>& found, const Matrix<T>& twin, const Exact& exact, const char* name) {
    expect_near(found, exact, count, what + ", " + name);
    for (std::size_t n = 0; n < exact.value.size(); ++n)
      ASSERT_LE(std::abs(static_cast<double>(found.buffer().data()[n]) - static_cast<double>(twin.buffer().data()[n])),
                2 * count * eps<T>() * static_cast<double>(exact.scale[n]))
          << what << ", " << name << " beside the reference";
  };
  const auto found = gradient_on(ctx, tensor, weighted, at, penalty, mode);
  const auto twin = gradient_on(reference, tensor, weighted, at, penalty, mode);
  expect_both(found.rows, twin.rows, exact_rows<T>(tensor, weighted, at, nullptr, Curvature::exact, penalty, mode),
              "gradient");
  // The residuals' own errors: (k + 2 order) eps of |t| + the sum of |products|; their squares' sum is of doubles.
  long double squared = 0, weighted_squared = 0, sum = 0, error = 0, plain_error = 0;
  for (const TensorEntry& entry : tensor.entries) {
    const ExactEntry one = exact_entry<T>(tensor, entry, at, nullptr, static_cast<std::size_t>(mode));
    const long double off =
        static_cast<long double>(static_cast<double>(k + 2 * tensor.order()) * eps<T>()) * one.residual_scale;
    squared += one.residual * one.residual;
    weighted_squared += exact_weight<T>(entry, weighted) * one.residual * one.residual;
    sum += one.residual;
    error += std::max(1.0L, exact_weight<T>(entry, weighted)) * off * (2 * std::abs(one.residual) + off);
    plain_error += off;
  }
  EXPECT_NEAR(found.sums.squared, static_cast<double>(squared), static_cast<double>(error)) << what;
  EXPECT_NEAR(found.sums.weighted_squared, static_cast<double>(weighted_squared), static_cast<double>(error)) << what;
  EXPECT_NEAR(found.sums.sum, static_cast<double>(sum), static_cast<double>(plain_error)) << what;
  for (const Curvature curvature : {Curvature::exact, Curvature::gauss_newton})
    expect_both(product_on(ctx, tensor, weighted, at, along, curvature, penalty, mode),
                product_on(reference, tensor, weighted, at, along, curvature, penalty, mode),
                exact_rows<T>(tensor, weighted, at, &along, curvature, penalty, mode),
                curvature == Curvature::exact ? "product" : "Gauss-Newton product");
  expect_line(line_on(ctx, tensor, weighted, at, along, mode), tensor, weighted, at, along, what);
}

TEST_P(MaskedGradient, OfAMatrixAgreesWithPlainSums) {
  Context ctx = context();
  const Tensor matrix = random_tensor({10, 29}, kLengths, 7);
  for (const index_t k : kRanks)
    for (const int mode : {0, 1}) {
      agrees<float>(ctx, matrix, k, mode, mode == 0);
      agrees<double>(ctx, matrix, k, mode, mode == 1);
    }
}

TEST_P(MaskedGradient, OfATensorAgreesWithPlainSums) {
  Context ctx = context();
  const std::vector<std::vector<index_t>> shapes{{10, 7, 5}, {10, 3, 5, 4}, {10, 4, 2, 3, 5}};
  for (const auto& shape : shapes) {
    const Tensor tensor = random_tensor(shape, kLengths, 11);
    for (const index_t k : kRanks) {
      agrees<float>(ctx, tensor, k, 0, true);
      agrees<double>(ctx, tensor, k, static_cast<int>(shape.size()) - 1, false);
    }
  }
}

TEST_P(MaskedGradient, OfOrderEightAgreesWithPlainSums) {
  Context ctx = context();
  const Tensor tensor = random_tensor({10, 2, 3, 2, 1, 2, 3, 2}, kLengths, 13);
  agrees<float>(ctx, tensor, 9, 4, true);
  agrees<double>(ctx, tensor, 33, 0, false);
}

// Rows that are cut into segments, of every width.
TEST_P(MaskedGradient, OfLongRowsAgreesWithPlainSums) {
  Context ctx = context();
  const std::vector<index_t> lengths{0, 5, 1300, 31, 0, 1029, 0};
  for (const index_t k : {9, 64, 129, 300}) {
    agrees<float>(ctx, random_tensor({7, 41}, lengths, 17), k, 0, true);
    agrees<double>(ctx, random_tensor({7, 11, 5}, lengths, 19), k, 0, false);
  }
  const Tensor longest = random_tensor({5, 977}, {3, 40000, 0, 2500, 1}, 23);
  agrees<float>(ctx, longest, 8, 0, false);
  agrees<float>(ctx, longest, 8, 1, true);
}

// On the cpu the entries of a row come tile after tile, where the other mode's factor is larger than a cache.
TEST_P(MaskedGradient, OfALargeFactorAgreesWithPlainSums) {
  Context ctx = context();
  const index_t k = 1024;
  const Tensor matrix = random_tensor({3, 4200}, {300, 0, 400}, 29);
  const auto at = random_point<float>(matrix.shape, k, 3);
  const Penalty penalty{0.3, Weighting::by_count};
  const auto found = gradient_on(ctx, matrix, true, at, penalty, 0);
  const Exact exact = exact_rows<float>(matrix, true, at, nullptr, Curvature::exact, penalty, 0);
  expect_near(found.rows, exact, roundings(matrix, k, 0), "gradient");
}

TEST(MaskedTiles, TakeEveryEntryOnceInItsRowsOrder) {
  const std::vector<offset_t> offsets{0, 4, 4, 9, 10};
  const std::vector<column_t> columns{0, 2, 3, 6, 1, 5, 2, 4, 6, 6};  // those of row 2 do not ascend
  ModeView<float> entries;
  entries.shape = {4, 7};
  entries.entries = 10;
  entries.offsets = offsets.data();
  entries.indices[1] = columns.data();
  using Runs = std::vector<std::array<index_t, 3>>;
  const auto runs = [&](index_t begin, index_t end, index_t tile) {
    Runs all;
    cpu::for_tiles(entries, begin, end, tile, [&](index_t i, offset_t first, offset_t last) {
      all.push_back({i, first, last});
    });
    return all;
  };
  EXPECT_EQ(runs(0, 4, 0), (Runs{{0, 0, 4}, {1, 4, 4}, {2, 4, 9}, {3, 9, 10}}));
  EXPECT_EQ(runs(0, 4, 3), (Runs{{0, 0, 2}, {2, 4, 5}, {0, 2, 3}, {2, 5, 8}, {0, 3, 4}, {2, 8, 9}, {3, 9, 10}}));
  EXPECT_EQ(runs(2, 3, 7), (Runs{{2, 4, 9}}));
}

TEST(MaskedTiles, AreForFactorsBeyondACacheAndRowsOfManyEntries) {
  ModeView<float> entries;
  entries.shape = {26744, 138493};
  entries.entries = 20000263;
  EXPECT_EQ(cpu::tile_size(entries, 64), 1024);
  EXPECT_EQ(cpu::tile_size(entries, 16), 0);  // 8.9 MB
  entries.entries = 5000000;                  // 1.4 for each row and tile
  EXPECT_EQ(cpu::tile_size(entries, 64), 0);
  entries.entries = 20000263;
  entries.order = 3;
  EXPECT_EQ(cpu::tile_size(entries, 64), 0);
}

TEST_P(MaskedGradient, WithoutEntriesIsThePenalty) {
  Context ctx = context();
  const Tensor empty{{3, 2}, {}};
  const auto at = random_point<float>({3, 2}, 5, 1);
  const auto found = gradient_on(ctx, empty, false, at, {2, Weighting::plain}, 0);
  for (index_t n = 0; n < 15; ++n) EXPECT_EQ(found.rows.buffer().data()[n], 2 * at[0].buffer().data()[n]);
  EXPECT_EQ(found.sums.squared, 0);
  EXPECT_EQ(elements(product_on(ctx, empty, false, at, at, Curvature::exact, {0, Weighting::plain}, 1)), Numbers(10));
  EXPECT_EQ(line_on(ctx, empty, false, at, at, 0), Polynomial{});
  const Tensor nothing{{0, 2}, {}};
  EXPECT_EQ(gradient_on(ctx, nothing, false, random_point<float>({0, 2}, 5, 1), {1, Weighting::plain}, 0).sums.sum, 0);
}

// A stride that is no multiple of anything, columns between the rows that nothing may touch.
TEST_P(MaskedGradient, TakesMatricesWithAStride) {
  Context ctx = context();
  const index_t k = 21, stride = 27;
  const Tensor tensor = random_tensor({10, 6, 4}, kLengths, 29);
  const auto tight = random_point<float>(tensor.shape, k, 1), along = random_point<float>(tensor.shape, k, 101);
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  const auto spread = [&](const Point<float>& point, Point<float>& memory) {
    FactorViews<float> all;
    for (std::size_t m = 0; m < point.size(); ++m) {
      Matrix<float> wide(point[m].rows(), stride);
      std::fill_n(wide.buffer().data(), wide.buffer().size(), nan);
      for (index_t i = 0; i < point[m].rows(); ++i)
        for (index_t f = 0; f < k; ++f) wide(i, f + 1) = point[m](i, f);
      memory.push_back(seesaw::to_context(ctx, wide));
      all[m] = {memory[m].buffer().data() + 1, point[m].rows(), k, stride};
    }
    return all;
  };
  Point<float> at_memory, along_memory;
  const auto at = spread(tight, at_memory), d = spread(along, along_memory);
  const auto by = by_mode<float>(ctx, tensor, 0, true);
  Matrix<float> host(10, stride);
  std::fill_n(host.buffer().data(), host.buffer().size(), nan);
  const Penalty penalty{1, Weighting::plain};
  const auto expect = [&](const Matrix<float>& out, const Matrix<float>& expected) {
    const auto back = to_host(out);
    for (index_t i = 0; i < 10; ++i)
      for (index_t f = 0; f < stride; ++f) {
        if (f < 1 || f > k)
          EXPECT_TRUE(std::isnan(back(i, f)));
        else
          EXPECT_EQ(back(i, f), expected(i, f - 1)) << "row " << i << ", column " << f - 1;
      }
  };
  Matrix<float> out = seesaw::to_context(ctx, host);
  masked_gradient(ctx, by.view, at, penalty, {out.buffer().data() + 1, 10, k, stride});
  expect(out, gradient_on(ctx, tensor, true, tight, penalty, 0).rows);
  out = seesaw::to_context(ctx, host);
  masked_product(ctx, by.view, at, d, Curvature::exact, penalty, {out.buffer().data() + 1, 10, k, stride});
  expect(out, product_on(ctx, tensor, true, tight, along, Curvature::exact, penalty, 0));
  EXPECT_EQ(masked_line(ctx, by.view, at, d), line_on(ctx, tensor, true, tight, along, 0));
}

TEST_P(MaskedGradient, IsTheSameForAnyNumberOfThreads) {
  std::vector<index_t> lengths(300);
  for (std::size_t i = 0; i < lengths.size(); ++i) lengths[i] = static_cast<index_t>(i * 37 % 61);
  lengths[100] = 9000;
  const std::vector<std::vector<index_t>> shapes{{300, 90}, {300, 20, 30}};
  for (const auto& shape : shapes) {
    const Tensor tensor = random_tensor(shape, lengths, 47);
    const auto at = random_point<float>(shape, 17, 5), along = random_point<float>(shape, 17, 105);
    const Penalty penalty{1, Weighting::by_count};
    for (const int mode : {0, 1}) {
      Context one = context(1);
      const auto gradient = gradient_on(one, tensor, true, at, penalty, mode);
      const auto product = product_on(one, tensor, true, at, along, Curvature::exact, penalty, mode);
      const auto line = line_on(one, tensor, true, at, along, mode);
      for (const int threads : {2, 5}) {
        Context ctx = context(threads);
        const auto again = gradient_on(ctx, tensor, true, at, penalty, mode);
        EXPECT_TRUE(same_bits(again.rows, gradient.rows));
        EXPECT_EQ(again.sums.squared, gradient.sums.squared);
        EXPECT_EQ(again.sums.weighted_squared, gradient.sums.weighted_squared);
        EXPECT_EQ(again.sums.sum, gradient.sums.sum);
        EXPECT_TRUE(same_bits(product_on(ctx, tensor, true, at, along, Curvature::exact, penalty, mode), product));
        EXPECT_EQ(line_on(ctx, tensor, true, at, along, mode), line);
      }
    }
  }
  const auto x = random_matrix<float>(5000, 3, 3), z = random_matrix<float>(5000, 3, 4);  // in several blocks of rows
  const auto slope = [&](int threads) {
    Context ctx = context(threads);
    const auto x_there = seesaw::to_context(ctx, x), z_there = seesaw::to_context(ctx, z);
    return penalty_slope(ctx, read(x_there), read(z_there), nullptr, {1.0, Weighting::plain});
  };
  EXPECT_EQ(slope(1), slope(2));
  EXPECT_EQ(slope(1), slope(5));
}

INSTANTIATE_TEST_SUITE_P(Backends, MaskedGradient, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
