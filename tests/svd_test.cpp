#include <omp.h>

#include "support.hpp"

namespace seesaw::test {
namespace {

template <class T>
struct Decomposed {
  Matrix<T> u, vt;
  Buffer<T> s;
};

/// With `padding` elements between the rows of every matrix, which must be left as they are.
template <class T>
Decomposed<T> svd_on(Context& ctx, const Matrix<T>& a, index_t padding = 0) {
  const index_t m = a.rows(), n = a.cols(), r = std::min(m, n);
  const auto spaced = [&](index_t rows, index_t cols) {
    Matrix<T> wide(rows, cols + padding);
    std::fill_n(wide.view().data, rows * (cols + padding), T{-7});
    return wide;
  };
  Matrix<T> given = spaced(m, n);
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < n; ++j) given(i, j) = a(i, j);
  auto a_there = to_context(ctx, given), u = to_context(ctx, spaced(m, r)), vt = to_context(ctx, spaced(r, n));
  Buffer<T> s(ctx, r);
  svd(ctx, MatrixView<const T>(a_there.view().data, m, n, n + padding), {u.view().data, m, r, r + padding}, s.data(),
      {vt.view().data, r, n, n + padding});
  EXPECT_TRUE(same_bits(to_host(a_there), given)) << "a must be kept";
  const Matrix<T> u_wide = to_host(u), vt_wide = to_host(vt);
  Decomposed<T> out{Matrix<T>(m, r), Matrix<T>(r, n), to_host(s)};
  for (index_t i = 0; i < m; ++i)
    for (index_t f = 0; f < r + padding; ++f)
      if (f < r)
        out.u(i, f) = u_wide(i, f);
      else
        EXPECT_EQ(u_wide(i, f), T{-7}) << "the padding of u was written";
  for (index_t f = 0; f < r; ++f)
    for (index_t j = 0; j < n + padding; ++j)
      if (j < n)
        out.vt(f, j) = vt_wide(f, j);
      else
        EXPECT_EQ(vt_wide(f, j), T{-7}) << "the padding of vt was written";
  return out;
}

/// Of the columns, or rows, of a matrix: |Q'Q - I|_F.
template <class T>
double distance_from_orthonormal(const Matrix<T>& q, bool columns) {
  const index_t count = columns ? q.cols() : q.rows(), size = columns ? q.rows() : q.cols();
  double sum = 0;
  for (index_t p = 0; p < count; ++p)
    for (index_t f = 0; f < count; ++f) {
      double product = p == f ? -1 : 0;
      for (index_t i = 0; i < size; ++i)
        product += static_cast<double>(columns ? q(i, p) : q(p, i)) * static_cast<double>(columns ? q(i, f) : q(f, i));
      sum += product * product;
    }
  return std::sqrt(sum);
}

/// |A - U diag(s) V'|_F and |A|_F, in double.
template <class T>
std::pair<double, double> reconstruction(const Matrix<T>& a, const Decomposed<T>& parts) {
  double error = 0, norm = 0;
  for (index_t i = 0; i < a.rows(); ++i)
    for (index_t j = 0; j < a.cols(); ++j) {
      double difference = static_cast<double>(a(i, j));
      norm += difference * difference;
      for (index_t f = 0; f < parts.s.size(); ++f)
        difference -= static_cast<double>(parts.u(i, f)) * static_cast<double>(parts.s.data()[f]) *
                      static_cast<double>(parts.vt(f, j));
      error += difference * difference;
    }
  return {std::sqrt(error), std::sqrt(norm)};
}

/// A backward stable decomposition has |A - U S V'| <= p(m, n) eps |A| and |U'U - I| <= p(m, n) eps with a modestly
/// growing p (LAPACK Users' Guide, section 4.9); LAPACK's own tests take p = 50 max(m, n).
template <class T>
double tolerance(index_t m, index_t n) {
  return 50 * static_cast<double>(std::max(m, n)) * eps<T>();
}

template <class T>
void is_a_decomposition(const Matrix<T>& a, const Decomposed<T>& parts) {
  const double bound = tolerance<T>(a.rows(), a.cols());
  EXPECT_LE(distance_from_orthonormal(parts.u, true), bound);
  EXPECT_LE(distance_from_orthonormal(parts.vt, false), bound);
  const auto [error, norm] = reconstruction(a, parts);
  EXPECT_LE(error, bound * norm);
  for (index_t f = 0; f < parts.s.size(); ++f) {
    EXPECT_GE(parts.s.data()[f], 0);
    EXPECT_LE(parts.s.data()[f], parts.s.data()[std::max<index_t>(f, 1) - 1]);
  }
}

/// m x n with the singular values `s`: Q diag(s) W' with Q and W of Householder reflections.
Matrix<double> with_values(index_t m, index_t n, const std::vector<double>& s) {
  const auto v = random_matrix<double>(1, m, 21), w = random_matrix<double>(1, n, 22);
  const auto reflector = [](const Matrix<double>& x, index_t i, index_t j) {
    double squared = 0;
    for (index_t f = 0; f < x.cols(); ++f) squared += x(0, f) * x(0, f);
    return (i == j ? 1.0 : 0.0) - 2 * x(0, i) * x(0, j) / squared;
  };
  Matrix<double> a(m, n);
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < n; ++j) {
      a(i, j) = 0;
      for (std::size_t f = 0; f < s.size(); ++f) {
        const auto column = static_cast<index_t>(f);
        a(i, j) += reflector(v, i, column) * s[f] * reflector(w, j, column);
      }
    }
  return a;
}

class Svd : public OnBackend {};

// A'A = [25 20; 20 25] has the eigenvalues 45 and 5 with the vectors (1, 1) and (1, -1); u_1 = A v_1 / s_1.
TEST_P(Svd, IsWhatHandsCompute) {
  Context ctx = context();
  const auto parts = svd_on(ctx, matrix_of<double>(2, 2, {3, 0, 4, 5}));
  EXPECT_NEAR(parts.s.data()[0], 3 * std::sqrt(5.0), 50 * 2 * eps<double>() * 7);
  EXPECT_NEAR(parts.s.data()[1], std::sqrt(5.0), 50 * 2 * eps<double>() * 7);
  const double sign = parts.vt(0, 0) > 0 ? 1 : -1;
  EXPECT_NEAR(sign * parts.vt(0, 1), std::sqrt(0.5), tolerance<double>(2, 2));
  EXPECT_NEAR(sign * parts.u(0, 0), std::sqrt(0.1), tolerance<double>(2, 2));
  EXPECT_NEAR(sign * parts.u(1, 0), 3 * std::sqrt(0.1), tolerance<double>(2, 2));
}

TEST_P(Svd, DecomposesTallAndWideMatrices) {
  Context ctx = context();
  const std::vector<std::pair<index_t, index_t>> sizes{{1, 1},   {1, 7},   {7, 1},   {5, 3},    {3, 5},
                                                       {32, 33}, {33, 32}, {40, 40}, {100, 17}, {17, 100}};
  for (const auto& [m, n] : sizes) {
    SCOPED_TRACE(std::to_string(m) + " x " + std::to_string(n));
    const auto narrow = random_matrix<float>(m, n, 5);
    is_a_decomposition(narrow, svd_on(ctx, narrow, 3));
    const auto exact = random_matrix<double>(m, n, 6);
    is_a_decomposition(exact, svd_on(ctx, exact));
  }
}

// By Weyl's theorem the values are those of A to the backward error.
TEST_P(Svd, FindsRepeatedAndZeroValuesAndWholeBases) {
  Context ctx = context();
  std::vector<double> s{8, 8, 5, 1, 1, 1e-3};
  for (const auto& [m, n] : {std::pair<index_t, index_t>{40, 25}, {25, 40}}) {
    const auto a = with_values(m, n, s);
    const auto parts = svd_on(ctx, a);
    is_a_decomposition(a, parts);
    for (index_t f = 0; f < 25; ++f) {
      const double expected = f < 6 ? s[static_cast<std::size_t>(f)] : 0;
      EXPECT_NEAR(parts.s.data()[f], expected, tolerance<double>(m, n) * 8) << f;
    }
  }
}

TEST_P(Svd, OfZeroHasOrthonormalBases) {
  Context ctx = context();
  const auto zero = matrix_of<float>(3, 5, std::vector<double>(15, 0));
  const auto parts = svd_on(ctx, zero);
  is_a_decomposition(zero, parts);
  for (index_t f = 0; f < 3; ++f) EXPECT_EQ(parts.s.data()[f], 0);
}

TEST_P(Svd, KeepsItsAccuracyAtTheEndsOfTheRange) {
  Context ctx = context();
  const auto a = random_matrix<float>(12, 9, 8);
  const auto plain = svd_on(ctx, a);
  for (const int exponent : {-110, 110}) {
    Matrix<float> scaled(12, 9);
    for (index_t n = 0; n < 12 * 9; ++n) scaled.view().data[n] = std::ldexp(a.view().data[n], exponent);
    const auto parts = svd_on(ctx, scaled);
    for (index_t f = 0; f < 9; ++f)
      EXPECT_NEAR(std::ldexp(parts.s.data()[f], -exponent), plain.s.data()[f],
                  tolerance<float>(12, 9) * static_cast<double>(plain.s.data()[0]));
  }
}

TEST_P(Svd, RefusesWhatIsNotAMatrix) {
  Context ctx = context();
  const auto a = to_context(ctx, matrix_of<float>(3, 2, {1, 2, 3, 4, 5, std::nan("")}));
  const auto good = to_context(ctx, matrix_of<float>(3, 2, {1, 2, 3, 4, 5, 6}));
  Matrix<float> u(ctx, 3, 2), vt(ctx, 2, 2), square(ctx, 3, 3);
  Buffer<float> s(ctx, 2);
  EXPECT_EQ(message_of<InvalidArgument>([&] { svd(ctx, read(a), u.view(), s.data(), vt.view()); }),
            "a(2, 1) is nan, expected a finite number");
  EXPECT_EQ(message_of<ShapeError>([&] { svd(ctx, read(good), square.view(), s.data(), vt.view()); }),
            "u is 3 x 3, expected 3 x 2");
  EXPECT_EQ(message_of<ShapeError>([&] { svd(ctx, read(good), u.view(), s.data(), square.view()); }),
            "vt is 3 x 3, expected 2 x 2");
  EXPECT_EQ(message_of<InvalidArgument>([&] { svd(ctx, read(good), u.view(), nullptr, vt.view()); }),
            "s is a null pointer");
}

INSTANTIATE_TEST_SUITE_P(Backends, Svd, all_backends(), backend_name);

// LAPACK would use as many threads as OpenMP offers it.
TEST(SvdOnCpu, HasTheSameBitsForAnyNumberOfThreads) {
  const auto a = random_matrix<double>(300, 200, 31);
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  Context one = Context::cpu(1);
  const auto first = svd_on(one, a);
  for (const int threads : {2, 5}) {
    omp_set_num_threads(threads);
    Context ctx = Context::cpu(threads);
    const auto parts = svd_on(ctx, a);
    EXPECT_TRUE(same_bits(parts.u, first.u) && same_bits(parts.s, first.s) && same_bits(parts.vt, first.vt)) << threads;
  }
  omp_set_num_threads(before);
}

}  // namespace
}  // namespace seesaw::test
