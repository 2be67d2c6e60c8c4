// Small systems, which the cpu backend solves side by side in the lanes of a vector: up to 16 rows a batch, systems of
// up to 64 unknowns.
#include <cfenv>
#include <cstdlib>
#include <functional>

#include "solve_rows_support.hpp"

namespace seesaw::test {
namespace {

/// body(ctx) with each instruction set, whose vectors have 1 to 16 lanes.
void on_every_instruction_set(const std::function<void(Context&)>& body) {
  for (const std::string& target : simd_targets()) {
    SCOPED_TRACE(target);
    setenv("SEESAW_SIMD", target.c_str(), 1);
    Context ctx = Context::cpu(1);
    ASSERT_NE(ctx.description().find(target), std::string::npos);
    body(ctx);
  }
  unsetenv("SEESAW_SIMD");
  Context::cpu();
}

// Empty, half-filled, full and several batches, of sizes that padding adds 0 to 3 unknowns to, up to the largest.
TEST(SolveRowsInterleaved, BatchesOfAnyNumberOfRows) {
  on_every_instruction_set([](Context& ctx) {
    for (index_t k : {1, 4, 6, 11, 16, 33, 64, 65})
      for (std::size_t rows : {1, 2, 3, 5, 8, 15, 16, 17, 33}) {
        const std::vector<index_t> lengths(rows, k + 2);
        satisfies_normal_equations(ctx, random_csr<float>(lengths, 2 * k + 2, 51), k, {0.05, Weighting::by_count});
        satisfies_normal_equations(ctx, random_csr<double>(lengths, 2 * k + 2, 52, true), k, {0.7});
      }
  });
}

// Rows of every length that takes the dual form at k = 100, and some longer ones; those of one padded size share a
// batch, and 64 entries are the last that are interleaved.
TEST(SolveRowsInterleaved, DualSystemsOfEverySize) {
  std::vector<index_t> lengths;
  for (index_t n = 1; n <= 80; ++n) lengths.push_back((n * 37) % 80 + 1);
  on_every_instruction_set([&](Context& ctx) {
    satisfies_normal_equations(ctx, random_csr<float>(lengths, 150, 53, true), 100, {0.05, Weighting::by_count});
    satisfies_normal_equations(ctx, random_csr<double>(lengths, 150, 54), 100, {0.7});
  });
}

// A row's bits are those that it has alone: neither the other lanes nor how many are filled matter.
template <class T>
void every_row_is_as_alone(Context& ctx, index_t k) {
  std::vector<index_t> lengths;
  for (index_t i = 0; i < 90; ++i) lengths.push_back((i * 29) % (k + 20));
  const auto ratings = to_context(ctx, random_csr<T>(lengths, k + 20, 55));
  const auto y = to_context(ctx, random_matrix<T>(k + 20, k, 56));
  Matrix<T> x(ctx, ratings.rows, k), alone(ctx, ratings.rows, k);
  const Penalty penalty{0.1, Weighting::by_count};
  const CsrView<T> all = ratings.view();
  solve_rows(ctx, all, read(y), penalty, x.view());
  for (index_t i = 0; i < all.rows; ++i)
    solve_rows(ctx, {1, all.cols, lengths[static_cast<std::size_t>(i)], all.offsets + i, all.columns, all.values},
               read(y), penalty, alone.view().slice(i, i + 1));
  EXPECT_TRUE(same_bits(x, alone)) << "k = " << k;
}

TEST(SolveRowsInterleaved, EveryRowIsAsAlone) {
  on_every_instruction_set([](Context& ctx) {
    for (index_t k : {5, 16, 50, 64, 90}) {
      every_row_is_as_alone<float>(ctx, k);
      every_row_is_as_alone<double>(ctx, k);
    }
  });
}

/// 17 rows of n entries. The columns from 2 n + 17 on have one vector v, times `unit`: row `singular` has these, each
/// with the value 3 `unit`, the others have random vectors.
template <class T>
struct OneSingularRow {
  static constexpr index_t kRows = 17;
  Csr<T> ratings;
  Matrix<T> y;

  OneSingularRow(index_t k, index_t n, index_t singular, double unit) : y(random_matrix<T>(3 * n + kRows, k, 57)) {
    const index_t first = 2 * n + kRows;
    std::vector<Entry> entries;
    for (index_t i = 0; i < kRows; ++i)
      for (index_t p = 0; p < n; ++p) {
        const index_t j = i == singular ? first + p : i + 2 * p;
        const double value = i == singular ? 3 * unit : random_normal(58, static_cast<std::uint64_t>(i * n + p));
        entries.push_back({static_cast<column_t>(i), static_cast<column_t>(j), value});
      }
    for (index_t j = first; j < y.rows(); ++j)
      for (index_t f = 0; f < k; ++f) y(j, f) = y(0, f) * static_cast<T>(unit);
    ratings = csr_of<T>(kRows, y.rows(), entries);
  }
};

// v'x = 3 has the shortest solution 3 v / |v|^2, and the others have the bits that they have without it. `unit` = 1e25
// makes the system overflow in float. All vectors are equal, so the condition number is 1 and least squares by
// orthogonal transformations within 2 (m + 3 m sqrt(m)) eps |x|, m = max(n, k), as in ALongSingularRow.
template <class T>
void one_singular_row(Context& ctx, index_t k, index_t n, double lambda, double unit) {
  using Problem = OneSingularRow<T>;
  const Problem without(k, n, -1, unit);
  const auto others = solve_on(ctx, without.ratings, without.y, {lambda});
  ASSERT_EQ(others.singular_rows, 0) << "k = " << k << ", " << n << " entries";
  for (index_t singular : {0, 3, 7, 15, 16}) {
    const Problem problem(k, n, singular, unit);
    const auto solved = solve_on(ctx, problem.ratings, problem.y, {lambda});
    EXPECT_EQ(solved.singular_rows, 1) << "k = " << k << ", " << n << " entries, row " << singular;
    double squared = 0;
    for (index_t f = 0; f < k; ++f) squared += std::pow(static_cast<double>(problem.y(0, f)), 2);
    const double m = static_cast<double>(std::max(n, k)), norm = 3 / std::sqrt(squared);
    for (index_t i = 0; i < Problem::kRows; ++i)
      for (index_t f = 0; f < k; ++f) {
        if (i != singular)
          ASSERT_EQ(solved.x(i, f), others.x(i, f)) << "row " << i << ", singular " << singular;
        else
          ASSERT_NEAR(static_cast<double>(solved.x(i, f)), 3 * static_cast<double>(problem.y(0, f)) / squared,
                      2 * (m + 3 * m * std::sqrt(m)) * eps<T>() * norm);
      }
  }
}

TEST(SolveRowsInterleaved, ASingularRowAmongOthers) {
  on_every_instruction_set([](Context& ctx) {
    for (index_t k : {2, 8, 13, 64}) {
      one_singular_row<float>(ctx, k, k + 5, 0, 1);
      one_singular_row<double>(ctx, k, k + 5, 0, 1);
      one_singular_row<float>(ctx, k, k + 5, 0, 1e25);
    }
    for (index_t n : {7, 12, 40}) {
      one_singular_row<float>(ctx, 64, n, 1e-12, 1);
      one_singular_row<double>(ctx, 64, n, 1e-30, 1);
      one_singular_row<float>(ctx, 64, n, 1e-12, 1e25);
    }
  });
}

// Neither the lanes that no row has, nor what stands behind a row's last unknown, nor a pivot of 0 divides by 0: the
// second row has two equal vectors.
TEST(SolveRowsInterleaved, DividesByNoZero) {
  const auto half_filled = random_csr<float>({20, 3, 20, 9, 0, 20}, 30, 59);
  const auto y = random_matrix<float>(30, 18, 60);
  const auto singular = csr_of<float>(2, 4, {{0, 0, 1}, {0, 1, 2}, {1, 2, 1}, {1, 3, 3}});
  const auto pairs = matrix_of<float>(4, 2, {1, 2, 3, 4, 1, 1, 1, 1});
  on_every_instruction_set([&](Context& ctx) {
    std::feclearexcept(FE_ALL_EXCEPT);
    EXPECT_EQ(solve_on(ctx, half_filled, y, {0.1}).singular_rows, 0);
    EXPECT_EQ(std::fetestexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW), 0);
    EXPECT_EQ(solve_on(ctx, singular, pairs, {0}).singular_rows, 1);
    EXPECT_EQ(std::fetestexcept(FE_DIVBYZERO | FE_INVALID), 0);
  });
}

}  // namespace
}  // namespace seesaw::test
