#include "support.hpp"

namespace seesaw::test {
namespace {

template <class T>
struct Measured {
  ResidualSums sums;
  Buffer<T> residuals;
};

template <class T>
Measured<T> measure_on(Context& ctx, const Csr<T>& ratings, const Matrix<T>& x, const Matrix<T>& y) {
  const auto csr = to_context(ctx, ratings);
  const auto x_there = to_context(ctx, x), y_there = to_context(ctx, y);
  Buffer<T> residuals(ctx, ratings.values.size());
  const auto sums = masked_residual(ctx, csr.view(), read(x_there), read(y_there), residuals.data());
  const auto without = masked_residual(ctx, csr.view(), read(x_there), read(y_there));
  EXPECT_EQ(without.squared, sums.squared) << "with and without residuals the sums are the same";
  return {sums, to_host(residuals)};
}

class MaskedResidual : public OnBackend {};

// x_0 = (1, 2), x_1 = (0, 1), y_0 = (1, 0), y_1 = (2, 1): predictions 1, 4; 0, 1.
TEST_P(MaskedResidual, IsWhatHandsCompute) {
  Context ctx = context();
  const auto ratings = csr_of<double>(2, 2, {{0, 0, 3, 0.5}, {0, 1, 3, 2}, {1, 1, 4, 1}}, /*weights=*/true);
  const auto measured =
      measure_on(ctx, ratings, matrix_of<double>(2, 2, {1, 2, 0, 1}), matrix_of<double>(2, 2, {1, 0, 2, 1}));
  EXPECT_EQ(measured.residuals.data()[0], 2);
  EXPECT_EQ(measured.residuals.data()[1], -1);
  EXPECT_EQ(measured.residuals.data()[2], 3);
  EXPECT_EQ(measured.sums.squared, 14);
  EXPECT_EQ(measured.sums.weighted_squared, 13);
  EXPECT_EQ(measured.sums.sum, 4);
  EXPECT_EQ(rmse(measured.sums, 3), std::sqrt(14.0 / 3));
  EXPECT_EQ(rmse({}, 0), 0);
}

TEST_P(MaskedResidual, PenaltyIsWhatHandsCompute) {
  Context ctx = context();
  const auto x = to_context(ctx, matrix_of<float>(2, 2, {1, 2, 0, 3}));
  const auto csr = to_context(ctx, csr_of<float>(2, 2, {{0, 0, 1}, {0, 1, 1}, {1, 1, 1}}));
  EXPECT_EQ(penalty_term(ctx, read(x), nullptr, {2.0, Weighting::plain}), 5 + 9);
  EXPECT_EQ(penalty_term(ctx, read(x), csr.offsets.data(), {2.0, Weighting::by_count}), 2 * 5 + 9);
  EXPECT_DOUBLE_EQ(penalty_term(ctx, read(x), csr.offsets.data(), {2.0, Weighting::by_count, 0.5, 2}),
                   2 * 5 + std::sqrt(3.0) * 9);
}

// A dot product of k terms and a subtraction: |error of r| <= (k + 1) eps (|a| + |x||y|) (Higham, section 3.1).
template <class T>
void agrees_with_long_sums(Context& ctx, index_t k) {
  const auto ratings = random_csr<T>({0, 1, 33, 90, 4, 0, 64, 31, 0}, 97, 7, /*weights=*/true);
  const auto x = random_matrix<T>(ratings.rows, k, 8), y = random_matrix<T>(ratings.cols, k, 9);
  const auto measured = measure_on(ctx, ratings, x, y);
  double squared = 0, weighted = 0;
  for (index_t i = 0; i < ratings.rows; ++i)
    for (offset_t e = ratings.offsets.data()[i]; e < ratings.offsets.data()[i + 1]; ++e) {
      long double r = ratings.values.data()[e], scale = std::abs(r);
      for (index_t f = 0; f < k; ++f) {
        const long double term =
            static_cast<long double>(x(i, f)) * static_cast<long double>(y(ratings.columns.data()[e], f));
        r -= term;
        scale += std::abs(term);
      }
      const T found = measured.residuals.data()[e];
      ASSERT_LE(std::abs(static_cast<long double>(found) - r),
                static_cast<long double>(static_cast<double>(k + 1) * eps<T>()) * scale)
          << "k = " << k << ", entry " << e;
      const double d = static_cast<double>(found);
      squared += d * d;
      weighted += static_cast<double>(ratings.weights.data()[e]) * d * d;
    }
  // Sums of some hundreds of nonnegative numbers in double.
  EXPECT_NEAR(measured.sums.squared, squared, 1000 * eps<double>() * squared);
  EXPECT_NEAR(measured.sums.weighted_squared, weighted, 1000 * eps<double>() * weighted);
}

TEST_P(MaskedResidual, AgreesWithLongSums) {
  Context ctx = context();
  for (index_t k : {1, 7, 8, 9, 31, 32, 33, 64, 129, 300}) {
    agrees_with_long_sums<float>(ctx, k);
    agrees_with_long_sums<double>(ctx, k);
  }
}

TEST_P(MaskedResidual, IsTheSameForAnyNumberOfThreads) {
  const auto ratings = random_csr<float>(std::vector<index_t>(500, 40), 90, 7);
  const auto x = random_matrix<float>(500, 17, 1), y = random_matrix<float>(90, 17, 2);
  Context one = context(1), two = context(2);
  const auto a = measure_on(one, ratings, x, y), b = measure_on(two, ratings, x, y);
  EXPECT_EQ(a.sums.squared, b.sums.squared);
  EXPECT_TRUE(same_bits(a.residuals, b.residuals));
  const auto tall = random_matrix<float>(5000, 3, 3);  // in several blocks of rows
  const auto x1 = to_context(one, tall), x2 = to_context(two, tall);
  EXPECT_EQ(penalty_term(one, read(x1), nullptr, {1.0, Weighting::plain}),
            penalty_term(two, read(x2), nullptr, {1.0, Weighting::plain}));
}

TEST_P(MaskedResidual, ASliceOfRowsCountsFromItsFirstEntry) {
  Context ctx = context();
  const auto csr = to_context(ctx, csr_of<double>(3, 1, {{0, 0, 9}, {1, 0, 5}, {2, 0, 7}}));
  CsrView<double> slice = csr.view();
  slice = {2, 1, 2, slice.offsets + 1, slice.columns, slice.values, nullptr};
  const auto x = to_context(ctx, matrix_of<double>(2, 1, {1, 2})), y = to_context(ctx, matrix_of<double>(1, 1, {3}));
  Buffer<double> residuals(ctx, 2);
  EXPECT_EQ(masked_residual(ctx, slice, read(x), read(y), residuals.data()).squared, 4 + 1);
  EXPECT_EQ(to_host(residuals).data()[0], 2);
  EXPECT_EQ(to_host(residuals).data()[1], 1);
}

TEST_P(MaskedResidual, RefusesWrongShapes) {
  Context ctx = context();
  const auto csr = to_context(ctx, csr_of<float>(2, 3, {{0, 0, 1}}));
  const Matrix<float> x(ctx, 2, 4), y(ctx, 3, 4), short_y(ctx, 2, 4), narrow(ctx, 3, 3);
  EXPECT_EQ(message_of<ShapeError>([&] { masked_residual(ctx, csr.view(), read(x), read(short_y)); }),
            "y is 2 x 4, expected 3 x 4");
  EXPECT_EQ(message_of<ShapeError>([&] { masked_residual(ctx, csr.view(), read(x), read(narrow)); }),
            "y is 3 x 3, expected 3 x 4");
  EXPECT_EQ(message_of<ShapeError>([&] { masked_residual(ctx, csr.view(), read(y), read(y)); }),
            "x is 3 x 4, expected 2 x 4");
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              penalty_term(ctx, read(x), nullptr, {1, Weighting::by_count});
            }),
            "offsets is a null pointer");
}

INSTANTIATE_TEST_SUITE_P(Backends, MaskedResidual, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
