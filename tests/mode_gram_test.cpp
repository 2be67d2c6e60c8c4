#include "mode_gram.hpp"

#include "dispatch.hpp"
#include "support.hpp"

namespace seesaw::test {
namespace {

class ModeGramRow : public OnBackend {};

struct Unfolding {
  index_t left, rows, right;
};

template <class T>
Matrix<T> gram_on(Context& ctx, const std::vector<double>& numbers, const Unfolding& x, bool of_columns) {
  const auto tensor = to_context(ctx, matrix_of<T>(x.left * x.rows, x.right, numbers));
  ModeGram<T> problem{tensor.view().data, x.left, x.rows, x.right, of_columns, nullptr};
  Matrix<T> out(ctx, problem.size(), problem.size());
  problem.out = out.view().data;
  on_backend(
      ctx, [&] { reference::mode_gram(problem); }, [&](int threads) { cpu::mode_gram(threads, problem); },
      [&](auto& gpu) { cuda::mode_gram(gpu, problem); });
  return to_host(out);
}

// The elements of a 2 x 2 x 2 tensor are 1 to 8 in their order. The unfoldings, by rows: (1 2 3 4; 5 6 7 8) in mode 0,
// (1 2 5 6; 3 4 7 8) in mode 1, (1 3 5 7; 2 4 6 8) in mode 2.
template <class T>
void is_as_by_hand(Context& ctx) {
  const std::vector<double> tensor{1, 2, 3, 4, 5, 6, 7, 8};
  const auto expect = [&](const Unfolding& x, bool of_columns, const std::vector<double>& expected) {
    const index_t n = of_columns ? x.left * x.right : x.rows;
    EXPECT_TRUE(same_bits(gram_on<T>(ctx, tensor, x, of_columns), matrix_of<T>(n, n, expected)))
        << x.left << of_columns;
  };
  expect({1, 2, 4}, false, {30, 70, 70, 174});
  expect({2, 2, 2}, false, {66, 94, 94, 138});
  expect({4, 2, 1}, false, {84, 100, 100, 120});
  expect({1, 2, 4}, true, {26, 32, 38, 44, 32, 40, 48, 56, 38, 48, 58, 68, 44, 56, 68, 80});
  expect({2, 2, 2}, true, {10, 14, 26, 30, 14, 20, 38, 44, 26, 38, 74, 86, 30, 44, 86, 100});
  expect({4, 2, 1}, true, {5, 11, 17, 23, 11, 25, 39, 53, 17, 39, 61, 83, 23, 53, 83, 113});
}

TEST_P(ModeGramRow, IsAsByHand) {
  Context ctx = context();
  is_as_by_hand<float>(ctx);
  is_as_by_hand<double>(ctx);
}

/// Whole numbers from -3 to 3, whose sums are exact in any order.
std::vector<double> whole_numbers(index_t count) {
  std::vector<double> numbers;
  for (index_t e = 0; e < count; ++e)
    numbers.push_back(static_cast<double>(random_bits(7, static_cast<std::uint64_t>(e)) % 7) - 3);
  return numbers;
}

template <class T>
void is_exact(Context& ctx, const Unfolding& x, bool of_columns) {
  const auto numbers = whole_numbers(x.left * x.rows * x.right);
  const Matrix<T> found = gram_on<T>(ctx, numbers, x, of_columns);
  const auto element = [&](index_t i, index_t l, index_t r) {
    return numbers[static_cast<std::size_t>((l * x.rows + i) * x.right + r)];
  };
  for (index_t a = 0; a < found.rows(); ++a)
    for (index_t b = 0; b < found.cols(); ++b) {
      double sum = 0;
      if (of_columns)
        for (index_t i = 0; i < x.rows; ++i)
          sum += element(i, a / x.right, a % x.right) * element(i, b / x.right, b % x.right);
      else
        for (index_t l = 0; l < x.left; ++l)
          for (index_t r = 0; r < x.right; ++r) sum += element(a, l, r) * element(b, l, r);
      ASSERT_EQ(static_cast<double>(found(a, b)), sum) << x.left << " x " << x.rows << " x " << x.right << ", " << a
                                                       << ", " << b << (of_columns ? ", of columns" : "");
    }
}

TEST_P(ModeGramRow, IsExactForWholeNumbers) {
  Context ctx = context();
  for (const bool of_columns : {false, true}) {
    is_exact<float>(ctx, {3, 33, 5}, of_columns);  // both sides of a tile, in each of the three places
    is_exact<double>(ctx, {3, 31, 11}, of_columns);
    is_exact<double>(ctx, {1, 32, 34}, of_columns);
    is_exact<double>(ctx, {34, 32, 1}, of_columns);
    is_exact<double>(ctx, {1, 1, 1}, of_columns);
  }
  is_exact<double>(ctx, {2, 130, 9}, false);  // bands of the Gram
  is_exact<double>(ctx, {10, 3, 14}, true);
  is_exact<double>(ctx, {2, 5, 1100}, false);  // parts of the sums
  is_exact<double>(ctx, {1, 5, 2100}, false);
  is_exact<double>(ctx, {2, 2100, 3}, true);
}

TEST_P(ModeGramRow, IsTheSameForAnyNumberOfThreads) {
  const auto drawn = random_matrix<double>(2 * 2100, 3, 5);
  const std::vector<double> numbers(drawn.view().data, drawn.view().data + 2 * 2100 * 3);
  for (const bool of_columns : {false, true}) {
    const Unfolding x = of_columns ? Unfolding{2, 2100, 3} : Unfolding{2100, 2, 3};
    const auto run = [&](int threads) {
      Context ctx = context(threads);
      return gram_on<double>(ctx, numbers, x, of_columns);
    };
    EXPECT_TRUE(same_bits(run(1), run(5)));
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, ModeGramRow, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
