// Rows in the form that each backend chooses for them: dual systems of every compiled order, and primal ones, side by
// side.
#include "solve_rows_support.hpp"

namespace seesaw::test {
namespace {

class RowForms : public OnBackend {};

/// Both sides of each order that a dual system is compiled for, of a warp, and of k.
std::vector<index_t> lengths_about(index_t k) {
  std::vector<index_t> lengths{0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, k - 1, k, k + 1};
  for (const index_t order : {64, 96, 128})
    if (order < k) lengths.insert(lengths.end(), {order - 1, order, order + 1});
  return lengths;
}

TEST_P(RowForms, EveryLengthSatisfiesItsNormalEquations) {
  Context ctx = context();
  for (const index_t k : {9, 16, 17, 24, 32, 33, 64, 65, 96, 97, 128}) {
    const auto lengths = lengths_about(k);
    const index_t cols = std::max<index_t>(k + 1, 33);
    const bool weights = k % 2 == 0;
    satisfies_normal_equations(ctx, random_csr<float>(lengths, cols, 51, weights), k, {0.05, Weighting::by_count});
    satisfies_normal_equations(ctx, random_csr<double>(lengths, cols, 52, !weights), k, {0.7});
  }
}

// Beyond the fused kernel's ranks every row of up to 128 entries is dual.
TEST_P(RowForms, EveryLengthSatisfiesItsNormalEquationsAtLargeRanks) {
  Context ctx = context();
  for (const index_t k : {129, 200, 300}) {
    const auto lengths = lengths_about(k);
    satisfies_normal_equations(ctx, random_csr<float>(lengths, k + 1, 53, true), k, {0.05, Weighting::by_count});
    if (k < 300) satisfies_normal_equations(ctx, random_csr<double>(lengths, k + 1, 54), k, {0.7});
  }
}

// More rows than a block of threads sorts at a time, all lengths mixed; the rows on either side of one without entries
// stay what they are.
TEST_P(RowForms, ManyRowsOfMixedLengths) {
  Context ctx = context();
  std::vector<index_t> lengths;
  for (index_t i = 0; i < 700; ++i) lengths.push_back(i % 5 == 0 ? 0 : i * 7 % 41);
  const auto ratings = random_csr<float>(lengths, 50, 55, true);
  for (const index_t k : {6, 20, 40}) satisfies_normal_equations(ctx, ratings, k, {0.3, Weighting::plain});
}

// So many rows that what the blocks counted is itself summed in more than one piece (from 9,217 rows on).
TEST_P(RowForms, MoreRowsThanAreCountedAtATime) {
  Context ctx = context();
  std::vector<index_t> lengths;
  for (index_t i = 0; i < 9500; ++i) lengths.push_back(i % 3 == 0 ? i / 3 % 11 : 0);
  satisfies_normal_equations(ctx, random_csr<float>(lengths, 11, 62), 9, {0.3, Weighting::plain});
}

// One form alone, so that every other bin is empty.
TEST_P(RowForms, RowsOfOneForm) {
  Context ctx = context();
  for (const index_t length : {0, 1, 12, 40})
    satisfies_normal_equations(ctx, random_csr<float>(std::vector<index_t>(300, length), 50, 56), 20, {0.3});
}

// A penalty so small that it drowns in every pivot: the second row of each pair has a vector twice, and its system is
// singular. The first is not, in the dual form, which shows that this form was taken: the k x k matrix of fewer than k
// vectors is singular.
template <class T>
void singular_among_regular(Context& ctx, index_t k, index_t length) {
  auto y = random_matrix<T>(2 * length, k, 57);
  for (index_t f = 0; f < k; ++f) y(2 * length - 1, f) = y(length, f);
  std::vector<Entry> entries;
  for (column_t p = 0; p < length; ++p)
    for (column_t row : {0, 1})
      entries.push_back({row, static_cast<column_t>(row * length + p), 1 + 0.25 * static_cast<double>(p % 7), 1.5});
  for (Entry& entry : entries)
    if (entry.col == 2 * length - 1) entry.value = 1;
  const auto ratings = csr_of<T>(2, 2 * length, entries, true);
  const auto solved = solve_on(ctx, ratings, y, {1e-30});
  EXPECT_EQ(solved.singular_rows, ctx.backend() == Backend::reference ? 2 : 1) << "k = " << k;
  for (const index_t i : {0, 1}) is_minimum_norm(ratings, y, solved.x, i);
}

TEST_P(RowForms, ASingularDualRowTakesItsMinimumNorm) {
  Context ctx = context();
  using Size = std::pair<index_t, index_t>;
  for (const auto& [k, length] : {Size{24, 2}, {24, 8}, {40, 13}, {70, 30}, {100, 50}, {132, 90}, {180, 110}}) {
    singular_among_regular<float>(ctx, k, length);
    singular_among_regular<double>(ctx, k, length);
  }
}

// Without a penalty no row is dual, and rows of k entries are regular beside shorter ones.
TEST_P(RowForms, WithoutAPenaltyShortRowsAreSingular) {
  Context ctx = context();
  for (const index_t k : {17, 130}) {
    const auto ratings = random_csr<double>({1, 8, 0, 9, k - 1, 2 * k, 16}, 2 * k, 58);
    const auto y = random_matrix<double>(2 * k, k, 59);
    const auto solved = solve_on(ctx, ratings, y, {0});
    EXPECT_EQ(solved.singular_rows, 5) << "k = " << k;
    for (const index_t i : {0, 1, 3, 4, 6}) is_minimum_norm(ratings, y, solved.x, i);
    EXPECT_LE(backward_of_row(ratings, y, {0}, solved.x, 5).worst, 1) << "k = " << k;
  }
}

// Twice as many entries as k, and the last column of Y is its first: where a = Y z for some z, the minimum norm
// solution is z with those two elements at their mean. Y's singular values lie between sqrt(2 k) -+ sqrt(k), so its
// condition number, 2^1/2 times more for the double column, is below 9. The values carry k eps |y_j||z|, and least
// squares by orthogonal transformations is as if each column of [Y a] were off by 3 k eps (Higham, theorem 20.3): 9 (k
// + 3 k sqrt(k)) eps |z| at most.
TEST_P(RowForms, APrimalRowOfCollinearColumnsTakesItsMinimumNorm) {
  Context ctx = context();
  for (const index_t k : {20, 130}) {
    auto y = random_matrix<double>(2 * k, k, 63);
    auto z = random_matrix<double>(1, k, 64);
    double squared = 0;
    std::vector<Entry> entries;
    for (column_t j = 0; j < 2 * k; ++j) {
      y(j, k - 1) = y(j, 0);
      double value = 0;
      for (index_t f = 0; f < k; ++f) value += y(j, f) * z(0, f);
      entries.push_back({0, j, value});
    }
    for (index_t f = 0; f < k; ++f) squared += z(0, f) * z(0, f);
    const auto solved = solve_on(ctx, csr_of<double>(1, 2 * k, entries), y, {0});
    EXPECT_EQ(solved.singular_rows, 1) << "k = " << k;
    z(0, 0) = z(0, k - 1) = (z(0, 0) + z(0, k - 1)) / 2;
    const auto rank = static_cast<double>(k);
    EXPECT_LE(largest_difference(solved.x, z),
              9 * (rank + 3 * rank * std::sqrt(rank)) * eps<double>() * std::sqrt(squared))
        << "k = " << k;
  }
}

// A slice of the matrix whose vectors begin at no multiple of 16 bytes, x with room between its rows: the same bits.
TEST_P(RowForms, SlicesAndStridesGiveTheSameBits) {
  Context ctx = context();
  const auto ratings = random_csr<float>({7, 20, 3, 31, 0, 9}, 50, 60, true);
  for (const index_t k : {33, 131}) {
    const auto y = random_matrix<float>(50, k, 61);
    const auto whole = solve_on(ctx, ratings, y, {0.1});
    Matrix<float> padded(50, k + 2);
    for (index_t j = 0; j < 50; ++j)
      for (index_t f = 0; f < k + 2; ++f) padded(j, f) = f > 0 && f <= k ? y(j, f - 1) : std::nanf("");
    const auto csr = to_context(ctx, ratings);
    const auto y_there = to_context(ctx, padded);
    auto x = to_context(ctx, matrix_of<float>(5, k + 2, std::vector<double>(static_cast<std::size_t>(5 * k + 10), 77)));
    const CsrView<float> all = csr.view();
    const offset_t first = ratings.offsets.data()[1];
    const CsrView<float> slice{5, 50, all.entries - first, all.offsets + 1, all.columns, all.values, all.weights};
    solve_rows(ctx, slice, MatrixView<const float>(y_there.view().data + 1, 50, k, k + 2), {0.1},
               MatrixView<float>(x.view().data, 5, k, k + 2));
    const auto found = to_host(x);
    for (index_t i = 0; i < 5; ++i) {
      for (index_t f = 0; f < k; ++f) EXPECT_EQ(found(i, f), whole.x(i + 1, f)) << "row " << i;
      EXPECT_EQ(found(i, k), 77) << "beyond the columns of x nothing is written";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, RowForms, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
