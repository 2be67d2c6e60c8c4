#include "tensor_support.hpp"

namespace seesaw::test {
namespace {

class HadamardGrams : public OnBackend {};

template <class T>
Matrix<T> hadamard_on(Context& ctx, const Point<T>& grams, int without) {
  const auto there = to_context(ctx, grams);
  std::vector<MatrixView<const T>> list;
  for (const Matrix<T>& gram : there) list.push_back(gram.view());
  Matrix<T> out(ctx, grams[0].rows(), grams[0].cols());
  hadamard_grams(ctx, list, without, out.view());
  return to_host(out);
}

TEST_P(HadamardGrams, IsWhatHandsCompute) {
  Context ctx = context();
  Point<float> grams;
  grams.push_back(matrix_of<float>(2, 2, {1, 2, 2, 5}));
  grams.push_back(matrix_of<float>(2, 2, {3, -1, -1, 7}));
  grams.push_back(matrix_of<float>(2, 2, {10, 4, 4, 2}));
  EXPECT_TRUE(same_bits(hadamard_on(ctx, grams, -1), matrix_of<float>(2, 2, {30, -8, -8, 70})));
  EXPECT_TRUE(same_bits(hadamard_on(ctx, grams, 0), matrix_of<float>(2, 2, {30, -4, -4, 14})));
  EXPECT_TRUE(same_bits(hadamard_on(ctx, grams, 1), matrix_of<float>(2, 2, {10, 8, 8, 10})));
  EXPECT_TRUE(same_bits(hadamard_on(ctx, grams, 2), matrix_of<float>(2, 2, {3, -2, -2, 35})));
}

template <class T>
void is_the_products(Context& ctx, std::size_t order, index_t k) {
  const auto grams = random_point<T>(std::vector<index_t>(order, k), k, 3);
  for (int without = -1; without < static_cast<int>(order); ++without) {
    const auto out = hadamard_on(ctx, grams, without);
    for (index_t n = 0; n < k * k; ++n) {
      T product = 1;
      for (std::size_t m = 0; m < order; ++m)
        if (static_cast<int>(m) != without) product *= grams[m].buffer().data()[n];
      ASSERT_EQ(out.buffer().data()[n], product) << order << " Grams, k = " << k << ", without " << without;
    }
  }
}

TEST_P(HadamardGrams, IsTheProductsOfElements) {
  Context ctx = context();
  for (const std::size_t order : {2, 3, 5, 8})
    for (const index_t k : {1, 2, 31, 33, 70}) {
      is_the_products<float>(ctx, order, k);
      is_the_products<double>(ctx, order, k);
    }
  is_the_products<float>(ctx, 3, 300);  // several blocks of the cpu backend
}

// The Gram of the Khatri-Rao product is the product of the Grams. Both sides are sums of products of the same positive
// and negative terms; each is off by at most (rows + 2 order) eps of the sum of their absolute values, which the Grams
// of the absolute values give.
TEST_P(HadamardGrams, IsTheGramOfTheKhatriRaoProduct) {
  Context ctx = context();
  const index_t k = 9, rows = 7 * 5 * 6;
  const auto factors = to_context(ctx, random_point<double>({7, 5, 6}, k, 5));
  Point<double> grams, absolute;
  std::vector<MatrixView<const double>> list;
  for (const Matrix<double>& factor : factors) {
    Matrix<double> one(ctx, k, k), size(k, k);
    gram(ctx, factor.view(), one.view());
    grams.push_back(to_host(one));
    const auto host = to_host(factor);
    for (index_t a = 0; a < k; ++a)
      for (index_t b = 0; b < k; ++b) {
        size(a, b) = 0;
        for (index_t i = 0; i < host.rows(); ++i) size(a, b) += std::abs(host(i, a) * host(i, b));
      }
    absolute.push_back(std::move(size));
    list.push_back(factor.view());
  }
  Matrix<double> product(ctx, rows, k), whole(ctx, k, k);
  khatri_rao(ctx, list, product.view());
  gram(ctx, read(product), whole.view());
  const auto expected = to_host(whole), found = hadamard_on(ctx, grams, -1);
  for (index_t a = 0; a < k; ++a)
    for (index_t b = 0; b < k; ++b) {
      const double size = absolute[0](a, b) * absolute[1](a, b) * absolute[2](a, b);
      EXPECT_NEAR(found(a, b), expected(a, b), 2 * static_cast<double>(rows + 6) * eps<double>() * size);
    }
}

TEST_P(HadamardGrams, RefusesWhatDoesNotFit) {
  Context ctx = context();
  const Matrix<float> a(ctx, 3, 3), b(ctx, 3, 2);
  Matrix<float> out(ctx, 3, 3), wide(ctx, 3, 4), none(ctx, 0, 0);
  const auto message = [&]<class E>(E*, std::vector<MatrixView<const float>> list, int without, MatrixView<float> to) {
    return message_of<E>([&] { hadamard_grams(ctx, list, without, to); });
  };
  ShapeError* const shape = nullptr;
  InvalidArgument* const argument = nullptr;
  EXPECT_EQ(message(argument, {a.view()}, 0, out.view()), "grams has 1 matrices, expected 2 to 8");
  EXPECT_EQ(message(argument, std::vector<MatrixView<const float>>(9, a.view()), 0, out.view()),
            "grams has 9 matrices, expected 2 to 8");
  EXPECT_EQ(message(argument, {a.view(), a.view()}, 2, out.view()), "without is 2, expected -1 (none) to 1");
  EXPECT_EQ(message(argument, {a.view(), a.view()}, -2, out.view()), "without is -2, expected -1 (none) to 1");
  EXPECT_EQ(message(argument, {a.view(), a.view()}, 0, none.view()), "rank is 0, expected at least 1");
  EXPECT_EQ(message(shape, {a.view(), a.view()}, 0, wide.view()), "out is 3 x 4, expected 3 x 3");
  EXPECT_EQ(message(shape, {a.view(), b.view()}, 0, out.view()), "grams[1] is 3 x 2, expected 3 x 3");
  EXPECT_EQ(message(argument, {{nullptr, 3, 3}, a.view()}, 0, out.view()), "grams[0] is a null pointer");
}

INSTANTIATE_TEST_SUITE_P(Backends, HadamardGrams, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
