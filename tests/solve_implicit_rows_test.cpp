#include "support.hpp"

namespace seesaw::test {
namespace {

/// On the context; x begins as `start` or, where that has no rows, as NaN.
template <class T>
Solved<T> solve_on(Context& ctx, const Csr<T>& confidences, const Matrix<T>& y, ImplicitModel model,
                   const Matrix<T>& start = {}) {
  const auto there = to_context(ctx, confidences);
  const auto fixed = to_context(ctx, y);
  Matrix<T> begin(confidences.rows, y.cols());
  std::fill_n(begin.view().data, begin.buffer().size(), std::numeric_limits<T>::quiet_NaN());
  auto x = to_context(ctx, start.rows() > 0 ? start : begin);
  Buffer<std::int64_t> singular(ctx, 1);
  solve_implicit_rows(ctx, there.view(), fixed.view(), model, x.view(), singular.data());
  return {to_host(x), to_host(singular).data()[0]};
}

/// Entries of random_csr with confidences from `least` on instead of its values.
template <class T>
Csr<T> random_confidences(const std::vector<index_t>& lengths, index_t cols, std::uint64_t seed, double least,
                          double spread) {
  auto csr = random_csr<T>(lengths, cols, seed);
  for (offset_t e = 0; e < csr.values.size(); ++e)
    csr.values.data()[e] = static_cast<T>(least + spread * random_uniform(seed + 1, static_cast<std::uint64_t>(e)));
  return csr;
}

/// A_i and b_i of a row from every (i, j), observed or not, in double.
struct RowSystem {
  std::vector<double> a, b;
  double trace = 0, sum = 0;  ///< of A, and of |c y| over the entries
};

template <class T>
RowSystem system_of(const Csr<T>& confidences, const Matrix<T>& y, const ImplicitModel& model, index_t i) {
  const auto k = static_cast<std::size_t>(y.cols());
  RowSystem s{std::vector<double>(k * k), std::vector<double>(k)};
  std::vector<double> weight(static_cast<std::size_t>(y.rows()), model.unobserved);
  const offset_t first = confidences.offsets.data()[i], last = confidences.offsets.data()[i + 1];
  for (offset_t e = first; e < last; ++e) {
    const auto j = static_cast<std::size_t>(confidences.columns.data()[e]);
    weight[j] = static_cast<double>(confidences.values.data()[e]);
    double squared = 0;
    for (std::size_t f = 0; f < k; ++f) {
      const auto yf = static_cast<double>(y(static_cast<index_t>(j), static_cast<index_t>(f)));
      s.b[f] += weight[j] * yf;
      squared += yf * yf;
    }
    s.sum += weight[j] * std::sqrt(squared);
  }
  for (std::size_t j = 0; j < weight.size(); ++j)
    for (std::size_t f = 0; f < k; ++f)
      for (std::size_t g = 0; g < k; ++g)
        s.a[f * k + g] += weight[j] * static_cast<double>(y(static_cast<index_t>(j), static_cast<index_t>(f))) *
                          static_cast<double>(y(static_cast<index_t>(j), static_cast<index_t>(g)));
  for (std::size_t f = 0; f < k; ++f) {
    s.a[f * k + f] += ridge_of(model.penalty, last - first);
    s.trace += s.a[f * k + f];
  }
  return s;
}

/// |A x - b| over its bound: sums of n + n_i products, a factorization of k x k and up to four products with matrices
/// of order k (into the coordinates of the cpu and cuda backends and back), each of which is off by so many eps times
/// the sum of the absolute values (Higham, section 3.1, theorem 10.4), which |A| |x| + sum |c y| bounds with |A| <=
/// trace A.
template <class T>
double backward_error(const Csr<T>& confidences, const Matrix<T>& y, const ImplicitModel& model, const Matrix<T>& x,
                      index_t i) {
  const RowSystem s = system_of(confidences, y, model, i);
  const auto k = static_cast<std::size_t>(y.cols());
  double squared = 0, length = 0;
  for (std::size_t f = 0; f < k; ++f) {
    double r = -s.b[f];
    for (std::size_t g = 0; g < k; ++g) r += s.a[f * k + g] * static_cast<double>(x(i, static_cast<index_t>(g)));
    squared += r * r;
    length += std::pow(static_cast<double>(x(i, static_cast<index_t>(f))), 2);
  }
  const offset_t entries = confidences.offsets.data()[i + 1] - confidences.offsets.data()[i];
  const double unit = static_cast<double>(y.rows() + entries + 8 * y.cols() + 8) * eps<T>();
  const double error = std::sqrt(squared) / (unit * (s.trace * std::sqrt(length) + s.sum) + 1e-300);
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

class SolveImplicitRows : public OnBackend {};

// y = 1, 2, 3; unobserved 1/2. Row 0: A = 3 * 1 + 4/2 + 2 * 9 + ridge, b = 3 + 2 * 3. Row 1: A = 1/2 + 5 * 4 + 9/2 +
// ridge, b = 5 * 2. Row 2 has no entries. By count with offset 2 and exponent 1/2 the ridges are lambda times 2 and the
// root of 3.
TEST_P(SolveImplicitRows, IsWhatHandsCompute) {
  Context ctx = context();
  const auto c = csr_of<double>(3, 3, {{0, 0, 3}, {0, 2, 2}, {1, 1, 5}});
  const auto y = matrix_of<double>(3, 1, {1, 2, 3});
  for (double lambda : {0.0, 0.5, 4.0}) {
    const auto plain = solve_on(ctx, c, y, {0.5, {lambda}});
    EXPECT_LE(largest_difference(plain.x, matrix_of<double>(3, 1, {9 / (23 + lambda), 10 / (25 + lambda), 0})),
              16 * eps<double>());
    EXPECT_EQ(plain.singular_rows, 0);
    const auto counted = solve_on(ctx, c, y, {0.5, {lambda, Weighting::by_count, 0.5, 2}});
    EXPECT_LE(largest_difference(
                  counted.x, matrix_of<double>(3, 1, {9 / (23 + 2 * lambda), 10 / (25 + std::sqrt(3.0) * lambda), 0})),
              16 * eps<double>());
  }
}

template <class T>
void satisfies_normal_equations(Context& ctx, index_t k, const std::vector<index_t>& lengths) {
  const index_t cols = *std::max_element(lengths.begin(), lengths.end()) + 7;
  const auto y = random_matrix<T>(cols, k, 21);
  const auto c = random_confidences<T>(lengths, cols, 22, 0.7, 5);
  for (const Penalty penalty : {Penalty{0.3}, Penalty{0.02, Weighting::by_count, 0.8, 10.0}}) {
    const ImplicitModel model{0.7, penalty};
    const auto solved = solve_on(ctx, c, y, model);
    EXPECT_EQ(solved.singular_rows, 0);
    for (index_t i = 0; i < c.rows; ++i)
      ASSERT_LE(backward_error(c, y, model, solved.x, i), 1)
          << "k = " << k << ", row " << i << ", weighting " << static_cast<int>(penalty.weighting);
  }
}

template <class T>
void satisfies_normal_equations(Context& ctx, const std::vector<index_t>& ranks) {
  for (const index_t k : ranks) satisfies_normal_equations<T>(ctx, k, {0, 1, 2, k - 1, k, k + 1, 3 * k});
}

TEST_P(SolveImplicitRows, SatisfiesItsNormalEquationsInFloat) {
  Context ctx = context();
  satisfies_normal_equations<float>(ctx, {1, 2, 7, 8, 9, 16, 17, 31, 33, 64, 65, 97, 129});
}
TEST_P(SolveImplicitRows, SatisfiesItsNormalEquationsInDouble) {
  Context ctx = context();
  satisfies_normal_equations<double>(ctx, {1, 3, 8, 15, 32, 40, 64, 100, 130});
}

// Woodbury's form on both sides of every order that a dual system is compiled for, and primal rows beside it.
TEST_P(SolveImplicitRows, EveryLengthSatisfiesItsNormalEquations) {
  Context ctx = context();
  for (const index_t k : {9, 17, 33, 65, 97, 131}) {
    std::vector<index_t> lengths{0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, k - 1, k, k + 1};
    for (const index_t order : {64, 96, 128})
      if (order < k) lengths.insert(lengths.end(), {order - 1, order, order + 1});
    satisfies_normal_equations<float>(ctx, k, lengths);
    satisfies_normal_equations<double>(ctx, k, lengths);
  }
}

// A vector twice, with so much confidence that the 1 which Woodbury's form adds to the products is lost beside them:
// the row is singular in that form (the reference, k x k, finds every such row singular), and is met all the same.
// Bounds as in HugeConfidencesAreMet.
TEST_P(SolveImplicitRows, HugeConfidencesInAVectorTwiceAreMet) {
  Context ctx = context();
  const index_t k = 24;
  auto y = random_matrix<float>(40, k, 43);
  for (index_t f = 0; f < k; ++f) y(7, f) = y(3, f);
  const auto c = csr_of<float>(2, 40, {{0, 3, 1e8}, {0, 7, 1e8}, {0, 12, 1e8}, {1, 3, 2}, {1, 12, 3}});
  const ImplicitModel model{1, {0.1}};
  const auto solved = solve_on(ctx, c, y, model);
  EXPECT_EQ(solved.singular_rows, 1);
  for (const index_t j : {3, 7, 12}) {
    double dot = 0, rounding = 0;
    for (index_t f = 0; f < k; ++f) {
      const double term = static_cast<double>(solved.x(0, f)) * static_cast<double>(y(j, f));
      dot += term;
      rounding += 8 * k * eps<float>() * std::abs(term);
    }
    EXPECT_NEAR(dot, 1, rounding + 2e3 / 1e8) << "entry " << j;
  }
  EXPECT_LE(backward_error(c, y, model, solved.x, 1), 1);
}

// The vectors (1e6, 0), (0, 1e-3) and (1, 1): an eigenvalue of Y'Y that is a 1e-12th of the other must not count as
// none, where there is a penalty.
TEST_P(SolveImplicitRows, KeepsWhatThePenaltyDetermines) {
  Context ctx = context();
  const auto y = matrix_of<double>(3, 2, {1e6, 0, 0, 1e-3, 1, 1});
  const auto c = csr_of<double>(2, 3, {{0, 1, 50}, {1, 0, 3}, {1, 2, 9}});
  const ImplicitModel model{1, {1e-5}};
  const auto solved = solve_on(ctx, c, y, model);
  EXPECT_EQ(solved.singular_rows, 0);
  for (index_t i = 0; i < 2; ++i) EXPECT_LE(backward_error(c, y, model, solved.x, i), 1) << "row " << i;
  // Row 0 nearly solves its second equation alone: (1e-5 + 50e-6 + 1) x_2 + x_1 = 50e-3, and x_1 = -x_2 / 1e12.
  EXPECT_NEAR(solved.x(0, 1), 0.05 / 1.00006, 1e-6);
}

// An entry as confident as what is not observed is still a 1: only b knows it.
TEST_P(SolveImplicitRows, TakesAnEntryOfNoMoreWeightThanNone) {
  Context ctx = context();
  const auto y = random_matrix<double>(30, 8, 31);
  auto c = random_confidences<double>({1, 4, 12, 30}, 30, 32, 2, 3);
  for (offset_t e = 0; e < c.values.size(); e += 2) c.values.data()[e] = 2;
  const ImplicitModel model{2, {0.1}};
  const auto solved = solve_on(ctx, c, y, model);
  for (index_t i = 0; i < 4; ++i) EXPECT_LE(backward_error(c, y, model, solved.x, i), 1) << "row " << i;
}

// One vector (3, 4), c = 2, unobserved 1, lambda 0: of all x with 2 (3 x_1 + 4 x_2) = 2 the shortest is (3, 4) / 25.
// Another vector of zeros changes nothing. The errors as in the test of solve_rows: some 6 eps |x|, |x| = 0.2; in other
// coordinates 4 k eps |x| besides.
TEST_P(SolveImplicitRows, WithoutAPenaltyTakesTheMinimumNorm) {
  Context ctx = context();
  const auto c = csr_of<double>(3, 2, {{0, 0, 2}, {2, 0, 7}, {2, 1, 3}});
  const auto solved = solve_on(ctx, c, matrix_of<double>(2, 2, {3, 4, 0, 0}), {1, {0}});
  EXPECT_LE(largest_difference(solved.x, matrix_of<double>(3, 2, {0.12, 0.16, 0, 0, 0.12, 0.16})),
            16 * 0.2 * eps<double>());
  EXPECT_EQ(solved.singular_rows, 2);
}

TEST_P(SolveImplicitRows, VectorsOfZerosGiveZero) {
  Context ctx = context();
  const auto c = csr_of<float>(1, 2, {{0, 1, 3}});
  for (double lambda : {0.0, 1.0})
    EXPECT_EQ(largest_difference(solve_on(ctx, c, matrix_of<float>(2, 3, {0, 0, 0, 0, 0, 0}), {1, {lambda}}).x,
                                 matrix_of<float>(1, 3, {0, 0, 0})),
              0);
}

// Confidences of 1e8 times the weight of the rest are beyond what Cholesky resolves in float: such a row's entries are
// met, x.y = 1, to the rounding of x (an orthogonal factorization and products with matrices of order k, some 8 k eps
// of each term) and the pull of the rest, sum |y|^2 / 1e8.
TEST_P(SolveImplicitRows, HugeConfidencesAreMet) {
  Context ctx = context();
  const index_t k = 8;
  const auto y = random_matrix<float>(20, k, 41);
  const auto c = csr_of<float>(1, 20, {{0, 3, 1e8}, {0, 7, 1e8}, {0, 12, 1e8}});
  const auto solved = solve_on(ctx, c, y, {1, {0.1}});
  for (const index_t j : {3, 7, 12}) {
    double dot = 0, rounding = 0;
    for (index_t f = 0; f < k; ++f) {
      const double term = static_cast<double>(solved.x(0, f)) * static_cast<double>(y(j, f));
      dot += term;
      rounding += 8 * k * eps<float>() * std::abs(term);
    }
    EXPECT_NEAR(dot, 1, rounding + 1e3 / 1e8);
  }
}

TEST_P(SolveImplicitRows, VectorsThatAreNotFiniteGiveNaN) {
  Context ctx = context();
  auto y = random_matrix<double>(5, 3, 61);
  y(2, 1) = std::numeric_limits<double>::infinity();
  const auto solved = solve_on(ctx, csr_of<double>(1, 5, {{0, 1, 2}}), y, {1, {0.1}});
  EXPECT_TRUE(std::isnan(solved.x(0, 0)));
}

// k + 1 steps from 0 are exact but for rounding; x solves the same system as Cholesky's. Both are within cond(A) times
// their backward error of it, which for CG is of the order of that of Cholesky (Greenbaum 1997); cond <= trace A /
// least eigenvalue, and that is at least the ridge.
TEST_P(SolveImplicitRows, ConjugateGradientsReachTheExactSolution) {
  Context ctx = context();
  for (const index_t k : {1, 5, 32, 33, 70}) {
    const auto y = random_matrix<double>(2 * k + 9, k, 71);
    const auto c = random_confidences<double>({0, 1, k, 2 * k}, 2 * k + 9, 72, 1, 4);
    for (const Penalty penalty : {Penalty{2.0}, Penalty{0.1, Weighting::by_count, 0.5, 20.0}}) {
      const auto exact = solve_on(ctx, c, y, {1, penalty});
      Matrix<double> zero(c.rows, k);
      std::fill_n(zero.view().data, c.rows * k, 0.0);
      const auto steps = solve_on(ctx, c, y, {1, penalty, static_cast<int>(2 * k + 2)}, zero);
      for (index_t i = 0; i < c.rows; ++i) {
        double length = 0, difference = 0;
        for (index_t f = 0; f < k; ++f) {
          length += exact.x(i, f) * exact.x(i, f);
          difference += std::pow(exact.x(i, f) - steps.x(i, f), 2);
        }
        const double ridge = ridge_of(penalty, c.offsets.data()[i + 1] - c.offsets.data()[i]);
        const double trace = system_of(c, y, {1, penalty}, i).trace;
        EXPECT_LE(std::sqrt(difference),
                  static_cast<double>(20 * k + 40) * eps<double>() * trace / ridge * std::sqrt(length))
            << "k = " << k << ", row " << i;
      }
    }
  }
}

// k = 1: one step is the exact solution, wherever it begins. k = 2, one entry y = (1, 0) with c = 3 beside (0, 2),
// unobserved 1, lambda = 1: P = diag(2, 5), A = diag(4, 5), b = (3, 0). From (0, 0): z = (3/2, 0), alpha = (9/2) / 9,
// x = (3/4, 0), exact. From (0, 1): r = (3, -5), z = (3/2, -1), r.z = 19/2, z.Az = 14, alpha = 19/28, x = (57/56,
// 9/28).
TEST_P(SolveImplicitRows, AStepIsThatOfPreconditionedConjugateGradients) {
  Context ctx = context();
  const auto c = csr_of<double>(1, 2, {{0, 0, 3}});
  const auto y = matrix_of<double>(2, 2, {1, 0, 0, 2});
  const auto from_zero = solve_on(ctx, c, y, {1, {1}, 1}, matrix_of<double>(1, 2, {0, 0}));
  EXPECT_LE(largest_difference(from_zero.x, matrix_of<double>(1, 2, {0.75, 0})), 16 * eps<double>());
  const auto from_one = solve_on(ctx, c, y, {1, {1}, 1}, matrix_of<double>(1, 2, {0, 1}));
  EXPECT_LE(largest_difference(from_one.x, matrix_of<double>(1, 2, {57.0 / 56, 9.0 / 28})), 16 * eps<double>());
}

// Short rows converge in a few steps; those that are left must not turn rounding into infinity. A is at least the
// identity in the coordinates of the steps and, with c from 1 to 5, at most 5 times it.
TEST_P(SolveImplicitRows, MoreStepsThanNeededChangeNothing) {
  Context ctx = context();
  const auto y = random_matrix<float>(60, 16, 75);
  const auto c = random_confidences<float>({1, 1, 2, 3, 5, 40}, 60, 76, 1, 4);
  for (const double lambda : {1e-3, 10.0}) {
    const ImplicitModel model{1, {lambda}, 200};
    Matrix<float> start(c.rows, 16);
    std::fill_n(start.view().data, c.rows * 16, 0.0f);
    for (int sweep = 0; sweep < 3; ++sweep) start = solve_on(ctx, c, y, model, start).x;
    for (index_t i = 0; i < c.rows; ++i)
      EXPECT_LE(backward_error(c, y, model, start, i), 1) << "lambda " << lambda << ", row " << i;
  }
}

// Begun at the solution, the residual is rounding and steps stay there.
TEST_P(SolveImplicitRows, ConjugateGradientsStayAtTheSolution) {
  Context ctx = context();
  const auto y = random_matrix<float>(40, 12, 81);
  const auto c = random_confidences<float>({1, 5, 30}, 40, 82, 1, 4);
  const ImplicitModel exact{1, {0.5}}, steps{1, {0.5}, 3};
  const auto solution = solve_on(ctx, c, y, exact).x;
  const auto x = solve_on(ctx, c, y, steps, solution).x;
  for (index_t i = 0; i < c.rows; ++i) EXPECT_LE(backward_error(c, y, steps, x, i), 2) << "row " << i;
}

TEST_P(SolveImplicitRows, TheSameBitsOnAnyNumberOfThreadsAndFoldedInAlone) {
  Context one = context(1), five = context(5);
  const auto y = random_matrix<float>(90, 20, 91);
  std::vector<index_t> lengths;
  for (index_t i = 0; i < 300; ++i) lengths.push_back(i % 80);
  const auto c = random_confidences<float>(lengths, 90, 92, 1, 4);
  for (const int steps : {0, 2}) {
    const ImplicitModel model{1, {0.3, Weighting::by_count, 0.5, 90.0}, steps};
    const auto start = random_matrix<float>(300, 20, 93);
    const auto x = solve_on(one, c, y, model, start).x;
    EXPECT_TRUE(same_bits(x, solve_on(five, c, y, model, start).x));
    for (const index_t i : {1, 17, 66, 299}) {
      std::vector<Entry> entries;
      for (offset_t e = c.offsets.data()[i]; e < c.offsets.data()[i + 1]; ++e)
        entries.push_back({0, c.columns.data()[e], static_cast<double>(c.values.data()[e])});
      Matrix<float> begin(1, 20);
      std::copy_n(start.view().row(i), 20, begin.view().data);
      const auto alone = solve_on(one, csr_of<float>(1, 90, entries), y, model, begin).x;
      for (index_t f = 0; f < 20; ++f)  // the products with matrices of order k may differ in rounding
        EXPECT_NEAR(static_cast<double>(alone(0, f)), static_cast<double>(x(i, f)), 1e3 * eps<float>()) << "row " << i;
    }
  }
}

TEST_P(SolveImplicitRows, RefusesWhatItCannotTake) {
  Context ctx = context();
  const auto c = to_context(ctx, csr_of<float>(2, 3, {{0, 0, 3}}));
  const auto weighted = to_context(ctx, csr_of<float>(2, 3, {{0, 0, 3, 1}}, true));
  const auto y = to_context(ctx, random_matrix<float>(3, 2, 1));
  auto x = to_context(ctx, random_matrix<float>(2, 2, 1)), narrow = to_context(ctx, random_matrix<float>(2, 1, 1));
  const auto solve = [&](CsrView<float> confidences, MatrixView<float> out, ImplicitModel model) {
    solve_implicit_rows(ctx, confidences, read(y), model, out);
  };
  EXPECT_EQ(message_of<InvalidArgument>([&] { solve(weighted.view(), x.view(), {}); }),
            "confidences has weights, expected none: its values are the weights");
  EXPECT_EQ(message_of<ShapeError>([&] { solve(c.view(), narrow.view(), {}); }), "x is 2 x 1, expected 2 x 2");
  for (const double bad : {0.0, -1.0, 1e-13, 1e13, std::nan("")})
    EXPECT_NE(message_of<InvalidArgument>([&] { solve(c.view(), x.view(), {bad}); }).find("unobserved is"),
              std::string::npos);
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              solve(c.view(), x.view(), {1, {-1}});
            }),
            "lambda is -1, expected a finite number >= 0");
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              solve(c.view(), x.view(), {1, {1}, -1});
            }),
            "cg_steps is -1, expected 0 (exact) or more");
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              solve(c.view(), x.view(), {1, {0}, 3});
            }),
            "lambda is 0, expected more than 0 with conjugate gradients");
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              solve(c.view(), x.view(), {1, {1, Weighting::by_count, -0.5}});
            }),
            "exponent is -0.5, expected a number from 0 to 10");
  EXPECT_EQ(message_of<InvalidArgument>([&] {
              solve(c.view(), x.view(), {1, {1, Weighting::by_count, 1, std::nan("")}});
            }),
            "offset is nan, expected a number from 0 to 1e30");
}

INSTANTIATE_TEST_SUITE_P(Backends, SolveImplicitRows, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
