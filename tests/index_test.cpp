// Index arithmetic past 2^31, over memory of which only a few pages are touched.
#include "support.hpp"

namespace seesaw::test {
namespace {

constexpr offset_t kPast = (offset_t{1} << 31) + 11;  ///< entries, or elements of a factor, before the ones used

class PastTwoToThe31 : public OnBackendForward {
 protected:
  void SetUp() override {
    OnBackendForward::SetUp();
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer's shadow of these untouched gigabytes would be touched; the other builds run this";
#endif
  }

  /// In a large array of the context, `values` from element `first` on; the rest is never touched.
  template <class T>
  static void put(const Context& ctx, Buffer<T>& array, offset_t first, const std::vector<T>& values) {
    ctx.memory()->copy_from_host(array.data() + first, values.data(), values.size() * sizeof(T));
  }
};

// Two rows whose entries stand past 2^31 in `columns` and `values`.
TEST_P(PastTwoToThe31, EntriesOfSolveRowsAndResiduals) {
  Context ctx = context();
  Buffer<column_t> columns(ctx, kPast + 4);
  Buffer<float> values(ctx, kPast + 4);
  put<column_t>(ctx, columns, kPast, {0, 1, 0, 2});
  put<float>(ctx, values, kPast, {1, 8, 2, 5});
  const std::vector<offset_t> host_offsets{kPast, kPast + 2, kPast + 4};
  const auto offsets = to_context(ctx, host_offsets.data(), 3);
  const CsrView<float> ratings{2, 3, 4, offsets.data(), columns.data(), values.data(), nullptr};
  const auto y = to_context(ctx, matrix_of<float>(3, 1, {4, 2, 1}));
  Matrix<float> x(ctx, 2, 1);
  solve_rows(ctx, ratings, read(y), {0.5}, x.view());
  EXPECT_LE(largest_difference(to_host(x), matrix_of<float>(2, 1, {20 / 20.5, 13 / 17.5})), 4 * eps<float>());

  const auto ones = to_context(ctx, matrix_of<float>(2, 1, {1, 1}));
  Buffer<float> residuals(ctx, 4);
  EXPECT_EQ(masked_residual(ctx, ratings, read(ones), read(y), residuals.data()).squared, 9 + 36 + 4 + 16);
  EXPECT_EQ(to_host(residuals).data()[3], 4);

  const auto turned = to_host(transpose(ctx, ratings));
  EXPECT_EQ(turned.values.data()[1], 2);
  EXPECT_EQ(turned.columns.data()[1], 1);
}

// Factors whose third row begins past element 2^31.
TEST_P(PastTwoToThe31, RowsOfTheFactors) {
  Context ctx = context();
  constexpr index_t stride = kPast / 2 + 1;
  Buffer<float> y_memory(ctx, 2 * stride + 2), x_memory(ctx, 2 * stride + 2);
  for (index_t j = 0; j < 3; ++j) put<float>(ctx, y_memory, j * stride, {static_cast<float>(j + 1), 1});
  const MatrixView<const float> y(y_memory.data(), 3, 2, stride);
  const MatrixView<float> x(x_memory.data(), 3, 2, stride);
  const auto csr = to_context(ctx, csr_of<float>(3, 3, {{0, 1, 4}, {0, 2, 5}, {2, 0, 7}, {2, 2, 9}}));
  solve_rows(ctx, csr.view(), y, {0}, x);  // row 0: 2a + b = 4, 3a + b = 5; row 2: a + b = 7, 3a + b = 9
  std::vector<float> row(2);
  ctx.memory()->copy_to_host(row.data(), x_memory.data() + 2 * stride, 2 * sizeof(float));
  // Row 2 solves [10 4; 4 2] x = (34, 16), exact numbers. Cholesky is as if the elements were off by (3 k + 1) eps / 2
  // times sqrt(a_ff a_gg) (Higham, theorem 10.4), a matrix of the trace's norm; the least eigenvalue is 0.343, |x| 6.1.
  const double unit = 7 * eps<float>() / 2;
  EXPECT_NEAR(row[0], 1, unit * 12 / 0.343 * 6.1);
  EXPECT_NEAR(row[1], 6, unit * 12 / 0.343 * 6.1);
  // Row 0: [13 5; 5 2], its least eigenvalue 0.067, |x| = 2.3: less well conditioned. A residual is off by |y| <= sqrt
  // 10 times the error of x, and by its own 3 eps (|a| + |x||y|).
  const auto residual = masked_residual(ctx, csr.view(), MatrixView<const float>(x), y);
  EXPECT_LE(residual.squared, 4 * std::pow(std::sqrt(10.0) * unit * 15 / 0.067 * 2.3 + 3 * eps<float>() * 30, 2));
  Matrix<float> yy(ctx, 2, 2);
  gram(ctx, y, yy.view());
  EXPECT_TRUE(same_bits(to_host(yy), matrix_of<float>(2, 2, {14, 6, 6, 3})));
}

class MemoryEstimate : public OnBackend {};

TEST_P(MemoryEstimate, DoesNotOverflow) {
  const Context ctx = context();
  EXPECT_EQ(als_memory(ctx, {1, 1, 1, false, 0, std::numeric_limits<index_t>::max(), 8}),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_GT(als_memory(ctx, {index_t{1} << 31, 1000000, offset_t{1} << 40, true, 0, 1024, 8}), std::int64_t{1} << 44);
}

INSTANTIATE_TEST_SUITE_P(Backends, MemoryEstimate, all_backends(), backend_name);
INSTANTIATE_TEST_SUITE_P(Backends, PastTwoToThe31, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
