// The rows that cp_als() has for itself: scale_columns and nonnegative_descent.
#include "dispatch.hpp"
#include "nonnegative_descent.hpp"
#include "scale_columns.hpp"
#include "support.hpp"

namespace seesaw::test {
namespace {

class Columns : public OnBackend {};

template <class T>
Matrix<T> scaled_on(Context& ctx, const Matrix<T>& x, const std::vector<T>& scales) {
  Matrix<T> there = to_context(ctx, x);
  const auto by = to_context(ctx, scales.data(), static_cast<index_t>(scales.size()));
  on_backend(
      ctx, [&] { reference::scale_columns(there.view(), by.data()); },
      [&](int threads) { cpu::scale_columns(threads, there.view(), by.data()); },
      [&](auto& gpu) { cuda::scale_columns(gpu, there.view(), by.data()); });
  return to_host(there);
}

template <class T>
Matrix<T> descended_on(Context& ctx, const Matrix<T>& a, const Matrix<T>& b, int passes, const Matrix<T>& x) {
  const Matrix<T> a_there = to_context(ctx, a), b_there = to_context(ctx, b);
  Matrix<T> there = to_context(ctx, x);
  on_backend(
      ctx, [&] { reference::nonnegative_descent(read(a_there), read(b_there), passes, there.view()); },
      [&](int threads) { cpu::nonnegative_descent(threads, read(a_there), read(b_there), passes, there.view()); },
      [&](auto& gpu) { cuda::nonnegative_descent(gpu, read(a_there), read(b_there), passes, there.view()); });
  return to_host(there);
}

TEST_P(Columns, AreScaled) {
  Context ctx = context();
  EXPECT_TRUE(same_bits(scaled_on(ctx, matrix_of<float>(2, 3, {1, 2, 3, 4, 5, 6}), {2.f, 0.f, -1.f}),
                        matrix_of<float>(2, 3, {2, 0, -3, 8, 0, -6})));
  const auto x = random_matrix<double>(2100, 5, 1);  // several blocks
  const auto scaled = scaled_on(ctx, x, {1.0, 2.0, 3.0, 4.0, 5.0});
  for (index_t i = 0; i < 2100; ++i)
    for (index_t f = 0; f < 5; ++f) ASSERT_EQ(scaled(i, f), x(i, f) * static_cast<double>(f + 1));
}

// From (0, 0): x_0 = max(0, 4 / 2) = 2, x_1 = max(0, (1 - 2) / 2) = 0; a second pass changes nothing. The second row's
// minimum is inside: x_0 = 1.5 and x_1 = 1.25 after one pass.
TEST_P(Columns, DescendNonnegativelyAsHandsCompute) {
  Context ctx = context();
  const auto a = matrix_of<double>(2, 2, {2, 1, 1, 2}), b = matrix_of<double>(2, 2, {4, 1, 3, 4});
  const auto zero = matrix_of<double>(2, 2, {0, 0, 0, 0});
  EXPECT_TRUE(same_bits(descended_on(ctx, a, b, 1, zero), matrix_of<double>(2, 2, {2, 0, 1.5, 1.25})));
  EXPECT_EQ(descended_on(ctx, a, b, 2, zero)(0, 1), 0);
  // A component whose diagonal is 0 becomes 0.
  const auto dead = matrix_of<double>(2, 2, {2, 0, 0, 0});
  EXPECT_TRUE(same_bits(descended_on(ctx, dead, b, 1, matrix_of<double>(2, 2, {1, 7, 1, 7})),
                        matrix_of<double>(2, 2, {2, 0, 1.5, 0})));
}

// The minimum has x >= 0, gradient a x - b >= 0, and where x > 0 a gradient of 0. The Gram of 3 k random rows has
// eigenvalues within a factor of some 15, so that 400 passes leave rounding alone: (k + 2) eps of the terms in a x - b.
template <class T>
void goes_to_the_minimum(Context& ctx, index_t k) {
  Context host = Context::reference();
  const auto y = random_matrix<T>(3 * k, k, 7), b = random_matrix<T>(6, k, 8);
  Matrix<T> a(k, k), start(6, k);
  gram(host, read(y), a.view());
  for (index_t e = 0; e < start.buffer().size(); ++e) start.buffer().data()[e] = std::abs(b.buffer().data()[e]);
  const auto x = descended_on(ctx, a, b, 400, start);
  for (index_t i = 0; i < 6; ++i)
    for (index_t f = 0; f < k; ++f) {
      double gradient = -static_cast<double>(b(i, f)), scale = std::abs(gradient);
      for (index_t g = 0; g < k; ++g) {
        const double term = static_cast<double>(a(f, g)) * static_cast<double>(x(i, g));
        gradient += term;
        scale += std::abs(term);
      }
      const double bound =
          400 * static_cast<double>(k + 2) * eps<T>() * scale;  // the kept gradient drifts by each step
      ASSERT_GE(x(i, f), 0);
      ASSERT_GE(gradient, -bound) << "k = " << k;
      ASSERT_TRUE(x(i, f) == 0 || gradient <= bound) << "k = " << k;
    }
}

TEST_P(Columns, DescendToTheNonnegativeMinimum) {
  Context ctx = context();
  for (const index_t k : {1, 2, 5, 31, 32, 33, 64, 65}) {
    goes_to_the_minimum<double>(ctx, k);
    if (k < 32) goes_to_the_minimum<float>(ctx, k);
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, Columns, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
