#include <set>

#include "support.hpp"

namespace seesaw::test {
namespace {

template <class T>
RankingFigures figures_on(Context& ctx, const Matrix<T>& x, const Matrix<T>& y, const Csr<T>& test, const Csr<T>* seen,
                          const RankingOptions& options) {
  const auto x_there = to_context(ctx, x), y_there = to_context(ctx, y);
  const auto test_there = to_context(ctx, test);
  if (seen == nullptr) return ranking_figures(ctx, read(x_there), read(y_there), test_there.view(), {}, options);
  const auto seen_there = to_context(ctx, *seen);
  return ranking_figures(ctx, read(x_there), read(y_there), test_there.view(), seen_there.view(), options);
}

class Ranking : public OnBackend {};

// One user; the items 0 to 4 have the scores 5 to 1, and 1 and 3 are relevant.
TEST_P(Ranking, IsWhatHandsCompute) {
  Context ctx = context();
  const auto x = matrix_of<double>(1, 1, {1}), y = matrix_of<double>(5, 1, {5, 4, 3, 2, 1});
  const auto test = csr_of<double>(1, 5, {{0, 1, 5}, {0, 3, 4}, {0, 4, 2}});
  const double log3 = std::log2(3.0), log5 = std::log2(5.0);
  const auto at_3 = figures_on<double>(ctx, x, y, test, nullptr, {.at = 3, .relevant = 4});  // a hit at place 2
  EXPECT_DOUBLE_EQ(at_3.precision, 1.0 / 3);
  EXPECT_DOUBLE_EQ(at_3.recall, 1.0 / 2);
  EXPECT_DOUBLE_EQ(at_3.ndcg, (1 / log3) / (1 + 1 / log3));
  EXPECT_DOUBLE_EQ(at_3.map, (1.0 / 2) / 2);
  EXPECT_DOUBLE_EQ(at_3.auc, 3.0 / 6);  // 1 before 2 and 4, 3 before 4; of 2 x 3 pairs
  EXPECT_EQ(at_3.users, 1);
  EXPECT_EQ(at_3.auc_users, 1);
  const auto at_1 = figures_on<double>(ctx, x, y, test, nullptr, {.at = 1, .relevant = 4});
  EXPECT_EQ(at_1.precision, 0);
  EXPECT_EQ(at_1.recall, 0);
  const auto at_9 = figures_on<double>(ctx, x, y, test, nullptr, {.at = 9, .relevant = 4});  // at places 2 and 4
  EXPECT_DOUBLE_EQ(at_9.precision, 2.0 / 9);
  EXPECT_DOUBLE_EQ(at_9.recall, 1);
  EXPECT_DOUBLE_EQ(at_9.ndcg, (1 / log3 + 1 / log5) / (1 + 1 / log3));
  EXPECT_DOUBLE_EQ(at_9.map, (1.0 / 2 + 2.0 / 4) / 2);
  // Without the best item, the hits are at places 1 and 3.
  const auto seen = csr_of<double>(1, 5, {{0, 0, 1}});
  const auto rest = figures_on<double>(ctx, x, y, test, &seen, {.at = 2, .relevant = 4});
  EXPECT_DOUBLE_EQ(rest.precision, 1.0 / 2);
  EXPECT_DOUBLE_EQ(rest.map, 1.0 / 2);
  EXPECT_DOUBLE_EQ(rest.auc, 3.0 / 4);
  // By default every entry is relevant, and min(n, |R|) is n.
  const auto all = figures_on<double>(ctx, x, y, test, nullptr, {.at = 2});
  EXPECT_DOUBLE_EQ(all.recall, 1.0 / 2);
  EXPECT_DOUBLE_EQ(all.map, (1.0 / 2) / 2);
}

// Users 0 and 3 count; of user 2 nothing is relevant, user 1 has no test entries.
TEST_P(Ranking, IsTheMeanOverUsersWithSomethingRelevant) {
  Context ctx = context();
  const auto x = matrix_of<float>(4, 1, {1, 1, 1, -1}), y = matrix_of<float>(3, 1, {3, 2, 1});
  const auto test = csr_of<float>(4, 3, {{0, 0, 5}, {2, 0, 3}, {3, 0, 5}});
  const auto figures = figures_on<float>(ctx, x, y, test, nullptr, {.at = 1, .relevant = 4});
  EXPECT_EQ(figures.users, 2);
  EXPECT_EQ(figures.precision, 0.5);
  EXPECT_EQ(figures.auc, 0.5);
  const auto none = figures_on<float>(ctx, x, y, test, nullptr, {.at = 1, .relevant = 6});
  EXPECT_EQ(none.users, 0);
  EXPECT_EQ(none.precision, 0);
  EXPECT_EQ(none.auc, 0);
}

TEST_P(Ranking, EqualScoresCountHalfInTheAuc) {
  Context ctx = context();
  const auto x = matrix_of<float>(1, 1, {1}), y = matrix_of<float>(5, 1, {2, 2, 2, 1, 1});
  // 1 ties with two others and beats one, 3 ties with one: (2 + 1) + (0.5 + 0.5) + 0 of 2 x 3.
  const auto test = csr_of<float>(1, 5, {{0, 1, 1}, {0, 3, 1}});
  EXPECT_DOUBLE_EQ(figures_on<float>(ctx, x, y, test, nullptr, {}).auc, (1 + 0.5 + 0.5 + 0.5) / 6);
}

TEST_P(Ranking, WhatWasSeenCannotBeHit) {
  Context ctx = context();
  const auto x = matrix_of<float>(2, 1, {1, 1}), y = matrix_of<float>(3, 1, {3, 2, 1});
  const auto test = csr_of<float>(2, 3, {{0, 0, 1}, {0, 1, 1}, {1, 0, 1}});
  const auto seen = csr_of<float>(2, 3, {{0, 0, 1}, {1, 0, 1}});
  const auto figures = figures_on<float>(ctx, x, y, test, &seen, {.at = 2});
  EXPECT_EQ(figures.users, 2);
  EXPECT_DOUBLE_EQ(figures.recall, 0.25);  // 1 of 2, 0 of 1
  EXPECT_EQ(figures.auc_users, 1);         // user 1 has nothing relevant left to compare
  EXPECT_DOUBLE_EQ(figures.auc, 1);
}

TEST_P(Ranking, WithoutAucOnlyTheBestAreRanked) {
  Context ctx = context();
  const auto x = matrix_of<float>(1, 1, {1}), y = matrix_of<float>(3, 1, {3, 2, 1});
  const auto test = csr_of<float>(1, 3, {{0, 1, 1}});
  const auto figures = figures_on<float>(ctx, x, y, test, nullptr, {.at = 2, .auc = false});
  EXPECT_EQ(figures.precision, 0.5);
  EXPECT_EQ(figures.auc, 0);
  EXPECT_EQ(figures.auc_users, 0);
}

/// The definitions, by counting places and pairs; scores are exact.
template <class T>
RankingFigures by_counting(const Matrix<T>& x, const Matrix<T>& y, const Csr<T>& test, const Csr<T>& seen, index_t n,
                           double least) {
  RankingFigures mean;
  for (index_t i = 0; i < x.rows(); ++i) {
    std::set<index_t> relevant, left_out;
    for (offset_t e = test.offsets.data()[i]; e < test.offsets.data()[i + 1]; ++e)
      if (test.values.data()[e] >= static_cast<T>(least)) relevant.insert(test.columns.data()[e]);
    for (offset_t e = seen.offsets.data()[i]; e < seen.offsets.data()[i + 1]; ++e)
      left_out.insert(seen.columns.data()[e]);
    if (relevant.empty()) continue;
    std::vector<double> score(static_cast<std::size_t>(y.rows()), 0.0);
    for (index_t j = 0; j < y.rows(); ++j)
      for (index_t f = 0; f < x.cols(); ++f)
        score[static_cast<std::size_t>(j)] += static_cast<double>(x(i, f)) * static_cast<double>(y(j, f));
    const auto ahead = [&](index_t a, index_t b) {
      const double first = score[static_cast<std::size_t>(a)], second = score[static_cast<std::size_t>(b)];
      return first > second || (first == second && a < b);
    };
    const auto place = [&](index_t j) {
      index_t before = 1;
      for (index_t other = 0; other < y.rows(); ++other)
        if (left_out.count(other) == 0 && ahead(other, j)) ++before;
      return before;
    };
    std::set<index_t> hits;
    double pairs = 0, above = 0, dcg = 0, ideal = 0, precisions = 0;
    for (const index_t j : relevant) {
      if (left_out.count(j) != 0) continue;
      if (place(j) <= n) hits.insert(place(j));
      for (index_t other = 0; other < y.rows(); ++other) {
        if (left_out.count(other) != 0 || relevant.count(other) != 0) continue;
        ++pairs;
        const double mine = score[static_cast<std::size_t>(j)], its = score[static_cast<std::size_t>(other)];
        above += mine > its ? 1 : mine == its ? 0.5 : 0;
      }
    }
    double hit = 0;
    for (const index_t p : hits) {
      dcg += 1 / std::log2(static_cast<double>(p) + 1);
      precisions += ++hit / static_cast<double>(p);
    }
    const double most = static_cast<double>(std::min(n, static_cast<index_t>(relevant.size())));
    for (double p = 1; p <= most; ++p) ideal += 1 / std::log2(p + 1);
    mean.precision += hit / static_cast<double>(n);
    mean.recall += hit / most;
    mean.ndcg += dcg / ideal;
    mean.map += precisions / most;
    ++mean.users;
    if (pairs > 0) mean.auc += above / pairs;
    mean.auc_users += pairs > 0 ? 1 : 0;
  }
  for (double* figure : {&mean.precision, &mean.recall, &mean.ndcg, &mean.map})
    *figure /= static_cast<double>(mean.users);
  mean.auc /= static_cast<double>(mean.auc_users);
  return mean;
}

/// Whole numbers from -2 to 2, whose scores are exact.
template <class T>
Matrix<T> whole_matrix(index_t rows, index_t cols, std::uint64_t seed) {
  Matrix<T> m(rows, cols);
  for (index_t n = 0; n < rows * cols; ++n)
    m.view().data[n] = static_cast<T>(static_cast<int>(random_bits(seed, static_cast<std::uint64_t>(n)) % 5) - 2);
  return m;
}

template <class T>
void agrees_with_counting(Context& ctx, index_t n) {
  const auto test = random_csr<T>({9, 0, 30, 1, 2, 60, 12, 0, 40, 5}, 90, 3);
  const auto seen = random_csr<T>({0, 5, 20, 90, 3, 20, 70, 0, 1, 9}, 90, 4);
  const auto x = whole_matrix<T>(10, 3, 5), y = whole_matrix<T>(90, 3, 6);
  const auto expected = by_counting(x, y, test, seen, n, 0.25);
  const auto figures = figures_on<T>(ctx, x, y, test, &seen, {.at = n, .relevant = 0.25});
  // Sums of some ten terms, each a sum of up to 90: 100 roundings of numbers up to 1.
  const double tolerance = 100 * eps<double>();
  EXPECT_EQ(figures.users, expected.users);
  EXPECT_EQ(figures.auc_users, expected.auc_users);
  EXPECT_NEAR(figures.precision, expected.precision, tolerance) << "n = " << n;
  EXPECT_NEAR(figures.recall, expected.recall, tolerance) << "n = " << n;
  EXPECT_NEAR(figures.ndcg, expected.ndcg, tolerance) << "n = " << n;
  EXPECT_NEAR(figures.map, expected.map, tolerance) << "n = " << n;
  EXPECT_NEAR(figures.auc, expected.auc, tolerance) << "n = " << n;
  const auto without = figures_on<T>(ctx, x, y, test, &seen, {.at = n, .relevant = 0.25, .auc = false});
  EXPECT_EQ(without.map, figures.map);
}

TEST_P(Ranking, AgreesWithCounting) {
  Context ctx = context();
  for (index_t n : {1, 2, 10, 89, 90, 200}) {
    agrees_with_counting<float>(ctx, n);
    agrees_with_counting<double>(ctx, n);
  }
}

bool same(const RankingFigures& a, const RankingFigures& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

class RankingOfMany : public OnBackendForward {};

// More users than the 4096 that are ranked at a time.
TEST_P(RankingOfMany, IsTheSameForAnyNumberOfThreads) {
  Context one = context(1), two = context(2), five = context(5);
  const index_t m = 4200, n = 60;
  const auto x = whole_matrix<float>(m, 3, 1), y = whole_matrix<float>(n, 3, 2);
  const auto test = random_csr<float>(std::vector<index_t>(m, 3), n, 3);
  const auto seen = random_csr<float>(std::vector<index_t>(m, 9), n, 4);
  const auto figures = figures_on<float>(one, x, y, test, &seen, {.at = 20, .relevant = 0});
  const auto expected = by_counting(x, y, test, seen, 20, 0.0);
  const double tolerance = 5000 * eps<double>();  // sums of some 4000 numbers up to 1
  EXPECT_EQ(figures.users, expected.users);
  EXPECT_EQ(figures.auc_users, expected.auc_users);
  EXPECT_NEAR(figures.ndcg, expected.ndcg, tolerance);
  EXPECT_NEAR(figures.auc, expected.auc, tolerance);
  EXPECT_TRUE(same(figures_on<float>(two, x, y, test, &seen, {.at = 20, .relevant = 0}), figures));
  EXPECT_TRUE(same(figures_on<float>(five, x, y, test, &seen, {.at = 20, .relevant = 0}), figures));
}

// A slice of a larger matrix: offsets that do not begin at 0.
TEST_P(Ranking, TakesSlicesOfRows) {
  Context ctx = context();
  const auto x = random_matrix<double>(20, 2, 1), y = random_matrix<double>(30, 2, 2);
  const auto test = random_csr<double>(std::vector<index_t>(20, 4), 30, 3);
  const auto seen = random_csr<double>(std::vector<index_t>(20, 7), 30, 4);
  const auto x_there = to_context(ctx, x), y_there = to_context(ctx, y);
  const auto test_there = to_context(ctx, test), seen_there = to_context(ctx, seen);
  const auto part = [](CsrView<double> whole, index_t each) {
    return CsrView<double>{5, 30, 5 * each, whole.offsets + 8, whole.columns, whole.values, nullptr};
  };
  const auto figures = ranking_figures(ctx, read(x_there).slice(8, 13), read(y_there), part(test_there.view(), 4),
                                       part(seen_there.view(), 7), {.at = 5});
  const auto rows_of = [](const Csr<double>& whole) {
    std::vector<Entry> entries;
    for (column_t i = 8; i < 13; ++i)
      for (offset_t e = whole.offsets.data()[i]; e < whole.offsets.data()[i + 1]; ++e)
        entries.push_back({i - 8, whole.columns.data()[e], whole.values.data()[e]});
    return csr_of<double>(5, 30, entries);
  };
  Matrix<double> rows(5, 2);
  for (index_t n = 0; n < 10; ++n) rows.view().data[n] = x.view().data[16 + n];
  const auto seen_rows = rows_of(seen);
  EXPECT_TRUE(same(figures_on<double>(ctx, rows, y, rows_of(test), &seen_rows, {.at = 5}), figures));
}

TEST_P(Ranking, RefusesWrongArguments) {
  Context ctx = context();
  const auto x = matrix_of<float>(2, 1, {1, 1}), y = matrix_of<float>(3, 1, {3, 2, 1});
  const auto test = csr_of<float>(2, 3, {{0, 0, 1}}), turned = csr_of<float>(3, 2, {{0, 0, 1}});
  const auto empty = csr_of<float>(2, 3, {});
  EXPECT_EQ(message_of<ShapeError>([&] {
              figures_on<float>(ctx, x, matrix_of<float>(3, 2, {1, 1, 1, 1, 1, 1}), test, nullptr, {});
            }),
            "y is 3 x 2, expected 3 x 1");
  EXPECT_EQ(message_of<ShapeError>([&] { figures_on<float>(ctx, x, y, turned, nullptr, {}); }),
            "test is 3 x 2, expected 2 x 3");
  EXPECT_EQ(message_of<ShapeError>([&] { figures_on<float>(ctx, x, y, empty, &turned, {}); }),
            "seen is 3 x 2, expected 2 x 3");
  EXPECT_EQ(message_of<InvalidArgument>([&] { figures_on<float>(ctx, x, y, test, nullptr, {.at = 0}); }),
            "options.at is 0, expected at least 1");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message_of<InvalidArgument>([&] { figures_on<float>(ctx, x, y, test, nullptr, {.relevant = nan}); }),
            "options.relevant is not a number");
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              figures_on<float>(ctx, matrix_of<float>(2, 1, {nan, 1}), y, test, nullptr, {});
            }),
            "the score of row 0 of x and row 0 of y is not finite");
}

INSTANTIATE_TEST_SUITE_P(Backends, Ranking, all_backends(), backend_name);
INSTANTIATE_TEST_SUITE_P(Backends, RankingOfMany, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
