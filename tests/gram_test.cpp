#include "support.hpp"

namespace seesaw::test {
namespace {

template <class T>
Matrix<T> gram_on(Context& ctx, const Matrix<T>& y) {
  const auto there = to_context(ctx, y);
  Matrix<T> out(ctx, y.cols(), y.cols());
  gram(ctx, read(there), out.view());
  return to_host(out);
}

class Gram : public OnBackend {};

TEST_P(Gram, IsWhatHandsCompute) {
  Context ctx = context();
  const auto out = gram_on(ctx, matrix_of<double>(3, 2, {1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(same_bits(out, matrix_of<double>(2, 2, {35, 44, 44, 56})));
}

TEST_P(Gram, OfNoRowsIsZero) {
  Context ctx = context();
  Matrix<float> y(ctx, 0, 3), out(ctx, 3, 3);
  gram(ctx, read(y), out.view());
  EXPECT_TRUE(same_bits(to_host(out), matrix_of<float>(3, 3, {0, 0, 0, 0, 0, 0, 0, 0, 0})));
}

// Each element is a sum of `rows` products: its error is at most (rows + 1) eps sum |y_a| |y_b| in any order
// (Higham, "Accuracy and Stability", section 3.1).
template <class T>
void agrees_with_long_sums(Context& ctx, index_t rows, index_t k) {
  const auto y = random_matrix<T>(rows, k, 5);
  const auto out = gram_on(ctx, y);
  for (index_t a = 0; a < k; ++a)
    for (index_t b = 0; b < k; ++b) {
      long double sum = 0, absolute = 0;
      for (index_t i = 0; i < rows; ++i) {
        const long double product = static_cast<long double>(y(i, a)) * static_cast<long double>(y(i, b));
        sum += product;
        absolute += std::abs(product);
      }
      ASSERT_LE(std::abs(static_cast<long double>(out(a, b)) - sum),
                static_cast<long double>(static_cast<double>(rows + 1) * eps<T>()) * absolute)
          << rows << " x " << k << " at " << a << ", " << b;
    }
}

TEST_P(Gram, AgreesWithLongSums) {
  Context ctx = context();
  for (index_t k : {1, 7, 8, 9, 31, 32, 33, 64, 129}) {
    agrees_with_long_sums<float>(ctx, 257, k);
    agrees_with_long_sums<double>(ctx, 257, k);
  }
  agrees_with_long_sums<float>(ctx, 5000, 17);
}

TEST_P(Gram, IsTheSameForAnyNumberOfThreads) {
  const auto y = random_matrix<float>(10000, 33, 9);
  Context one = context(1), two = context(2), five = context(5);
  const auto expected = gram_on(one, y);
  EXPECT_TRUE(same_bits(gram_on(two, y), expected));
  EXPECT_TRUE(same_bits(gram_on(five, y), expected));
}

TEST_P(Gram, RefusesWrongShapes) {
  Context ctx = context();
  const Matrix<float> y(ctx, 4, 3);
  Matrix<float> out(ctx, 3, 2), none(ctx, 4, 0);
  EXPECT_EQ(message_of<ShapeError>([&] { gram(ctx, read(y), out.view()); }), "out is 3 x 2, expected 3 x 3");
  EXPECT_EQ(message_of<InvalidArgument>([&] { gram(ctx, read(none), out.view()); }), "rank is 0, expected at least 1");
  const MatrixView<const float> narrow(y.view().data, 4, 3, 2);
  EXPECT_FALSE(message_of<ShapeError>([&] { gram(ctx, narrow, out.view()); }).empty());
}

INSTANTIATE_TEST_SUITE_P(Backends, Gram, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
