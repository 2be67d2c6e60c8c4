#include <array>

#include "tensor_support.hpp"

namespace seesaw::test {
namespace {

class KhatriRao : public OnBackend {};

template <class T>
Matrix<T> khatri_rao_on(Context& ctx, const Point<T>& factors) {
  const auto there = to_context(ctx, factors);
  std::vector<MatrixView<const T>> list;
  index_t rows = 1;
  for (const Matrix<T>& factor : there) {
    list.push_back(factor.view());
    rows *= factor.rows();
  }
  Matrix<T> out(ctx, rows, factors[0].cols());
  khatri_rao(ctx, list, out.view());
  return to_host(out);
}

TEST_P(KhatriRao, IsWhatHandsCompute) {
  Context ctx = context();
  Point<double> factors;
  factors.push_back(matrix_of<double>(2, 2, {1, 2, 3, 4}));
  factors.push_back(matrix_of<double>(3, 2, {5, 6, 7, 8, 9, 10}));
  EXPECT_TRUE(
      same_bits(khatri_rao_on(ctx, factors), matrix_of<double>(6, 2, {5, 12, 7, 16, 9, 20, 15, 24, 21, 32, 27, 40})));
  factors.push_back(matrix_of<double>(2, 2, {1, 0, -1, 10}));
  EXPECT_TRUE(same_bits(khatri_rao_on(ctx, factors),
                        matrix_of<double>(12, 2, {5,  0, -5,  120, 7,  0, -7,  160, 9,  0, -9,  200,
                                                  15, 0, -15, 240, 21, 0, -21, 320, 27, 0, -27, 400})));
}

TEST_P(KhatriRao, OfOneMatrixIsItself) {
  Context ctx = context();
  for (const index_t rows : {1, 33, 700}) {
    const auto one = random_point<float>({rows}, 31, 3);
    EXPECT_TRUE(same_bits(khatri_rao_on(ctx, one), one[0]));
  }
}

// Element by element the same products from left to right, in T: the same bits.
template <class T>
void is_the_products(Context& ctx, const std::vector<index_t>& shape, index_t k) {
  const auto factors = random_point<T>(shape, k, 5);
  const auto out = khatri_rao_on(ctx, factors);
  for (index_t row = 0; row < out.rows(); ++row) {
    std::vector<index_t> place(shape.size());
    index_t rest = row;
    for (std::size_t n = shape.size(); n-- > 0;) {
      place[n] = rest % shape[n];
      rest /= shape[n];
    }
    for (index_t f = 0; f < k; ++f) {
      T product = factors[0](place[0], f);
      for (std::size_t n = 1; n < shape.size(); ++n) product *= factors[n](place[n], f);
      ASSERT_EQ(out(row, f), product) << "order " << shape.size() << ", k = " << k << ", row " << row << ", " << f;
    }
  }
}

TEST_P(KhatriRao, IsTheProductsOfItsRows) {
  Context ctx = context();
  const std::vector<std::vector<index_t>> shapes{
      {200, 33}, {2, 31, 33}, {1, 33, 1, 2}, {31, 1, 2, 2, 33}, {2, 1, 3, 2, 2, 3, 2, 2}, {200, 1}, {1, 1}};
  for (const auto& shape : shapes)
    for (const index_t k : {1, 2, 7, 16, 33, 70}) {
      is_the_products<float>(ctx, shape, k);
      is_the_products<double>(ctx, shape, k);
    }
}

TEST_P(KhatriRao, IsTheSameForAnyNumberOfThreads) {
  const auto factors = random_point<float>({31, 9, 33}, 17, 7);
  Context one = context(1), two = context(2), five = context(5);
  const auto expected = khatri_rao_on(one, factors);
  EXPECT_TRUE(same_bits(khatri_rao_on(two, factors), expected));
  EXPECT_TRUE(same_bits(khatri_rao_on(five, factors), expected));
}

// Columns beside the views that nothing may read or write.
TEST_P(KhatriRao, TakesMatricesWithAStride) {
  Context ctx = context();
  const index_t k = 5, stride = 9;
  const auto wide = random_point<float>({7, 4}, stride, 11);
  Point<float> tight;
  for (const Matrix<float>& factor : wide) {
    tight.emplace_back(factor.rows(), k);
    for (index_t i = 0; i < factor.rows(); ++i)
      for (index_t f = 0; f < k; ++f) tight.back()(i, f) = factor(i, f + 2);
  }
  const auto there = to_context(ctx, wide);
  const std::array<MatrixView<const float>, 2> list{MatrixView<const float>(there[0].view().data + 2, 7, k, stride),
                                                    MatrixView<const float>(there[1].view().data + 2, 4, k, stride)};
  Matrix<float> host(28, stride);
  std::fill_n(host.buffer().data(), host.buffer().size(), -1.0F);
  Matrix<float> out = seesaw::to_context(ctx, host);
  khatri_rao(ctx, list, MatrixView<float>(out.view().data + 2, 28, k, stride));
  const auto found = to_host(out), expected = khatri_rao_on(ctx, tight);
  for (index_t i = 0; i < 28; ++i)
    for (index_t f = 0; f < stride; ++f)
      EXPECT_EQ(found(i, f), f < 2 || f >= 2 + k ? -1.0F : expected(i, f - 2)) << i << ", " << f;
}

TEST_P(KhatriRao, OfAFactorWithoutRowsIsEmpty) {
  Context ctx = context();
  EXPECT_EQ(khatri_rao_on(ctx, random_point<float>({3, 0}, 4, 1)).rows(), 0);
}

TEST_P(KhatriRao, RefusesWhatDoesNotFit) {
  Context ctx = context();
  const Matrix<float> a(ctx, 2, 3), narrow(ctx, 4, 2), none(ctx, 4, 0);
  Matrix<float> out(ctx, 8, 3);
  const auto message = [&]<class E>(E*, std::vector<MatrixView<const float>> list, MatrixView<float> to) {
    return message_of<E>([&] { khatri_rao(ctx, list, to); });
  };
  ShapeError* const shape = nullptr;
  InvalidArgument* const argument = nullptr;
  EXPECT_EQ(message(argument, {}, out.view()), "factors has 0 matrices, expected 1 to 8");
  EXPECT_EQ(message(argument, std::vector<MatrixView<const float>>(9, a.view()), out.view()),
            "factors has 9 matrices, expected 1 to 8");
  EXPECT_EQ(message(argument, {none.view(), a.view()}, out.view()), "rank is 0, expected at least 1");
  EXPECT_EQ(message(shape, {a.view(), narrow.view()}, out.view()), "factors[1] is 4 x 2, expected 4 x 3");
  EXPECT_EQ(message(shape, {a.view(), a.view()}, out.view()), "out is 8 x 3, expected 4 x 3");
  EXPECT_EQ(message(argument, {a.view(), {nullptr, 4, 3}}, out.view()), "factors[1] is a null pointer");
  EXPECT_EQ(message(argument, {a.view(), a.view()}, {nullptr, 4, 3}), "out is a null pointer");
}

// A product of sizes that no index can count is an error, never a small number.
TEST_P(KhatriRao, RefusesMoreRowsThanThereAreAddresses) {
  Context ctx = context();
  const Matrix<float> row(ctx, 1, 1);
  const MatrixView<const float> tall(row.view().data, index_t{1} << 31, 1);
  const std::vector<MatrixView<const float>> list{tall, tall, tall};
  EXPECT_FALSE(message_of<OutOfMemory>([&] { khatri_rao(ctx, list, MatrixView<float>{}); }).empty());
}

INSTANTIATE_TEST_SUITE_P(Backends, KhatriRao, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
