#include "seesaw/tensor_rows.hpp"

#include "slice_rows.hpp"
#include "solve_rows_support.hpp"
#include "tensor_support.hpp"

namespace seesaw::test {
namespace {

class TensorRows : public OnBackend {};
class TensorRowsForward : public OnBackendForward {};

template <class T>
Solved<T> solve_on(Context& ctx, const Tensor& tensor, const Point<T>& factors, int mode, bool weighted,
                   Penalty penalty) {
  const auto entries = by_mode<T>(ctx, tensor, mode, weighted);
  const auto there = to_context(ctx, factors);
  FactorViews<T> others = views(there);
  others[static_cast<std::size_t>(mode)] = {};  // not read
  Matrix<T> out(ctx, tensor.shape[static_cast<std::size_t>(mode)], factors[0].cols());
  Buffer<std::int64_t> singular(ctx, 1);
  solve_rows(ctx, entries.view, others, penalty, out.view(), singular.data());
  return {to_host(out), to_host(singular).data()[0]};
}

/// The matrix whose half-sweep the step is, in host memory: a row for each index, a column for each entry, and the
/// vectors of the entries in T, products in the modes' order.
template <class T>
std::pair<Csr<T>, Matrix<T>> as_matrix(const Tensor& tensor, const Point<T>& factors, int mode, bool weighted) {
  const auto own = static_cast<std::size_t>(mode);
  std::vector<Entry> entries;
  Matrix<T> vectors(static_cast<index_t>(tensor.entries.size()), factors[0].cols());
  for (std::size_t e = 0; e < tensor.entries.size(); ++e) {
    const TensorEntry& entry = tensor.entries[e];
    entries.push_back({entry.index[own], static_cast<column_t>(e), entry.value, entry.weight});
    for (index_t f = 0; f < vectors.cols(); ++f) {
      T product = 1;
      for (std::size_t m = 0; m < factors.size(); ++m)
        if (m != own) product *= factors[m](entry.index[m], f);
      vectors(static_cast<index_t>(e), f) = product;
    }
  }
  return {csr_of<T>(tensor.shape[own], vectors.rows(), entries, weighted), std::move(vectors)};
}

// Entries of index 0: h = (1, 2) . (3, 1) = (3, 2) with t = 6, h = (1, 2) . (0, 2) = (0, 4) with t = 8. With lambda 1
// (10 6; 6 21) x = (18, 44). Index 1 has one entry, h = (-1, 0) . (3, 1) = (-3, 0) with t = 3: (9 + 1) x = -9. Index 2
// has none.
TEST_P(TensorRows, IsWhatHandsCompute) {
  Context ctx = context();
  const Tensor tensor{{3, 2, 2}, {{{0, 0, 0}, 6}, {{1, 1, 0}, 3}, {{0, 0, 1}, 8}}};
  Point<double> factors;
  factors.push_back(matrix_of<double>(3, 2, {0, 0, 0, 0, 0, 0}));
  factors.push_back(matrix_of<double>(2, 2, {1, 2, -1, 0}));
  factors.push_back(matrix_of<double>(2, 2, {3, 1, 0, 2}));
  const auto found = solve_on(ctx, tensor, factors, 0, false, {1, Weighting::plain});
  const double det = 10 * 21 - 36;
  const double expected[] = {(18 * 21 - 6 * 44) / det, (10 * 44 - 6 * 18) / det, -0.9, 0, 0, 0};
  for (index_t n = 0; n < 6; ++n) EXPECT_NEAR(found.x(n / 2, n % 2), expected[n], 64 * eps<double>()) << n;
  EXPECT_EQ(found.singular_rows, 0);
}

TEST_P(TensorRows, WithoutAPenaltyAShortRowHasMinimumNormAndIsCounted) {
  Context ctx = context();
  const Tensor tensor{{3, 2, 2}, {{{0, 0, 0}, 13}, {{1, 1, 0}, 3}, {{0, 0, 1}, 8}, {{2, 0, 0}, 26}}};
  Point<double> factors;
  factors.push_back(matrix_of<double>(3, 2, {0, 0, 0, 0, 0, 0}));
  factors.push_back(matrix_of<double>(2, 2, {1, 2, -1, 0}));
  factors.push_back(matrix_of<double>(2, 2, {3, 1, 0, 2}));
  const auto found = solve_on(ctx, tensor, factors, 0, false, {});
  // (3, 2) x = 13 and (0, 4) x = 8; (-3, 0) x = 3; (3, 2) x = 26, whose shortest x is 2 (3, 2).
  const double expected[] = {3, 2, -1, 0, 6, 4};
  for (index_t n = 0; n < 6; ++n) EXPECT_NEAR(found.x(n / 2, n % 2), expected[n], 64 * eps<double>()) << n;
  EXPECT_EQ(found.singular_rows, 2);
}

// The row gathers in T by products from left to right and leaves the rest to solve_rows() of a matrix: the same bits as
// the matrix of the gathered vectors.
template <class T>
void is_that_of_the_matrix(Context& ctx, const std::vector<index_t>& shape, index_t k, bool weighted, Penalty penalty) {
  const Tensor tensor = random_tensor(shape, {3, 0, k + 2, 1, 40, 2 * k, 0}, 7);
  const auto factors = random_point<T>(shape, k, 11);
  for (int mode = 0; mode < tensor.order(); ++mode) {
    const auto [ratings, vectors] = as_matrix(tensor, factors, mode, weighted);
    const auto expected = test::solve_on(ctx, ratings, vectors, penalty);
    const auto found = solve_on(ctx, tensor, factors, mode, weighted, penalty);
    const std::string where =
        "order " + std::to_string(shape.size()) + ", mode " + std::to_string(mode) + ", k = " + std::to_string(k);
    EXPECT_TRUE(same_bits(found.x, expected.x)) << where << ": " << largest_difference(found.x, expected.x);
    EXPECT_EQ(found.singular_rows, expected.singular_rows) << where;
  }
}

TEST_P(TensorRows, AreTheRowsOfTheMatrixOfGatheredVectors) {
  Context ctx = context();
  for (const index_t k : {1, 5, 33}) {
    is_that_of_the_matrix<float>(ctx, {7, 5, 6}, k, false, {0.5, Weighting::plain});
    is_that_of_the_matrix<double>(ctx, {7, 5, 6}, k, true, {0.3, Weighting::by_count});
  }
}

TEST_P(TensorRowsForward, AreSoForEveryOrder) {
  Context ctx = context();
  const std::vector<std::vector<index_t>> shapes{{7, 9},
                                                 {7, 5, 6},
                                                 {7, 3, 4, 5},
                                                 {7, 2, 3, 2, 3},
                                                 {7, 2, 2, 3, 2, 2},
                                                 {7, 2, 2, 2, 2, 2, 2},
                                                 {7, 2, 1, 2, 2, 2, 3, 2}};
  for (const auto& shape : shapes) {
    is_that_of_the_matrix<double>(ctx, shape, 3, true, {0.1, Weighting::by_count});
    is_that_of_the_matrix<float>(ctx, shape, 3, false, {});
  }
}

// Chunks of 20 vectors; one row has 90 of them.
template <class T>
void in_chunks(Context& ctx) {
  const index_t k = 6, bytes = 20 * k * static_cast<index_t>(sizeof(T));
  const std::vector<index_t> shape{60, 7, 8};
  std::vector<index_t> lengths(60, 8);
  lengths[10] = 90;
  lengths[0] = lengths[11] = lengths[59] = 0;
  lengths[3] = lengths[40] = 3;
  const Tensor tensor = random_tensor(shape, lengths, 17);
  auto factors = random_point<T>(shape, k, 19);
  const auto [ratings, vectors] = as_matrix(tensor, factors, 0, true);
  const auto expected = test::solve_on(ctx, ratings, vectors, {});
  const auto entries = by_mode<T>(ctx, tensor, 0, true);
  const auto there = to_context(ctx, factors);
  const SliceRows<T> slices(ctx, entries.view, k, bytes);
  EXPECT_EQ(slices.vectors(), 90);
  EXPECT_EQ(slices.chunks(), 7u);  // filled to 90 entries by whole rows
  auto workspace = slice_workspace<T>(ctx, slices.vectors(), k, slices.chunks());
  Matrix<T> out(ctx, 60, k);
  Buffer<std::int64_t> singular(ctx, 1);
  ResidualSums sums;
  solve_slices<T>(ctx, slices, views(there), {}, out.view(), singular.data(), &sums, workspace);
  const Matrix<T> found = to_host(out);
  EXPECT_TRUE(same_bits(found, expected.x)) << largest_difference(found, expected.x);
  EXPECT_EQ(to_host(singular).data()[0], expected.singular_rows);
  EXPECT_GE(expected.singular_rows, 2);

  // And the residuals there: each, and its square, to (k + 3) eps of its terms; see masked_residual_test.cpp.
  factors[0] = to_host(out);
  long double squared = 0, weighted = 0, sum = 0, scale = 0;
  for (const TensorEntry& entry : tensor.entries) {
    const ExactEntry at = exact_entry<T>(tensor, entry, factors, nullptr, 0);
    squared += at.residual * at.residual;
    weighted += exact_weight<T>(entry, true) * at.residual * at.residual;
    sum += at.residual;
    scale += 2 * at.residual_scale * at.residual_scale + at.residual_scale;
  }
  const double bound = static_cast<double>(k + 5) * eps<T>() * static_cast<double>(scale);
  EXPECT_NEAR(sums.squared, static_cast<double>(squared), bound);
  EXPECT_NEAR(sums.weighted_squared, static_cast<double>(weighted), 1.5 * bound);
  EXPECT_NEAR(sums.sum, static_cast<double>(sum), bound);
  const Matrix<T> x = seesaw::to_context(ctx, factors[0]);
  FactorViews<T> all = views(there);
  all[0] = x.view();
  const ResidualSums again = masked_residual(ctx, entries.view, all);
  EXPECT_NEAR(again.squared, sums.squared, bound);
  EXPECT_NEAR(again.weighted_squared, sums.weighted_squared, 1.5 * bound);
}

TEST_P(TensorRowsForward, GoInChunksOfWholeRows) {
  Context ctx = context();
  in_chunks<float>(ctx);
  in_chunks<double>(ctx);
}

TEST_P(TensorRows, AreTheSameForAnyNumberOfThreads) {
  const Tensor tensor = random_tensor({40, 9, 8}, std::vector<index_t>(40, 300), 23);
  const auto factors = random_point<float>({40, 9, 8}, 17, 29);
  Context one = context(1), two = context(2), five = context(5);
  const Penalty penalty{0.1, Weighting::by_count};
  const auto expected = solve_on(one, tensor, factors, 0, false, penalty);
  EXPECT_TRUE(same_bits(solve_on(two, tensor, factors, 0, false, penalty).x, expected.x));
  EXPECT_TRUE(same_bits(solve_on(five, tensor, factors, 0, false, penalty).x, expected.x));
}

TEST_P(TensorRows, WithoutEntriesAreZero) {
  Context ctx = context();
  const auto factors = random_point<float>({3, 2, 2}, 4, 1);
  const auto found = solve_on(ctx, Tensor{{3, 2, 2}, {}}, factors, 0, false, {0.1, Weighting::plain});
  for (index_t n = 0; n < 12; ++n) EXPECT_EQ(found.x(n / 4, n % 4), 0);
}

template <class T>
void hadamard_rows_on(Context& ctx, const HadamardRows<T>& problem) {
  on_backend(
      ctx, [&] { reference::hadamard_rows(problem); }, [&](int threads) { cpu::hadamard_rows(threads, problem); },
      [&](auto& gpu) { cuda::hadamard_rows(gpu, problem); });
}

// Row by row, with columns beside the views that nothing may read or write.
template <class T>
void gathers(Context& ctx, const std::vector<index_t>& shape, index_t k) {
  const index_t stride = k + 3;
  const Tensor tensor = random_tensor(shape, {9, 0, 20}, 31);
  const auto wide = random_point<T>(shape, stride, 37);
  const auto there = to_context(ctx, wide);
  FactorViews<T> factors;
  for (std::size_t m = 0; m < shape.size(); ++m) factors[m] = {there[m].view().data + 2, shape[m], k, stride};
  for (int mode = 0; mode < tensor.order(); ++mode) {
    const auto own = static_cast<std::size_t>(mode);
    const auto entries = by_mode<T>(ctx, tensor, mode, false);
    Matrix<T> host(25, stride);
    std::fill_n(host.buffer().data(), host.buffer().size(), T{-1});
    Matrix<T> out = seesaw::to_context(ctx, host);
    const auto problem = hadamard_rows_of(entries.view, factors, ByMode<T>::kBefore + 4,
                                          MatrixView<T>(out.view().data + 2, 25, k, stride));
    hadamard_rows_on(ctx, problem);
    const Matrix<T> found = to_host(out);
    std::vector<TensorEntry> sorted = tensor.entries;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](const auto& a, const auto& b) { return a.index[own] < b.index[own]; });
    for (index_t e = 0; e < 25; ++e)
      for (index_t f = 0; f < stride; ++f) {
        T product = 1;
        for (std::size_t m = 0; m < shape.size(); ++m)
          if (m != own) product *= wide[m](sorted[static_cast<std::size_t>(e) + 4].index[m], std::min(f, k + 1));
        ASSERT_EQ(found(e, f), f < 2 || f >= 2 + k ? T{-1} : product) << "mode " << mode << ", " << e << ", " << f;
      }
  }
}

TEST_P(TensorRows, VectorsAreTheProductsOfRows) {
  Context ctx = context();
  const std::vector<std::vector<index_t>> shapes{{3, 4, 5}, {3, 4, 2, 5}, {3, 2, 3, 2, 3}, {3, 2, 1, 2, 3, 2, 2, 4}};
  for (const auto& shape : shapes)
    for (const index_t k : {1, 3, 16, 33, 70}) {
      gathers<float>(ctx, shape, k);
      gathers<double>(ctx, shape, k);
    }
}

TEST_P(TensorRows, RefuseWhatDoesNotFit) {
  Context ctx = context();
  const auto entries = by_mode<float>(ctx, random_tensor({4, 5, 6}, {2, 1}, 3), 1, false);
  const Point<float> point = to_context(ctx, random_point<float>({4, 5, 6}, 3, 1));
  Matrix<float> out(ctx, 5, 3), tall(ctx, 6, 3), wide(ctx, 5, 0);
  const auto shape = [&](const ModeView<float>& of, const FactorViews<float>& factors, MatrixView<float> to) {
    return message_of<ShapeError>([&] { solve_rows(ctx, of, factors, {}, to); });
  };
  EXPECT_EQ(shape(entries.view, views(point), tall.view()), "out is 6 x 3, expected 5 x 3");
  FactorViews<float> factors = views(point);
  factors[2] = {};
  EXPECT_EQ(shape(entries.view, factors, out.view()), "factors[2] is 0 x 0, expected 6 x 3");
  ModeView<float> other = entries.view;
  other.order = 9;
  EXPECT_EQ(shape(other, views(point), out.view()), "entries has the order 9, expected 2 to 8");
  other = entries.view;
  other.mode = 3;
  EXPECT_EQ(shape(other, views(point), out.view()), "entries is by mode 3, expected 0 to 2");
  EXPECT_EQ(message_of<InvalidArgument>([&] { solve_rows(ctx, entries.view, views(point), {}, wide.view()); }),
            "rank is 0, expected at least 1");
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              solve_rows(ctx, entries.view, views(point), {-1, Weighting::plain}, out.view());
            }),
            "lambda is -1, expected a finite number >= 0");
  other = entries.view;
  other.values = nullptr;
  EXPECT_EQ(message_of<InvalidArgument>([&] { solve_rows(ctx, other, views(point), {}, out.view()); }),
            "entries.values is a null pointer");
  factors = views(point);
  factors[1] = {};
  EXPECT_EQ(message_of<ShapeError>([&] { masked_residual(ctx, entries.view, factors); }),
            "factors[1] is 0 x 0, expected 5 x 3");
}

INSTANTIATE_TEST_SUITE_P(Backends, TensorRows, all_backends(), backend_name);
INSTANTIATE_TEST_SUITE_P(Backends, TensorRowsForward, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
