#include <cstdlib>

#include "solve_rows_support.hpp"

namespace seesaw::test {
namespace {

class SolveRows : public OnBackend {};

// Acceptance C: Y = [1 8 ?; 2 ? 5], V = (4, 2, 1), k = 1: U = (20 / (20 + lambda), 13 / (17 + lambda)).
TEST_P(SolveRows, IsWhatHandsCompute) {
  Context ctx = context();
  const auto ratings = csr_of<double>(2, 3, {{0, 0, 1}, {0, 1, 8}, {1, 0, 2}, {1, 2, 5}});
  for (double lambda : {0.0, 0.5, 3.0}) {
    const auto solved = solve_on(ctx, ratings, matrix_of<double>(3, 1, {4, 2, 1}), {lambda, Weighting::plain});
    EXPECT_LE(largest_difference(solved.x, matrix_of<double>(2, 1, {20 / (20 + lambda), 13 / (17 + lambda)})),
              4 * eps<double>());
    EXPECT_EQ(solved.singular_rows, 0);
  }
}

// The same with weighted lambda: two entries in each row double it. And with the weights 3 and 1 in the first row:
// (3 * 4 * 1 + 1 * 2 * 8) / (3 * 16 + 1 * 4 + lambda).
TEST_P(SolveRows, WeighsLambdaAndEntries) {
  Context ctx = context();
  const auto ratings = csr_of<double>(2, 3, {{0, 0, 1, 3}, {0, 1, 8, 1}, {1, 0, 2, 1}, {1, 2, 5, 1}}, true);
  const auto v = matrix_of<double>(3, 1, {4, 2, 1});
  EXPECT_LE(largest_difference(solve_on(ctx, ratings, v, {0.5, Weighting::plain}).x,
                               matrix_of<double>(2, 1, {28 / 52.5, 13 / 17.5})),
            4 * eps<double>());
  EXPECT_LE(largest_difference(solve_on(ctx, ratings, v, {0.5, Weighting::by_count}).x,
                               matrix_of<double>(2, 1, {28 / 53.0, 13 / 18.0})),
            4 * eps<double>());
  // (2 + 1)^2 = 9 instead.
  EXPECT_LE(largest_difference(solve_on(ctx, ratings, v, {0.5, Weighting::by_count, 2, 1}).x,
                               matrix_of<double>(2, 1, {28 / 56.5, 13 / 21.5})),
            4 * eps<double>());
}

TEST_P(SolveRows, ARowWithoutEntriesIsZero) {
  Context ctx = context();
  for (double lambda : {0.0, 1.0}) {
    const auto solved = solve_on(ctx, csr_of<float>(3, 2, {{1, 0, 6}}), matrix_of<float>(2, 1, {2, 1}), {lambda});
    EXPECT_EQ(solved.x(0, 0), 0);
    // A root and two divisions by it, each rounded, of exact numbers; x is at most 3.
    EXPECT_NEAR(static_cast<double>(solved.x(1, 0)), 12 / (4 + lambda), 4 * eps<float>() * 3);
    EXPECT_EQ(solved.x(2, 0), 0);
    EXPECT_EQ(solved.singular_rows, 0);
  }
}

// One entry, k = 2, lambda = 0: of all x with 3 x_1 + 4 x_2 = 50 the shortest is 50 (3, 4) / 25 = (6, 8). Two equal
// vectors (1, 1) with the values 1 and 3: least squares asks x_1 + x_2 = 2, the shortest is (1, 1). A row with two
// independent vectors is solved by Cholesky beside them. Orthogonal transformations of 2 x 2, whose errors are within
// some 3 k eps of the norm (Higham, lemma 19.3), of vectors with the condition number 1 on their span: 6 eps |x|, |x| =
// 10; below, for |x| = 1.8 and with two roundings more for the weights' roots, (6 + 2 k) eps |x|.
TEST_P(SolveRows, ASingularRowTakesItsMinimumNorm) {
  Context ctx = context();
  const auto ratings = csr_of<double>(3, 5, {{0, 0, 50}, {1, 1, 1}, {1, 2, 3}, {2, 3, 5}, {2, 4, 7}});
  const auto y = matrix_of<double>(5, 2, {3, 4, 1, 1, 1, 1, 1, 0, 0, 1});
  for (const auto weighting : {Weighting::plain, Weighting::by_count}) {
    const auto solved = solve_on(ctx, ratings, y, {0, weighting});
    EXPECT_LE(largest_difference(solved.x, matrix_of<double>(3, 2, {6, 8, 1, 1, 5, 7})), 64 * eps<double>());
    EXPECT_EQ(solved.singular_rows, 2);
  }
}

// With the weights 1 and 3 the two equal vectors ask x_1 + x_2 = (1 + 9) / 4.
TEST_P(SolveRows, ASingularRowHeedsItsWeights) {
  Context ctx = context();
  const auto ratings = csr_of<double>(1, 2, {{0, 0, 1, 1}, {0, 1, 3, 3}}, true);
  const auto solved = solve_on(ctx, ratings, matrix_of<double>(2, 2, {1, 1, 1, 1}), {0});
  EXPECT_LE(largest_difference(solved.x, matrix_of<double>(1, 2, {1.25, 1.25})), 32 * eps<double>());
  EXPECT_EQ(solved.singular_rows, 1);
}

// A lambda that T rounds to 0 is none, for every rank's path.
TEST_P(SolveRows, APenaltyThatRoundsToZeroIsNone) {
  Context ctx = context();
  for (index_t k : {2, 130}) {
    const auto ratings = random_csr<float>({1, 2 * k}, 2 * k, 43);
    const auto y = random_matrix<float>(2 * k, k, 44);
    for (const auto weighting : {Weighting::plain, Weighting::by_count}) {
      const auto tiny = solve_on(ctx, ratings, y, {1e-60, weighting}), none = solve_on(ctx, ratings, y, {0});
      EXPECT_EQ(tiny.singular_rows, 1) << "k = " << k;
      EXPECT_TRUE(same_bits(tiny.x, none.x)) << "k = " << k;
    }
  }
}

// 1e-23 (x_1 + x_2) = 1e-24, and the same with 1e23 and 1e24: squares leave the range of float. (The CUDA kernel of the
// minimum norm forms them.)
TEST_P(SolveRows, ASingularRowOfTinyOrHugeNumbers) {
  if (GetParam() == Backend::cuda) GTEST_SKIP() << "the cuda backend does not scale singular rows yet";
  Context ctx = context();
  for (const double unit : {1e-23, 1e23}) {
    const auto solved =
        solve_on(ctx, csr_of<float>(1, 1, {{0, 0, unit / 10}}), matrix_of<float>(1, 2, {unit, unit}), {0});
    EXPECT_EQ(solved.singular_rows, 1);
    // Unit and value are rounded, eps / 2 each; then as in ASingularRowTakesItsMinimumNorm.
    EXPECT_LE(largest_difference(solved.x, matrix_of<float>(1, 2, {0.05, 0.05})), 8 * eps<float>() * 0.08) << unit;
  }
}

TEST_P(SolveRows, AllZeroVectorsGiveZero) {
  Context ctx = context();
  const auto solved =
      solve_on(ctx, csr_of<float>(1, 2, {{0, 0, 1}, {0, 1, 2}}), matrix_of<float>(2, 3, {0, 0, 0, 0, 0, 0}), {0});
  EXPECT_TRUE(same_bits(solved.x, matrix_of<float>(1, 3, {0, 0, 0})));
  EXPECT_EQ(solved.singular_rows, 1);
}

// n_i < k and lambda = 0.
template <class T>
void minimum_norm_of_short_rows(Context& ctx, index_t k) {
  const auto ratings = random_csr<T>({1, 2, k / 2, k - 1, 2 * k}, 3 * k, 31, /*weights=*/true);
  const auto y = random_matrix<T>(3 * k, k, 32);
  const auto solved = solve_on(ctx, ratings, y, {0});
  ASSERT_EQ(solved.singular_rows, 4) << "k = " << k;
  for (index_t i = 0; i < 4; ++i) is_minimum_norm(ratings, y, solved.x, i);
}

TEST_P(SolveRows, ShortRowsWithoutPenaltyTakeTheirMinimumNorm) {
  Context ctx = context();
  for (index_t k : {6, 33, 130}) {
    minimum_norm_of_short_rows<float>(ctx, k);
    minimum_norm_of_short_rows<double>(ctx, k);
  }
}

// Both sides of a warp and of each compiled rank; rows of every length about k.
TEST_P(SolveRows, SatisfiesItsNormalEquations) {
  Context ctx = context();
  for (index_t k : {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 97, 127, 128, 129}) {
    const auto lengths = {index_t{0}, index_t{1}, k - 1, k, k + 1, 3 * k};
    const bool weights = k % 2 == 1;
    satisfies_normal_equations(ctx, random_csr<float>(lengths, 3 * k, 22, weights), k, {0.05, Weighting::by_count});
    satisfies_normal_equations(ctx, random_csr<double>(lengths, 3 * k, 23, !weights), k, {0.7, Weighting::plain});
  }
}

class SolveRowsLarge : public OnBackendForward {};

TEST_P(SolveRowsLarge, SatisfiesItsNormalEquations) {
  Context ctx = context();
  for (index_t k : {192, 256, 513, 1024}) {
    const auto lengths = {index_t{0}, index_t{3}, k + 1};
    satisfies_normal_equations(ctx, random_csr<float>(lengths, k + 1, 22), k, {0.05, Weighting::by_count});
    if (k < 600) satisfies_normal_equations(ctx, random_csr<double>(lengths, k + 1, 23, true), k, {0.7});
  }
}

// One row holds nearly all entries; its neighbours are short.
TEST_P(SolveRowsLarge, AVeryLongRow) {
  Context ctx = context();
  const auto ratings = random_csr<float>({2, 100000, 0, 5}, 100000, 24);
  for (index_t k : {5, 16}) satisfies_normal_equations(ctx, ratings, k, {0.05, Weighting::by_count});
}

// The padding of a system must not pass for a pivot that is too small: diagonals here are far above 1 / (k eps).
TEST_P(SolveRows, LargeNumbersAreNotSingular) {
  Context ctx = context();
  const auto ratings = random_csr<float>({5, 20, 41, 90}, 90, 37);
  for (index_t k : {10, 32, 50}) {
    auto y = random_matrix<float>(90, k, 38);
    for (index_t j = 0; j < 90; ++j)
      for (index_t f = 0; f < k; ++f) y(j, f) *= 1e4F;
    const Penalty penalty{1e8};
    const auto solved = solve_on(ctx, ratings, y, penalty);
    EXPECT_EQ(solved.singular_rows, 0) << "k = " << k;
    for (index_t i = 0; i < 4; ++i) EXPECT_LE(backward_of_row(ratings, y, penalty, solved.x, i).worst, 1);
  }
}

// Every rank of the cpu's tiles: whole and broken vectors, blocks and panels.
TEST(SolveRowsCpu, EveryRankSatisfiesItsNormalEquations) {
  Context ctx = Context::cpu(2);
  for (index_t k = 1; k <= 130; ++k) {
    const auto lengths = {index_t{0}, index_t{1}, k / 2, k - 1, k, k + 1, 3 * k};
    satisfies_normal_equations(ctx, random_csr<float>(lengths, 3 * k, 31, k % 2 == 0), k, {0.05, Weighting::by_count});
    satisfies_normal_equations(ctx, random_csr<double>(lengths, 3 * k, 32, k % 2 == 1), k, {0.7});
  }
}

// Each instruction set has vectors, tiles and registers of its own.
TEST(SolveRowsCpu, EveryInstructionSetSatisfiesItsNormalEquations) {
  for (const std::string& target : simd_targets()) {
    setenv("SEESAW_SIMD", target.c_str(), 1);
    Context ctx = Context::cpu(2);
    EXPECT_NE(ctx.description().find(target), std::string::npos);
    for (index_t k : {1, 7, 8, 9, 16, 17, 33, 64, 65, 100, 128}) {
      const auto lengths = {index_t{0}, index_t{1}, k / 2, k - 1, k, k + 1, 3 * k};
      satisfies_normal_equations(ctx, random_csr<float>(lengths, 3 * k, 35), k, {0.05, Weighting::by_count});
      satisfies_normal_equations(ctx, random_csr<double>(lengths, 3 * k, 36, true), k, {0.7});
    }
  }
  unsetenv("SEESAW_SIMD");
  Context::cpu();
}

TEST(SolveRowsCpu, AVeryLongRowOfAnyRankIsTheSameForAnyNumberOfThreads) {
  const auto ratings = random_csr<double>({3, 100000}, 100000, 33);
  for (index_t k : {1, 33, 64, 130, 192}) {
    const auto y = random_matrix<double>(100000, k, 34);
    Context one = Context::cpu(1), three = Context::cpu(3);
    const Penalty penalty{0.05, Weighting::by_count};
    const auto solved = solve_on(one, ratings, y, penalty);
    for (index_t i : {0, 1}) EXPECT_LE(backward_of_row(ratings, y, penalty, solved.x, i).worst, 1) << "k = " << k;
    EXPECT_TRUE(same_bits(solve_on(three, ratings, y, penalty).x, solved.x)) << "k = " << k;
  }
}

TEST_P(SolveRows, LongAndShortRowsTogether) {
  Context ctx = context();
  const auto ratings = random_csr<double>({0, 4500, 1, 2049, 2048, 3, 6000, 0}, 6000, 25, true);
  for (index_t k : {3, 33}) satisfies_normal_equations(ctx, ratings, k, {0.05, Weighting::by_count});
}

// Beyond the fused kernel's ranks: rows cut into segments (from 2048 entries on) beside rows that are not.
TEST_P(SolveRowsLarge, LongAndShortRowsTogether) {
  Context ctx = context();
  const auto ratings = random_csr<double>({2500, 3, 0, 5000, 2047, 1, 2048}, 5000, 45, true);
  satisfies_normal_equations(ctx, ratings, 130, {0.05, Weighting::by_count});
}

// More primal rows than are solved at a time at such a rank (on CUDA 128 of them), with dual ones between.
TEST_P(SolveRowsLarge, ManyRows) {
  Context ctx = context();
  std::vector<index_t> lengths;
  for (index_t i = 0; i < 150; ++i) lengths.push_back(i % 10 == 0 ? 3 : 129);
  satisfies_normal_equations(ctx, random_csr<double>(lengths, 390, 46), 512, {0.3, Weighting::plain});
}

// A singular row with more entries than the cpu backend keeps at a time (2^22 / (k + 1) = 20867). The last column of Y
// is its first; where a = Y z for some z, the minimum norm solution is z with those two elements at their mean.
TEST(SolveRowsOnCpu, ALongSingularRow) {
  constexpr index_t k = 200, n = 25000;
  auto y = random_matrix<double>(n, k, 47);
  const auto z = random_matrix<double>(1, k, 48);
  std::vector<Entry> entries;
  for (column_t j = 0; j < n; ++j) {
    y(j, k - 1) = y(j, 0);
    double value = 0;
    for (index_t f = 0; f < k; ++f) value += y(j, f) * z(0, f);
    entries.push_back({0, j, value});
  }
  Context ctx = Context::cpu(2);
  const auto solved = solve_on(ctx, csr_of<double>(1, n, entries), y, {0});
  EXPECT_EQ(solved.singular_rows, 1);
  Matrix<double> expected(1, k);
  for (index_t f = 0; f < k; ++f) expected(0, f) = z(0, f);
  expected(0, 0) = expected(0, k - 1) = (z(0, 0) + z(0, k - 1)) / 2;
  // Y's singular values lie between sqrt(n) -+ sqrt(k), so its condition number, 2^1/2 times more for the double
  // column, is below 2. The values carry k eps |y_j||z|, and least squares by orthogonal transformations is as if each
  // column of [Y a] were off by 3 k eps (Higham, theorem 20.3): 2 (k + 3 k sqrt(k)) eps |z| at most.
  const double norm = std::sqrt(static_cast<double>(k)) * 1.2;  // of z, but for chance
  EXPECT_LE(largest_difference(solved.x, expected), 2 * (k + 3 * k * std::sqrt(double{k})) * eps<double>() * norm);
}

TEST_P(SolveRows, IsTheSameForAnyNumberOfThreads) {
  std::vector<index_t> lengths;
  for (index_t i = 0; i < 200; ++i) lengths.push_back(i % 37 == 0 ? 900 : i % 50);
  const auto ratings = random_csr<float>(lengths, 900, 26);
  for (index_t k : {8, 40, 100}) {
    const auto y = random_matrix<float>(900, k, 27);
    for (double lambda : {0.0, 0.1}) {
      if (lambda == 0 && k > 40) continue;  // the reference takes minutes over so many singular rows
      Context one = context(1), two = context(2), five = context(5);
      const auto expected = solve_on(one, ratings, y, {lambda});
      EXPECT_TRUE(same_bits(solve_on(two, ratings, y, {lambda}).x, expected.x));
      EXPECT_TRUE(same_bits(solve_on(five, ratings, y, {lambda}).x, expected.x));
    }
  }
}

// Views with padded rows, rows of a larger matrix, offsets that do not begin at 0.
TEST_P(SolveRows, TakesSlicesAndStrides) {
  Context ctx = context();
  const auto ratings = random_csr<float>({7, 20, 3, 31}, 50, 28);
  const auto y = random_matrix<float>(50, 9, 29);
  const auto whole = solve_on(ctx, ratings, y, {0.1});

  Matrix<float> padded(50, 13);
  for (index_t j = 0; j < 50; ++j)
    for (index_t f = 0; f < 13; ++f) padded(j, f) = f < 9 ? y(j, f) : std::nanf("");
  const auto csr = to_context(ctx, ratings);
  const auto y_there = to_context(ctx, padded);
  auto x = to_context(ctx, matrix_of<float>(2, 11, std::vector<double>(22, 77)));
  const CsrView<float> all = csr.view();
  const CsrView<float> slice{2, 50, 23, all.offsets + 1, all.columns, all.values, nullptr};
  solve_rows(ctx, slice, MatrixView<const float>(y_there.view().data, 50, 9, 13), {0.1},
             MatrixView<float>(x.view().data, 2, 9, 11));
  const auto found = to_host(x);
  for (index_t i = 0; i < 2; ++i) {
    for (index_t f = 0; f < 9; ++f) EXPECT_EQ(found(i, f), whole.x(i + 1, f));
    EXPECT_EQ(found(i, 9), 77) << "beyond the columns of x nothing is written";
    EXPECT_EQ(found(i, 10), 77);
  }
}

TEST_P(SolveRows, RefusesWhatDoesNotFit) {
  Context ctx = context();
  const auto csr = to_context(ctx, csr_of<float>(2, 3, {{0, 0, 1}}));
  const Matrix<float> y(ctx, 3, 4), other(ctx, 2, 4), none(ctx, 3, 0);
  Matrix<float> x(ctx, 2, 4), wrong(ctx, 3, 4), nothing(ctx, 2, 0);
  const auto v = csr.view();
  EXPECT_EQ(message_of<ShapeError>([&] { solve_rows(ctx, v, read(other), {}, x.view()); }),
            "y is 2 x 4, expected 3 x 4");
  EXPECT_EQ(message_of<ShapeError>([&] { solve_rows(ctx, v, read(y), {}, wrong.view()); }),
            "x is 3 x 4, expected 2 x 4");
  EXPECT_EQ(message_of<InvalidArgument>([&] { solve_rows(ctx, v, read(none), {}, nothing.view()); }),
            "rank is 0, expected at least 1");
  EXPECT_EQ(message_of<InvalidArgument>([&] { solve_rows(ctx, v, read(y), {-1.0}, x.view()); }),
            "lambda is -1, expected a finite number >= 0");
  EXPECT_EQ(message_of<InvalidArgument>([&] { solve_rows(ctx, v, read(y), {std::nan("")}, x.view()); }),
            "lambda is nan, expected a finite number >= 0");
  EXPECT_EQ(message_of<InvalidArgument>([&] { solve_rows(ctx, v, read(y), {1e39}, x.view()); }),
            "lambda is 1e+39, expected at most 3.4028234663852886e+38");
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              solve_rows(ctx, v, read(y), {2e38, Weighting::by_count}, x.view());
            }),
            "lambda is 2e+38, expected at most 1.1342744887950962e+38: it is multiplied by up to 3");
  const auto dense = to_context(ctx, matrix_of<float>(2, 3, {1, 2, 3, 4, 5, 6}));
  EXPECT_FALSE(message_of<InvalidArgument>([&] {
                 solve_rows(ctx, read(dense), read(y), {2e38, Weighting::by_count}, x.view());
               }).empty());
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              solve_rows(ctx, CsrView<float>{2, 3, 1}, read(y), {}, x.view());
            }),
            "ratings.offsets is a null pointer");
}

TEST_P(SolveRows, OfNoRowsDoesNothing) {
  Context ctx = context();
  EXPECT_EQ(solve_on(ctx, csr_of<float>(0, 3, {}), random_matrix<float>(3, 4, 1), {0.1}).singular_rows, 0);
  EXPECT_TRUE(same_bits(solve_on(ctx, csr_of<float>(2, 0, {}), Matrix<float>(0, 2), {0.1}).x,
                        matrix_of<float>(2, 2, {0, 0, 0, 0})));
}

// The closed form is the masked solver with every entry observed (acceptance C): both satisfy the same equations.
template <class T>
void dense_is_masked(Context& ctx, index_t k, Penalty penalty) {
  const auto ratings = random_csr<T>(std::vector<index_t>(37, 50), 50, 41);
  const auto y = random_matrix<T>(50, k, 42);
  const auto masked = solve_on(ctx, ratings, y, penalty);
  const auto csr = to_context(ctx, ratings);
  const auto y_there = to_context(ctx, y);
  Matrix<T> x(ctx, 37, k);
  const index_t rank =
      solve_rows(ctx, MatrixView<const T>(csr.values.data(), 37, 50), read(y_there), penalty, x.view());
  EXPECT_EQ(rank, k);
  const auto dense = to_host(x);
  for (index_t i = 0; i < 37; ++i) EXPECT_LE(backward_of_row(ratings, y, penalty, dense, i).worst, 1) << "k = " << k;
  for (index_t i = 0; i < 37; ++i) {
    const double bound = backward_of_row(ratings, y, penalty, dense, i).error_bound +
                         backward_of_row(ratings, y, penalty, masked.x, i).error_bound;
    for (index_t f = 0; f < k; ++f)
      EXPECT_LE(std::abs(static_cast<double>(dense(i, f)) - static_cast<double>(masked.x(i, f))), bound);
  }
}

TEST_P(SolveRows, TheClosedFormIsTheMaskedSolverWithEverythingObserved) {
  Context ctx = context();
  for (index_t k : {1, 10, 33}) {
    dense_is_masked<float>(ctx, k, {0.3, Weighting::by_count});
    dense_is_masked<double>(ctx, k, {2.0, Weighting::plain});
  }
}

TEST_P(SolveRows, TheClosedFormOfCollinearFactorsTakesTheMinimumNorm) {
  Context ctx = context();
  const auto a = to_context(ctx, matrix_of<double>(1, 2, {1, 3}));
  const auto y = to_context(ctx, matrix_of<double>(2, 2, {1, 1, 1, 1}));
  Matrix<double> x(ctx, 1, 2);
  EXPECT_EQ(solve_rows(ctx, read(a), read(y), {0}, x.view()), 1);
  // As in ASingularRowTakesItsMinimumNorm, with |x| = 1.4, and once more for the right-hand side: 2 * 6 eps |x|.
  EXPECT_LE(largest_difference(to_host(x), matrix_of<double>(1, 2, {1, 1})), 16 * eps<double>());
}

TEST_P(SolveRows, TheClosedFormThatOverflowsGivesNaN) {
  Context ctx = context();
  const auto a = to_context(ctx, matrix_of<float>(2, 1, {1, 3})), y = to_context(ctx, matrix_of<float>(1, 1, {1e30}));
  Matrix<float> x(ctx, 2, 1);
  EXPECT_EQ(solve_rows(ctx, read(a), read(y), {0}, x.view()), 0);
  const auto found = to_host(x);
  EXPECT_TRUE(std::isnan(found(0, 0)) && std::isnan(found(1, 0)));
}

INSTANTIATE_TEST_SUITE_P(Backends, SolveRows, all_backends(), backend_name);
INSTANTIATE_TEST_SUITE_P(Backends, SolveRowsLarge, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
