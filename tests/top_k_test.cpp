#include <set>

#include "support.hpp"

namespace seesaw::test {
namespace {

template <class T>
struct Best {
  Matrix<column_t> items;
  Matrix<T> scores;
};

template <class T>
Best<T> top_k_on(Context& ctx, MatrixView<const T> x, MatrixView<const T> y, CsrView<T> seen, index_t count) {
  Matrix<column_t> items(ctx, x.rows, count);
  Matrix<T> scores(ctx, x.rows, count);
  top_k(ctx, x, y, seen, items.view(), scores.view());
  return {to_host(items), to_host(scores)};
}

template <class T>
Best<T> top_k_on(Context& ctx, const Matrix<T>& x, const Matrix<T>& y, const Csr<T>* seen, index_t count) {
  const auto x_there = to_context(ctx, x), y_there = to_context(ctx, y);
  if (seen == nullptr) return top_k_on(ctx, read(x_there), read(y_there), CsrView<T>{}, count);
  const auto seen_there = to_context(ctx, *seen);
  return top_k_on(ctx, read(x_there), read(y_there), seen_there.view(), count);
}

template <class T>
std::vector<column_t> row_of(const Matrix<T>& m, index_t i) {
  return {m.view().row(i), m.view().row(i) + m.cols()};
}

/// Whole numbers from -most to most: every sum of their products is exact, and there are many equal ones.
template <class T>
Matrix<T> whole_matrix(index_t rows, index_t cols, int most, std::uint64_t seed) {
  Matrix<T> m(rows, cols);
  for (index_t n = 0; n < rows * cols; ++n)
    m.view().data[n] = static_cast<T>(
        static_cast<int>(random_bits(seed, static_cast<std::uint64_t>(n)) % static_cast<unsigned>(2 * most + 1)) -
        most);
  return m;
}

template <class T>
std::set<column_t> seen_of(const Csr<T>* seen, index_t i) {
  if (seen == nullptr) return {};
  return {seen->columns.data() + seen->offsets.data()[i], seen->columns.data() + seen->offsets.data()[i + 1]};
}

class TopK : public OnBackend {};

// x_0 = (1, 2), x_1 = (-1, 0); y_0 = (1, 0), y_1 = (3, 1), y_2 = (1, 2), y_3 = (5, 0): scores 1, 5, 5, 5; -1, -3, -1,
// -5.
TEST_P(TopK, IsWhatHandsCompute) {
  Context ctx = context();
  const auto x = matrix_of<float>(2, 2, {1, 2, -1, 0});
  const auto y = matrix_of<float>(4, 2, {1, 0, 3, 1, 1, 2, 5, 0});
  const auto best = top_k_on<float>(ctx, x, y, nullptr, 3);
  EXPECT_EQ(row_of(best.items, 0), (std::vector<column_t>{1, 2, 3}));
  EXPECT_EQ(row_of(best.items, 1), (std::vector<column_t>{0, 2, 1}));
  EXPECT_TRUE(same_bits(best.scores, matrix_of<float>(2, 3, {5, 5, 5, -1, -1, -3})));
  const auto two = top_k_on<float>(ctx, x, y, nullptr, 2);
  EXPECT_EQ(row_of(two.items, 0), (std::vector<column_t>{1, 2}));
}

TEST_P(TopK, LeavesOutWhatWasSeen) {
  Context ctx = context();
  const auto x = matrix_of<double>(2, 1, {1, 1}), y = matrix_of<double>(4, 1, {4, 3, 2, 1});
  const auto seen = csr_of<double>(2, 4, {{0, 0, 9}, {0, 2, 9}});
  const auto best = top_k_on(ctx, x, y, &seen, 3);
  const double none = -std::numeric_limits<double>::infinity();
  EXPECT_EQ(row_of(best.items, 0), (std::vector<column_t>{1, 3, -1}));
  EXPECT_EQ(row_of(best.items, 1), (std::vector<column_t>{0, 1, 2}));
  EXPECT_TRUE(same_bits(best.scores, matrix_of<double>(2, 3, {3, 1, none, 4, 3, 2})));
}

TEST_P(TopK, WithoutItemsThereAreNone) {
  Context ctx = context();
  const auto best = top_k_on<float>(ctx, matrix_of<float>(2, 1, {1, 2}), Matrix<float>(0, 1), nullptr, 2);
  EXPECT_EQ(row_of(best.items, 1), (std::vector<column_t>{-1, -1}));
  EXPECT_EQ(best.scores(1, 1), -std::numeric_limits<float>::infinity());
  const auto nobody = top_k_on<float>(ctx, Matrix<float>(0, 1), matrix_of<float>(1, 1, {1}), nullptr, 2);
  EXPECT_EQ(nobody.items.rows(), 0);
}

// Exact scores: there is one right answer, and it is the same bits on every backend.
template <class T>
void agrees_with_sorting(Context& ctx, index_t m, index_t n, index_t k, index_t count, const Csr<T>* seen) {
  const auto x = whole_matrix<T>(m, k, 2, 3), y = whole_matrix<T>(n, k, 2, 4);
  const auto best = top_k_on(ctx, x, y, seen, count);
  for (index_t i = 0; i < m; ++i) {
    const auto left_out = seen_of(seen, i);
    std::vector<std::pair<int, column_t>> expected;
    for (index_t j = 0; j < n; ++j) {
      int score = 0;
      for (index_t f = 0; f < k; ++f) score += static_cast<int>(x(i, f)) * static_cast<int>(y(j, f));
      if (left_out.count(static_cast<column_t>(j)) == 0) expected.emplace_back(-score, j);
    }
    std::sort(expected.begin(), expected.end());
    for (index_t p = 0; p < count; ++p) {
      const bool there = p < static_cast<index_t>(expected.size());
      const auto one = there ? expected[static_cast<std::size_t>(p)] : std::pair<int, column_t>{0, -1};
      ASSERT_EQ(best.items(i, p), one.second)
          << m << " x " << n << ", k = " << k << ", N = " << count << ": row " << i << ", place " << p;
      const T score = there ? static_cast<T>(-one.first) : -std::numeric_limits<T>::infinity();
      ASSERT_EQ(best.scores(i, p), score) << "row " << i << ", place " << p;
    }
  }
}

TEST_P(TopK, AgreesWithSortingOnEverySideOfATile) {
  Context ctx = context();
  for (index_t k : {1, 15, 16, 17, 33, 129}) {
    agrees_with_sorting<float>(ctx, 9, 97, k, 10, nullptr);
    agrees_with_sorting<double>(ctx, 9, 97, k, 10, nullptr);
  }
  for (index_t m : {1, 7, 8, 9, 63, 64, 65, 130}) agrees_with_sorting<float>(ctx, m, 65, 3, 5, nullptr);
  for (index_t n : {1, 2, 23, 24, 25, 47, 48, 49, 63, 64, 65, 96, 257, 1000}) {
    agrees_with_sorting<float>(ctx, 3, n, 5, 20, nullptr);
    agrees_with_sorting<double>(ctx, 3, n, 5, 20, nullptr);
  }
}

TEST_P(TopK, AgreesWithSortingForAnyNumberOfItems) {
  Context ctx = context();
  const auto seen = random_csr<float>({0, 1, 90, 700, 699, 33, 1, 0, 32}, 700, 5);
  for (index_t count : {1, 2, 31, 32, 33, 255, 256, 257, 699, 700, 701, 1024, 5000})
    agrees_with_sorting<float>(ctx, 9, 700, 4, count, &seen);
  const auto twice = random_csr<double>({5, 0, 1500}, 3000, 5);
  for (index_t count : {1024, 2048, 2049, 3000}) agrees_with_sorting<double>(ctx, 3, 3000, 4, count, &twice);
}

// More items than a tile holds: on the cpu transposed rows of 16 MB, on CUDA 65536 items.
constexpr index_t kManyItems = 70000, kTheirRank = 64;

TEST_P(TopK, AgreesWithSortingBeyondATileOfItems) {
  Context ctx = context();
  const auto seen = random_csr<float>({3000, 0}, kManyItems, 6);
  for (index_t count : {10, 3000}) agrees_with_sorting<float>(ctx, 2, kManyItems, kTheirRank, count, &seen);
  agrees_with_sorting<double>(ctx, 1, kManyItems, kTheirRank, 5000, nullptr);
}

// Each score is within k eps sum |x_f y_f| of its true value, in any order of summation (Higham, section 3.1), so an
// item may be missing only if its true score is no better than the last one's by the two errors.
template <class T>
void agrees_with_long_sums(Context& ctx, index_t m, index_t n, index_t k, index_t count) {
  const auto x = random_matrix<T>(m, k, 1), y = random_matrix<T>(n, k, 2);
  const auto best = top_k_on<T>(ctx, x, y, nullptr, count);
  for (index_t i = 0; i < m; ++i) {
    std::vector<double> score(static_cast<std::size_t>(n)), error(static_cast<std::size_t>(n));
    for (index_t j = 0; j < n; ++j) {
      long double sum = 0, absolute = 0;
      for (index_t f = 0; f < k; ++f) {
        const long double term = static_cast<long double>(x(i, f)) * static_cast<long double>(y(j, f));
        sum += term;
        absolute += std::abs(term);
      }
      score[static_cast<std::size_t>(j)] = static_cast<double>(sum);
      error[static_cast<std::size_t>(j)] = static_cast<double>(k + 1) * eps<T>() * static_cast<double>(absolute);
    }
    std::set<column_t> chosen;
    for (index_t p = 0; p < count; ++p) {
      const auto j = static_cast<std::size_t>(best.items(i, p));
      ASSERT_TRUE(chosen.insert(best.items(i, p)).second) << "item " << j << " comes twice";
      ASSERT_NEAR(static_cast<double>(best.scores(i, p)), score[j], error[j]);
      if (p > 0) {
        ASSERT_GE(best.scores(i, p - 1), best.scores(i, p));
      }
    }
    const auto last = static_cast<std::size_t>(best.items(i, count - 1));
    for (index_t j = 0; j < n; ++j)
      if (chosen.count(static_cast<column_t>(j)) == 0) {
        const auto s = static_cast<std::size_t>(j);
        ASSERT_LE(score[s], score[last] + error[s] + error[last]) << "item " << j << " of row " << i << " is missing";
      }
  }
}

TEST_P(TopK, AgreesWithLongSums) {
  Context ctx = context();
  for (index_t k : {1, 8, 33, 64, 300}) {
    agrees_with_long_sums<float>(ctx, 5, 300, k, 25);
    agrees_with_long_sums<double>(ctx, 5, 300, k, 25);
  }
}

// A score is the same bits whatever the rows and items that are computed beside it, and whatever the threads.
TEST_P(TopK, IsTheSameForAnyNumberOfThreadsAndRows) {
  Context one = context(1), two = context(2), five = context(5);
  const index_t m = 150, n = 333, k = 37, count = 20;
  const auto x = random_matrix<float>(m, k, 1), y = random_matrix<float>(n, k, 2);
  const auto seen = random_csr<float>(std::vector<index_t>(m, 40), n, 7);
  const auto expected = top_k_on(one, x, y, &seen, count);
  for (Context* ctx : {&two, &five}) {
    const auto again = top_k_on(*ctx, x, y, &seen, count);
    EXPECT_TRUE(same_bits(again.items, expected.items));
    EXPECT_TRUE(same_bits(again.scores, expected.scores));
  }
  const auto x_there = to_context(one, x), y_there = to_context(one, y);
  const auto seen_there = to_context(one, seen);
  for (const auto& [first, last] : {std::pair<index_t, index_t>{0, 1}, {77, 78}, {60, 70}, {149, 150}}) {
    CsrView<float> part = seen_there.view();
    part = {last - first, n, (last - first) * 40, part.offsets + first, part.columns, nullptr, nullptr};
    const auto slice = top_k_on(one, read(x_there).slice(first, last), read(y_there), part, count);
    const auto same = expected.items.view().slice(first, last);
    const auto same_scores = expected.scores.view().slice(first, last);
    for (index_t p = 0; p < (last - first) * count; ++p) {
      ASSERT_EQ(slice.items.view().data[p], same.data[p]);
      ASSERT_EQ(slice.scores.view().data[p], same_scores.data[p]);
    }
  }
  // The last items alone: other tiles, the same scores.
  const auto tail = top_k_on(one, read(x_there), read(y_there).slice(n - 5, n), CsrView<float>{}, 5);
  const auto all = top_k_on(one, read(x_there), read(y_there), CsrView<float>{}, n);
  for (index_t i = 0; i < m; ++i)
    for (index_t q = 0; q < 5; ++q) {
      const auto ranked = row_of(all.items, i);
      const auto place = std::find(ranked.begin(), ranked.end(), tail.items(i, q) + n - 5) - ranked.begin();
      ASSERT_EQ(all.scores(i, place), tail.scores(i, q));
    }
}

TEST_P(TopK, ReadsAndWritesPaddedRows) {
  Context ctx = context();
  const auto wide_x = to_context(ctx, whole_matrix<float>(20, 9, 3, 1));
  const auto wide_y = to_context(ctx, whole_matrix<float>(70, 11, 3, 2));
  const MatrixView<const float> x(wide_x.view().data, 20, 7, 9), y(wide_y.view().data, 70, 7, 11);
  Matrix<column_t> items = to_context(ctx, Matrix<column_t>(matrix_of<column_t>(20, 6, std::vector<double>(120, 7))));
  Matrix<float> scores = to_context(ctx, matrix_of<float>(20, 5, std::vector<double>(100, 7)));
  top_k(ctx, x, y, {}, {items.view().data, 20, 4, 6}, {scores.view().data, 20, 4, 5});
  Matrix<float> narrow_x(20, 7), narrow_y(70, 7);
  const auto host_x = to_host(wide_x), host_y = to_host(wide_y);
  for (index_t f = 0; f < 7; ++f) {
    for (index_t i = 0; i < 20; ++i) narrow_x(i, f) = host_x(i, f);
    for (index_t j = 0; j < 70; ++j) narrow_y(j, f) = host_y(j, f);
  }
  const auto expected = top_k_on<float>(ctx, narrow_x, narrow_y, nullptr, 4);
  const auto host_items = to_host(items);
  const auto host_scores = to_host(scores);
  for (index_t i = 0; i < 20; ++i) {
    for (index_t p = 0; p < 4; ++p) {
      ASSERT_EQ(host_items(i, p), expected.items(i, p));
      ASSERT_EQ(host_scores(i, p), expected.scores(i, p));
    }
    EXPECT_EQ(host_items(i, 4), 7);
    EXPECT_EQ(host_items(i, 5), 7);
    EXPECT_EQ(host_scores(i, 4), 7);
  }
}

TEST_P(TopK, RefusesScoresThatAreNotFinite) {
  Context ctx = context();
  const auto y_of = [&](double at_40, double at_90) {
    auto y = whole_matrix<float>(100, 2, 2, 1);
    for (index_t j = 0; j < 10; ++j) y(j, 0) = y(j, 1) = 3;  // the best: nothing later comes near
    y(40, 1) = static_cast<float>(at_40);
    y(90, 0) = static_cast<float>(at_90);
    return y;
  };
  const auto x = matrix_of<float>(70, 2, std::vector<double>(140, 1));
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const auto message = [&](const Matrix<float>& y, const Csr<float>* seen) {
    return message_of<InvalidArgument>([&] { top_k_on(ctx, x, y, seen, 3); });
  };
  EXPECT_EQ(message(y_of(nan, 1), nullptr), "the score of row 0 of x and row 40 of y is not finite");
  EXPECT_EQ(message(y_of(1, -infinity), nullptr), "the score of row 0 of x and row 90 of y is not finite");
  EXPECT_EQ(message(y_of(infinity, nan), nullptr), "the score of row 0 of x and row 40 of y is not finite");
  std::vector<Entry> entries;
  for (column_t i = 0; i < 66; ++i) entries.push_back({i, 40, 1});
  const auto most = csr_of<float>(70, 100, entries);
  EXPECT_EQ(message(y_of(-infinity, 1), &most), "the score of row 66 of x and row 40 of y is not finite");
  EXPECT_EQ(message(y_of(nan, nan), &most), "the score of row 0 of x and row 90 of y is not finite");
  for (column_t i = 66; i < 70; ++i) entries.push_back({i, 40, 1});
  const auto all = csr_of<float>(70, 100, entries);
  EXPECT_EQ(top_k_on(ctx, x, y_of(nan, 1), &all, 3).items.rows(), 70) << "what was seen does not matter";
  // Finite factors whose score is beyond float.
  const auto large = matrix_of<float>(1, 1, {1e30});
  EXPECT_EQ(message_of<InvalidArgument>([&] { top_k_on<float>(ctx, large, large, nullptr, 1); }),
            "the score of row 0 of x and row 0 of y is not finite");
}

// The first by row comes last by item.
TEST_P(TopK, NamesTheFirstScoreThatIsNotFiniteOfAllTiles) {
  Context ctx = context();
  Matrix<float> x = whole_matrix<float>(100, kTheirRank, 2, 1), y = whole_matrix<float>(kManyItems, kTheirRank, 2, 2);
  x(99, 0) = 1e30F;
  y(3, 0) = 1e30F;
  y(kManyItems - 1, 0) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(message_of<InvalidArgument>([&] { top_k_on<float>(ctx, x, y, nullptr, 3); }),
            "the score of row 0 of x and row 69999 of y is not finite");
}

TEST_P(TopK, RefusesWrongArguments) {
  Context ctx = context();
  const Matrix<float> x(ctx, 2, 4), y(ctx, 3, 4), narrow(ctx, 3, 3), none(ctx, 2, 0);
  Matrix<column_t> items(ctx, 2, 5), few(ctx, 1, 5), no_items(ctx, 2, 0);
  Matrix<float> scores(ctx, 2, 5), other(ctx, 2, 4), no_scores(ctx, 2, 0);
  const auto seen = to_context(ctx, csr_of<float>(2, 2, {{0, 0, 1}}));
  const auto call = [&](const Matrix<float>& a, const Matrix<float>& b, CsrView<float> csr, Matrix<column_t>& p,
                        Matrix<float>& s) { top_k(ctx, read(a), read(b), csr, p.view(), s.view()); };
  EXPECT_EQ(message_of<ShapeError>([&] { call(x, narrow, {}, items, scores); }), "y is 3 x 3, expected 3 x 4");
  EXPECT_EQ(message_of<InvalidArgument>([&] { call(none, none, {}, items, scores); }),
            "rank is 0, expected at least 1");
  EXPECT_EQ(message_of<ShapeError>([&] { call(x, y, {}, few, scores); }), "items is 1 x 5, expected 2 x 5");
  EXPECT_EQ(message_of<ShapeError>([&] { call(x, y, {}, items, other); }), "scores is 2 x 4, expected 2 x 5");
  EXPECT_EQ(message_of<InvalidArgument>([&] { call(x, y, {}, no_items, no_scores); }),
            "items has 0 columns, expected at least 1: one for each item asked for");
  EXPECT_EQ(message_of<ShapeError>([&] { call(x, y, seen.view(), items, scores); }), "seen is 2 x 2, expected 2 x 3");
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              call(x, y, {2, 3, 1, nullptr, nullptr, nullptr, nullptr}, items, scores);
            }),
            "seen.offsets is a null pointer");
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              call(x, y, {2, 3, 1, seen.offsets.data(), nullptr, nullptr, nullptr}, items, scores);
            }),
            "seen.columns is a null pointer");
  EXPECT_EQ(message_of<ShapeError>([&] {
              call(x, y, {2, 3, -1, seen.offsets.data(), seen.columns.data(), nullptr, nullptr}, items, scores);
            }),
            "seen has -1 entries, expected at least 0");
  constexpr index_t kMany = index_t{1} << 31;
  EXPECT_EQ(message_of<ShapeError>([&] {
              top_k(ctx, read(x), {y.view().data, kMany, 4}, {}, items.view(), scores.view());
            }),
            "x has 2 rows and y 2147483648, expected at most 2^31 - 1");
}

INSTANTIATE_TEST_SUITE_P(Backends, TopK, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
