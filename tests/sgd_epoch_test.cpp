#include <map>
#include <set>
#include <tuple>

#include "support.hpp"

namespace seesaw::test {
namespace {

constexpr Penalty kNone{};

template <class T>
struct Moved {
  Matrix<T> x, y;
};

/// One epoch over a grid of so many stripes, from x and y.
template <class T>
Moved<T> epoch_on(Context& ctx, const Csr<T>& ratings, const Matrix<T>& x, const Matrix<T>& y, index_t size,
                  double step, EpochMoves moves = EpochMoves::both, std::uint64_t seed = 0, Penalty row_penalty = kNone,
                  Penalty col_penalty = kNone) {
  const auto csr = to_context(ctx, ratings);
  const auto grid = entry_grid(ctx, csr.view(), row_penalty, col_penalty, size);
  auto x_there = to_context(ctx, x), y_there = to_context(ctx, y);
  sgd_epoch(ctx, grid.view(), step, seed, x_there.view(), y_there.view(), moves);
  return {to_host(x_there), to_host(y_there)};
}

template <class T>
EntryGrid<T> to_host(const EntryGrid<T>& grid) {
  return {grid.rows,
          grid.cols,
          grid.size,
          seesaw::to_host(grid.blocks),
          seesaw::to_host(grid.row_indices),
          seesaw::to_host(grid.column_indices),
          seesaw::to_host(grid.values),
          seesaw::to_host(grid.weights),
          seesaw::to_host(grid.row_penalties),
          seesaw::to_host(grid.col_penalties),
          seesaw::to_host(grid.column_offsets)};
}

template <class T>
Matrix<T> identity(index_t n) {
  Matrix<T> eye(n, n);
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < n; ++j) eye(i, j) = i == j ? T{1} : T{0};
  return eye;
}

template <class T>
Matrix<T> zeros(index_t rows, index_t cols) {
  return matrix_of<T>(rows, cols, std::vector<double>(static_cast<std::size_t>(rows * cols), 0.0));
}

/// |N(0,1)| / sqrt(k) each: vectors of about length 1, whatever k.
template <class T>
Matrix<T> unit_rows(index_t rows, index_t k, std::uint64_t seed) {
  Context host = Context::reference();
  Matrix<T> m(rows, k);
  fill_normal(host, seed, 1 / std::sqrt(static_cast<double>(k)), m.view());
  return m;
}

class SgdEpoch : public OnBackend {
 protected:
  // x = (1, 2), y = (1, 1), step 1/2; lambda_x = 1/2 by count, so 1/2 a step; lambda_y = 1 plain, so 1 for column 0,
  // which has one entry, and 1/2 for column 1, which has two. One stripe: the entries come by row and column.
  template <class T>
  Moved<T> by_hand(EpochMoves moves) {
    Context ctx = context();
    const auto ratings = csr_of<T>(2, 2, {{0, 0, 3, 1}, {0, 1, 2, 2}, {1, 1, 1, 1}}, /*weights=*/true);
    return epoch_on(ctx, ratings, matrix_of<T>(2, 1, {1, 2}), matrix_of<T>(2, 1, {1, 1}), 1, 0.5, moves, 7,
                    {0.5, Weighting::by_count}, {1, Weighting::plain});
  }
};

// (0, 0): r = 2,      x_0 = 3/4 + 1 = 1.75,                      y_0 = 1/2 + 1 = 1.5
// (0, 1): r = 0.25,   x_0 = 3/4 1.75 + 0.25 = 1.5625,            y_1 = 3/4 + 0.25 1.75 = 1.1875
// (1, 1): r = -1.375, x_1 = 3/4 2 - 0.6875 1.1875 = 0.68359375,  y_1 = 3/4 1.1875 - 0.6875 2 = -0.484375
TEST_P(SgdEpoch, IsWhatHandsCompute) {
  const auto moved = by_hand<float>(EpochMoves::both);
  EXPECT_EQ(moved.x(0, 0), 1.5625f);
  EXPECT_EQ(moved.x(1, 0), 0.68359375f);
  EXPECT_EQ(moved.y(0, 0), 1.5f);
  EXPECT_EQ(moved.y(1, 0), -0.484375f);
}

// With y = 1:  r = 2, 0.25, -1;  x_0 = 1.75, then 3/4 1.75 + 0.25;  x_1 = 3/4 2 - 1/2
TEST_P(SgdEpoch, OfXAloneIsWhatHandsCompute) {
  const auto moved = by_hand<double>(EpochMoves::x);
  EXPECT_EQ(moved.x(0, 0), 1.5625);
  EXPECT_EQ(moved.x(1, 0), 1);
  EXPECT_EQ(moved.y(0, 0), 1);
  EXPECT_EQ(moved.y(1, 0), 1);
}

// With x = (1, 2):  r = 2, 1, 1 - 2 1.75;  y_0 = 1/2 + 1;  y_1 = 3/4 + 1 = 1.75, then 3/4 1.75 - 1.25 2
TEST_P(SgdEpoch, OfYAloneIsWhatHandsCompute) {
  const auto moved = by_hand<double>(EpochMoves::y);
  EXPECT_EQ(moved.x(0, 0), 1);
  EXPECT_EQ(moved.x(1, 0), 2);
  EXPECT_EQ(moved.y(0, 0), 1.5);
  EXPECT_EQ(moved.y(1, 0), -1.1875);
}

// With y_j the j-th unit vector and x = 0, a step of 1/2 halves the distance of x_ij to a_ij and touches nothing else:
// a_ij / 2 where (i, j) was visited once, 0 where never, 3/4 a_ij where twice. Grids of one stripe, of several, of more
// than there are rows; rows and columns without entries, a row of a third of all entries.
TEST_P(SgdEpoch, VisitsEveryEntryOnce) {
  Context ctx = context();
  const auto by_row = random_csr<float>({0, 5, 1, 30, 0, 12, 7, 7, 2, 19, 0}, 37, 3);
  const auto by_column = transpose(ctx, to_context(ctx, by_row).view());
  const auto transposed = seesaw::to_host(by_column);
  for (const index_t size : {1, 2, 3, 7, 11, 40})
    for (const std::uint64_t seed : {1, 2}) {
      const auto x = epoch_on(ctx, by_row, zeros<float>(11, 37), identity<float>(37), size, 0.5, EpochMoves::x, seed).x;
      const auto y =
          epoch_on(ctx, transposed, identity<float>(37), zeros<float>(11, 37), size, 0.5, EpochMoves::y, seed).y;
      Matrix<float> expected = zeros<float>(11, 37);
      for (index_t i = 0; i < 11; ++i)
        for (offset_t e = by_row.offsets.data()[i]; e < by_row.offsets.data()[i + 1]; ++e)
          expected(i, by_row.columns.data()[e]) = by_row.values.data()[e] / 2;
      EXPECT_EQ(largest_difference(x, expected), 0) << "x, " << size << " stripes, seed " << seed;
      EXPECT_EQ(largest_difference(y, expected), 0) << "y, " << size << " stripes, seed " << seed;
    }
}

TEST_P(SgdEpoch, AGridHoldsEachEntryAndItsStrataShareNothing) {
  Context ctx = context();
  const auto ratings = random_csr<double>({0, 5, 1, 30, 0, 12, 7, 7, 2, 19, 0, 3, 3, 3}, 37, 5, /*weights=*/true);
  std::map<std::pair<column_t, column_t>, std::pair<double, double>> all;
  for (index_t i = 0; i < ratings.rows; ++i)
    for (offset_t e = ratings.offsets.data()[i]; e < ratings.offsets.data()[i + 1]; ++e)
      all[{static_cast<column_t>(i), ratings.columns.data()[e]}] = {ratings.values.data()[e],
                                                                    ratings.weights.data()[e]};
  for (const index_t size : {1, 2, 5, 14, 50}) {
    const auto grid = to_host(entry_grid(ctx, to_context(ctx, ratings).view(), kNone, kNone, size));
    ASSERT_EQ(grid.size, size);
    ASSERT_EQ(grid.blocks.size(), size * size + 1);
    EXPECT_EQ(grid.blocks.data()[0], 0);
    EXPECT_EQ(grid.blocks.data()[size * size], ratings.values.size());
    auto left = all;
    std::vector<std::set<column_t>> rows_of(static_cast<std::size_t>(size));
    for (index_t stratum = 0; stratum < size; ++stratum) {
      std::map<column_t, index_t> row_block, column_block;
      for (index_t p = 0; p < size; ++p) {
        const index_t block = stratum * size + p;
        ASSERT_LE(grid.blocks.data()[block], grid.blocks.data()[block + 1]);
        std::pair<column_t, column_t> before{-1, -1};
        for (offset_t e = grid.blocks.data()[block]; e < grid.blocks.data()[block + 1]; ++e) {
          const std::pair place{grid.row_indices.data()[e], grid.column_indices.data()[e]};
          ASSERT_EQ(left.count(place), 1u);
          EXPECT_EQ(left[place], std::pair(grid.values.data()[e], grid.weights.data()[e]));
          left.erase(place);
          EXPECT_LT(before, place) << "by row and column";
          before = place;
          EXPECT_EQ(row_block.emplace(place.first, p).first->second, p);
          EXPECT_EQ(column_block.emplace(place.second, p).first->second, p);
          rows_of[static_cast<std::size_t>(p)].insert(place.first);
        }
      }
    }
    EXPECT_TRUE(left.empty());
    for (std::size_t p = 0; p + 1 < rows_of.size(); ++p)
      if (!rows_of[p].empty() && !rows_of[p + 1].empty()) {
        EXPECT_LT(*rows_of[p].rbegin(), *rows_of[p + 1].begin()) << "stripes of neighbours";
      }
  }
}

// A stripe has the rows whose middle entry lies in an interval of entries / size of them: at most the entries of the
// interval and half of those of its first and of its last row.
TEST_P(SgdEpoch, StripesHaveAboutAsManyEntries) {
  Context ctx = context();
  const auto ratings = to_context(ctx, random_csr<float>(std::vector<index_t>(200, 3), 40, 1));
  const auto columns = to_host(entry_grid(ctx, ratings.view(), kNone, kNone)).column_offsets;
  offset_t longest = 0;
  for (index_t j = 0; j < 40; ++j) longest = std::max(longest, columns.data()[j + 1] - columns.data()[j]);
  constexpr index_t kSize = 10;
  const auto grid = to_host(entry_grid(ctx, ratings.view(), kNone, kNone, kSize));
  std::vector<offset_t> of_rows(kSize), of_columns(kSize);
  for (index_t d = 0; d < kSize; ++d)
    for (index_t p = 0; p < kSize; ++p) {
      const offset_t* block = grid.blocks.data() + d * kSize + p;
      of_rows[static_cast<std::size_t>(p)] += block[1] - block[0];
      of_columns[static_cast<std::size_t>((p + d) % kSize)] += block[1] - block[0];
    }
  for (std::size_t p = 0; p < kSize; ++p) {
    EXPECT_LE(of_rows[p], 600 / kSize + 3) << p;
    EXPECT_LE(of_columns[p], 600 / kSize + longest) << p;
  }
}

TEST_P(SgdEpoch, TheSizeIsChosenFromThatOfTheMatrix) {
  Context ctx = context();
  const auto chosen = [&](const std::vector<index_t>& lengths, index_t cols) {
    const auto csr = to_context(ctx, random_csr<float>(lengths, cols, 1));
    return entry_grid(ctx, csr.view(), kNone, kNone).size;
  };
  const bool device = GetParam() == Backend::cuda;
  EXPECT_EQ(chosen(std::vector<index_t>(400, 100), 200), device ? 50 : 3);  // 40,000 entries, of 16 or 4,096 a block
  EXPECT_EQ(chosen(std::vector<index_t>(2, 20000), 20000), 2);              // no more than rows
  EXPECT_EQ(chosen({0, 0}, 3), 1);
}

/// The entries of `grid` in the order that the contract names: the strata shuffled as Fisher and Yates do.
template <class T>
std::vector<offset_t> order_of(const EntryGrid<T>& grid, std::uint64_t seed) {
  std::vector<index_t> strata(static_cast<std::size_t>(grid.size));
  std::iota(strata.begin(), strata.end(), 0);
  for (std::size_t n = strata.size(); n > 1; --n)
    std::swap(strata[n - 1], strata[static_cast<std::size_t>(random_bits(seed, n) % n)]);
  std::vector<offset_t> order;
  for (const index_t d : strata)
    for (offset_t e = grid.blocks.data()[d * grid.size]; e < grid.blocks.data()[(d + 1) * grid.size]; ++e)
      order.push_back(e);
  return order;
}

using Vectors = std::vector<std::vector<long double>>;

template <class T>
Vectors vectors_of(const Matrix<T>& m) {
  Vectors v(static_cast<std::size_t>(m.rows()));
  for (index_t i = 0; i < m.rows(); ++i)
    for (index_t f = 0; f < m.cols(); ++f) v[static_cast<std::size_t>(i)].push_back(m(i, f));
  return v;
}

long double dot(const std::vector<long double>& a, const std::vector<long double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0L);
}

/// An epoch in long double, and beside each vector how far from it rounding may have brought the same in T. With dx and
/// dy such bounds on |x_i - x|, |y_j - y|: a dot product of k terms and a subtraction are off by at most
/// (k + 1) eps (|a| + |x||y|) (Higham, section 3.1), beside what dx and dy do to them. A moved vector, keep x + gain y,
/// has four roundings of eps / 2 in its second term, in its first as many, or one in the product that keep was taken
/// from, which is at most 1 + |keep|.
struct Exact {
  Vectors x, y;
  std::vector<long double> dx, dy;

  template <class T>
  void step(const EntryGrid<T>& grid, offset_t e, double step, EpochMoves moves) {
    const auto i = static_cast<std::size_t>(grid.row_indices.data()[e]);
    const auto j = static_cast<std::size_t>(grid.column_indices.data()[e]);
    const long double unit = eps<T>(), size = static_cast<T>(step), a = grid.values.data()[e];
    const long double w = grid.weights.empty() ? T{1} : grid.weights.data()[e];
    const long double length_x = std::sqrt(dot(x[i], x[i])), length_y = std::sqrt(dot(y[j], y[j]));
    const long double far_x = length_x + dx[i], far_y = length_y + dy[j];
    const long double gain = size * w * (a - dot(x[i], y[j]));
    const long double terms = static_cast<long double>(x[i].size()) + 1;
    const long double d_gain =
        size * w * (far_x * far_y - length_x * length_y + terms * unit * (std::abs(a) + far_x * far_y));
    const long double keep_x = 1 - size * grid.row_penalties.data()[i],
                      keep_y = 1 - size * grid.col_penalties.data()[j];
    const auto off = [&](long double keep, long double far, long double d, long double far_other, long double d_other) {
      return std::abs(keep) * d + std::abs(gain) * d_other + d_gain * far_other +
             2 * unit * ((1 + std::abs(keep)) * far + (std::abs(gain) + d_gain) * far_other);
    };
    const long double new_dx = off(keep_x, far_x, dx[i], far_y, dy[j]);
    const long double new_dy = off(keep_y, far_y, dy[j], far_x, dx[i]);
    for (std::size_t f = 0; f < x[i].size(); ++f) {
      const long double before = x[i][f];
      if (moves != EpochMoves::y) x[i][f] = keep_x * before + gain * y[j][f];
      if (moves != EpochMoves::x) y[j][f] = keep_y * y[j][f] + gain * before;
    }
    if (moves != EpochMoves::y) dx[i] = new_dx;
    if (moves != EpochMoves::x) dy[j] = new_dy;
  }
};

template <class T>
void expect_within(const Matrix<T>& found, const Vectors& exact, const std::vector<long double>& bounds,
                   const std::string& what) {
  for (index_t i = 0; i < found.rows(); ++i) {
    long double squared = 0;
    for (index_t f = 0; f < found.cols(); ++f) {
      const long double difference = found(i, f) - exact[static_cast<std::size_t>(i)][static_cast<std::size_t>(f)];
      squared += difference * difference;
    }
    ASSERT_LE(std::sqrt(squared), bounds[static_cast<std::size_t>(i)]) << what << ", row " << i;
  }
}

template <class T>
void agrees_with_long_steps(Context& ctx, index_t k, index_t size, EpochMoves moves, bool weights) {
  const double step = 0.02;
  const std::uint64_t seed = 11;
  const auto ratings = random_csr<T>({0, 1, 33, 60, 4, 0, 64, 31, 0, 12, 12, 12}, 97, 7, weights);
  const auto x = unit_rows<T>(ratings.rows, k, 8), y = unit_rows<T>(ratings.cols, k, 9);
  const Penalty row_penalty{0.3, Weighting::by_count, 0.5, 1}, col_penalty{0.2, Weighting::plain};
  const auto moved = epoch_on(ctx, ratings, x, y, size, step, moves, seed, row_penalty, col_penalty);
  const auto grid = to_host(entry_grid(ctx, to_context(ctx, ratings).view(), row_penalty, col_penalty, size));
  Exact exact{vectors_of(x), vectors_of(y), std::vector<long double>(12, 0), std::vector<long double>(97, 0)};
  for (const offset_t e : order_of(grid, seed)) exact.step(grid, e, step, moves);
  const std::string what = "k = " + std::to_string(k) + ", " + std::to_string(size) + " stripes";
  expect_within(moved.x, exact.x, exact.dx, what + ", x");
  expect_within(moved.y, exact.y, exact.dy, what + ", y");
}

TEST_P(SgdEpoch, AgreesWithLongSteps) {
  Context ctx = context();
  for (const index_t k : {1, 7, 8, 9, 31, 32, 33, 64, 65, 128, 129, 256, 300}) {
    agrees_with_long_steps<float>(ctx, k, 3, EpochMoves::both, true);
    agrees_with_long_steps<double>(ctx, k, 5, EpochMoves::both, false);
  }
  for (const index_t k : {10, 300})
    for (const EpochMoves moves : {EpochMoves::x, EpochMoves::y}) {
      agrees_with_long_steps<float>(ctx, k, 2, moves, false);
      agrees_with_long_steps<double>(ctx, k, 20, moves, true);
    }
}

// (x before - x after) / step is the gradient but for a term that is proportional to the step: what is between them
// halves with it, where a wrong penalty, or a wrong number of visits, would leave a part that does not.
TEST_P(SgdEpoch, FollowsTheGradientToFirstOrder) {
  Context ctx = context();
  const auto host = random_csr<double>({3, 9, 1, 0, 14, 6, 6, 2}, 15, 21, /*weights=*/true);
  const auto ratings = to_context(ctx, host);
  const auto by_column = transpose(ctx, ratings.view());
  const auto x = random_matrix<double>(8, 3, 1), y = random_matrix<double>(15, 3, 2);
  const auto x_there = to_context(ctx, x), y_there = to_context(ctx, y);
  for (const Penalty penalty :
       {Penalty{0.7, Weighting::plain}, Penalty{0.7, Weighting::by_count}, Penalty{0.7, Weighting::by_count, 0.5, 2}}) {
    Matrix<double> of_x(ctx, 8, 3), of_y(ctx, 15, 3);
    masked_gradient(ctx, mode_view(ratings.view(), 0), {read(x_there), read(y_there)}, penalty, of_x.view());
    masked_gradient(ctx, mode_view(by_column.view(), 1), {read(x_there), read(y_there)}, penalty, of_y.view());
    const auto gradient_x = seesaw::to_host(of_x), gradient_y = seesaw::to_host(of_y);
    const auto distance = [&](double step) {
      const auto moved = epoch_on(ctx, host, x, y, 3, step, EpochMoves::both, 5, penalty, penalty);
      double squared = 0;
      const auto add = [&](const Matrix<double>& before, const Matrix<double>& after, const Matrix<double>& gradient,
                           const Csr<double>& entries) {
        for (index_t i = 0; i < before.rows(); ++i)
          for (index_t f = 0; f < 3; ++f) {
            const bool empty = entries.offsets.data()[i] == entries.offsets.data()[i + 1];
            if (empty) {
              EXPECT_EQ(before(i, f), after(i, f)) << "no step moves what has no entries";
            }
            const double difference = empty ? 0 : (before(i, f) - after(i, f)) / step - gradient(i, f);
            squared += difference * difference;
          }
      };
      add(x, moved.x, gradient_x, host);
      add(y, moved.y, gradient_y, seesaw::to_host(by_column));
      return std::sqrt(squared);
    };
    const double step = 0x1p-16, far = distance(step), near = distance(step / 2);
    EXPECT_GT(far, 0);
    EXPECT_NEAR(near / far, 0.5, 0.01) << "at a step of 2^-16 the next order is some 2^-16 of it";
  }
}

TEST_P(SgdEpoch, IsTheSameForAnyNumberOfThreads) {
  const auto ratings = random_csr<float>(std::vector<index_t>(120, 30), 90, 7);
  const auto x = unit_rows<float>(120, 17, 1), y = unit_rows<float>(90, 17, 2);
  Context one = context(1), two = context(2), five = context(5);
  const auto a = epoch_on(one, ratings, x, y, 8, 0.1), b = epoch_on(two, ratings, x, y, 8, 0.1),
             c = epoch_on(five, ratings, x, y, 8, 0.1);
  EXPECT_TRUE(same_bits(a.x, b.x) && same_bits(a.y, b.y));
  EXPECT_TRUE(same_bits(a.x, c.x) && same_bits(a.y, c.y));
  EXPECT_FALSE(same_bits(a.x, x));
}

TEST_P(SgdEpoch, TheSeedOrdersTheStrata) {
  Context ctx = context();
  const auto ratings = random_csr<double>(std::vector<index_t>(20, 9), 25, 7);
  const auto x = unit_rows<double>(20, 4, 1), y = unit_rows<double>(25, 4, 2);
  const auto a = epoch_on(ctx, ratings, x, y, 6, 0.1, EpochMoves::both, 1);
  const auto again = epoch_on(ctx, ratings, x, y, 6, 0.1, EpochMoves::both, 1);
  const auto b = epoch_on(ctx, ratings, x, y, 6, 0.1, EpochMoves::both, 2);
  EXPECT_TRUE(same_bits(a.x, again.x));
  EXPECT_FALSE(same_bits(a.x, b.x));
}

TEST_P(SgdEpoch, LeavesWhatPadsTheRowsAlone) {
  Context ctx = context();
  const auto ratings = random_csr<float>({3, 2, 4}, 5, 1);
  const auto x = unit_rows<float>(3, 9, 1), y = unit_rows<float>(5, 9, 2);
  const auto plain = epoch_on(ctx, ratings, x, y, 2, 0.1);
  const auto padded = [](const Matrix<float>& m) {
    Matrix<float> wide(m.rows(), 16);
    for (index_t i = 0; i < m.rows(); ++i)
      for (index_t f = 0; f < 16; ++f) wide(i, f) = f < 9 ? m(i, f) : -3;
    return wide;
  };
  auto wide_x = to_context(ctx, padded(x)), wide_y = to_context(ctx, padded(y));
  const auto grid = entry_grid(ctx, to_context(ctx, ratings).view(), kNone, kNone, 2);
  sgd_epoch(ctx, grid.view(), 0.1, 0, {wide_x.view().data, 3, 9, 16}, {wide_y.view().data, 5, 9, 16});
  EXPECT_TRUE(same_bits(seesaw::to_host(wide_x), padded(plain.x)));
  EXPECT_TRUE(same_bits(seesaw::to_host(wide_y), padded(plain.y)));
}

TEST_P(SgdEpoch, ASliceOfRowsHasItsOwnEntriesAlone) {
  Context ctx = context();
  const auto csr = to_context(ctx, csr_of<double>(3, 2, {{0, 0, 9}, {1, 0, 4}, {2, 1, 6}}));
  CsrView<double> slice = csr.view();
  slice = {2, 2, 2, slice.offsets + 1, slice.columns, slice.values, nullptr};
  const auto grid = entry_grid(ctx, slice, {1, Weighting::plain}, kNone, 2);
  const auto there = to_host(grid);
  EXPECT_EQ(there.values.size(), 2);
  const std::vector<offset_t> first_stratum_has_both{0, 1, 2, 2, 2};
  EXPECT_EQ(std::vector<offset_t>(there.blocks.data(), there.blocks.data() + 5), first_stratum_has_both);
  EXPECT_EQ(there.row_penalties.data()[1], 1);
  EXPECT_EQ(there.column_offsets.data()[1], 1);
  EXPECT_EQ(there.column_offsets.data()[2], 2);
  auto x = to_context(ctx, matrix_of<double>(2, 1, {0, 0})), y = to_context(ctx, matrix_of<double>(2, 1, {1, 1}));
  sgd_epoch(ctx, grid.view(), 0.5, 0, x.view(), y.view(), EpochMoves::x);
  EXPECT_EQ(seesaw::to_host(x)(0, 0), 2);
  EXPECT_EQ(seesaw::to_host(x)(1, 0), 3);
}

TEST_P(SgdEpoch, RefusesWrongArguments) {
  Context ctx = context();
  const auto csr = to_context(ctx, csr_of<float>(2, 3, {{0, 0, 1}}));
  const auto grid = entry_grid(ctx, csr.view(), kNone, kNone, 1);
  Matrix<float> x(ctx, 2, 4), y(ctx, 3, 4), short_y(ctx, 2, 4), narrow(ctx, 3, 3), none(ctx, 2, 0);
  const auto refused = [&](double step) {
    return message_of<InvalidArgument>([&] { sgd_epoch(ctx, grid.view(), step, 0, x.view(), y.view()); });
  };
  EXPECT_EQ(refused(0), "step is 0, expected more than 0 and within float's range");
  EXPECT_EQ(refused(-0.5), "step is -0.5, expected more than 0 and within float's range");
  EXPECT_EQ(refused(std::nan("")), "step is nan, expected more than 0 and within float's range");
  EXPECT_EQ(refused(1e300), "step is 1e+300, expected more than 0 and within float's range");
  EXPECT_EQ(refused(1e-300), "step is 1e-300, expected more than 0 and within float's range");
  const auto shape = [&](MatrixView<float> a, MatrixView<float> b) {
    return message_of<ShapeError>([&] { sgd_epoch(ctx, grid.view(), 0.1, 0, a, b); });
  };
  EXPECT_EQ(shape(y.view(), y.view()), "x is 3 x 4, expected 2 x 4");
  EXPECT_EQ(shape(x.view(), short_y.view()), "y is 2 x 4, expected 3 x 4");
  EXPECT_EQ(shape(x.view(), narrow.view()), "y is 3 x 3, expected 3 x 4");
  EXPECT_EQ(message_of<InvalidArgument>([&] { sgd_epoch(ctx, grid.view(), 0.1, 0, none.view(), none.view()); }),
            "rank is 0, expected at least 1");
  EXPECT_EQ(message_of<ShapeError>([&] { sgd_epoch(ctx, EntryGridView<float>{}, 0.1, 0, x.view(), y.view()); }),
            "grid has the size 0, expected 1 to 4096");
  auto no_blocks = grid.view();
  no_blocks.blocks = nullptr;
  EXPECT_EQ(message_of<InvalidArgument>([&] { sgd_epoch(ctx, no_blocks, 0.1, 0, x.view(), y.view()); }),
            "grid.blocks is a null pointer");
}

TEST_P(SgdEpoch, RefusesAGridThatCannotBe) {
  Context ctx = context();
  const auto csr = to_context(ctx, csr_of<float>(2, 3, {{0, 0, 1}}));
  const auto refused = [&](Penalty rows, Penalty cols, index_t size) {
    return message_of<InvalidArgument>([&] { entry_grid(ctx, csr.view(), rows, cols, size); });
  };
  EXPECT_EQ(refused(kNone, kNone, -1), "size is -1, expected 0 (chosen) to 4096");
  EXPECT_EQ(refused(kNone, kNone, 4097), "size is 4097, expected 0 (chosen) to 4096");
  EXPECT_EQ(refused({-1}, kNone, 1), "row_penalty.lambda is -1, expected a finite number >= 0");
  EXPECT_EQ(refused(kNone, {std::nan("")}, 1), "col_penalty.lambda is nan, expected a finite number >= 0");
  CsrView<float> negative = csr.view();
  negative.cols = -1;
  EXPECT_NE(message_of<ShapeError>([&] { entry_grid(ctx, negative, kNone, kNone); }).find("ratings is 2 x -1"),
            std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Backends, SgdEpoch, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
