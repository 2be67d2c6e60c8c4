#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "solve_spd.hpp"

// Dense k x k pieces that more than one row of the reference needs. Matrices are row-major without padding.
namespace seesaw::reference {

/// L L' = a in place of a's lower triangle. False where a pivot is not above the threshold of solve_spd.hpp.
template <class T>
bool cholesky(MatrixView<T> a) {
  T largest = 0;
  for (index_t j = 0; j < a.rows; ++j) largest = std::max(largest, a(j, j));
  const T threshold = singular_threshold(a.rows, largest);
  for (index_t j = 0; j < a.rows; ++j) {
    T pivot = a(j, j);
    for (index_t f = 0; f < j; ++f) pivot -= a(j, f) * a(j, f);
    if (!(pivot > threshold)) return false;
    a(j, j) = std::sqrt(pivot);
    for (index_t i = j + 1; i < a.rows; ++i) {
      T sum = a(i, j);
      for (index_t f = 0; f < j; ++f) sum -= a(i, f) * a(j, f);
      a(i, j) = sum / a(j, j);
    }
  }
  return true;
}

/// b = (L L')^-1 b.
template <class T>
void cholesky_solve(MatrixView<const T> l, T* b) {
  for (index_t i = 0; i < l.rows; ++i) {
    for (index_t f = 0; f < i; ++f) b[i] -= l(i, f) * b[f];
    b[i] /= l(i, i);
  }
  for (index_t i = l.rows - 1; i >= 0; --i) {
    for (index_t f = i + 1; f < l.rows; ++f) b[i] -= l(f, i) * b[f];
    b[i] /= l(i, i);
  }
}

/// Turns columns p and q of m (and of v) by the angle that makes them orthogonal. False where they already are: where
/// the cosine between them is at most `tolerance`.
/// One-sided Jacobi: Golub, Van Loan, "Matrix Computations", section 8.6.3.
template <class T>
bool orthogonalize(MatrixView<T> m, MatrixView<T> v, index_t p, index_t q, T tolerance) {
  T pp = 0, qq = 0, pq = 0;
  for (index_t i = 0; i < m.rows; ++i) {
    pp += m(i, p) * m(i, p);
    qq += m(i, q) * m(i, q);
    pq += m(i, p) * m(i, q);
  }
  if (std::abs(pq) <= tolerance * std::sqrt(pp) * std::sqrt(qq)) return false;
  const T zeta = (qq - pp) / (2 * pq);
  const T t = std::copysign(T{1}, zeta) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
  const T c = 1 / std::sqrt(1 + t * t), s = c * t;
  for (auto w : {m, v})
    for (index_t i = 0; i < w.rows; ++i) {
      const T wp = w(i, p), wq = w(i, q);
      w(i, p) = c * wp - s * wq;
      w(i, q) = s * wp + c * wq;
    }
  return true;
}

/// m = m V with the orthogonal V that makes its columns orthogonal; v, square, is overwritten with V.
template <class T>
void one_sided_jacobi(MatrixView<T> m, MatrixView<T> v, T tolerance) {
  for (index_t i = 0; i < v.rows; ++i)
    for (index_t j = 0; j < v.cols; ++j) v(i, j) = i == j ? T{1} : T{0};
  constexpr int kSweeps = 60;  // it converges quadratically; ten are many
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    bool turned = false;
    for (index_t p = 0; p < m.cols; ++p)
      for (index_t q = p + 1; q < m.cols; ++q) turned = orthogonalize(m, v, p, q, tolerance) || turned;
    if (!turned) break;
  }
}

/// Scales `count` elements by the power of two 2^-e that brings the largest to between 1/2 and 1, so that squares
/// neither overflow nor vanish, and returns e; 0 where they are all 0.
template <class T>
int scale(T* elements, index_t count) {
  T largest = 0;
  for (index_t n = 0; n < count; ++n) largest = std::max(largest, std::abs(elements[n]));
  int e = 0;
  if (std::isfinite(largest)) (void)std::frexp(largest, &e);
  for (index_t n = 0; n < count; ++n) elements[n] = std::ldexp(elements[n], -e);
  return e;
}

/// The minimum-norm least-squares solution of m x = b over the singular values above `cutoff` * the largest, through
/// m V = U S by one-sided Jacobi; m, without padding, and b are destroyed. Returns how many there are.
template <class T>
index_t minimum_norm(MatrixView<T> m, T* b, T cutoff, T* x) {
  const index_t k = m.cols;
  const int m_scale = scale(m.data, m.rows * k), b_scale = scale(b, m.rows);
  std::vector<T> v_data(static_cast<std::size_t>(k * k));
  const MatrixView<T> v(v_data.data(), k, k);
  one_sided_jacobi(m, v, std::numeric_limits<T>::epsilon());
  std::vector<T> squared(static_cast<std::size_t>(k), T{0});  // singular values
  std::vector<T> ub(static_cast<std::size_t>(k), T{0});       // S U'b
  for (index_t i = 0; i < m.rows; ++i)
    for (index_t j = 0; j < k; ++j) {
      squared[static_cast<std::size_t>(j)] += m(i, j) * m(i, j);
      ub[static_cast<std::size_t>(j)] += m(i, j) * b[i];
    }
  const T largest = *std::max_element(squared.begin(), squared.end());
  std::fill(x, x + k, T{0});
  index_t rank = 0;
  for (index_t j = 0; j < k; ++j) {
    const T s2 = squared[static_cast<std::size_t>(j)];
    if (s2 == 0 || std::sqrt(s2) <= cutoff * std::sqrt(largest)) continue;
    ++rank;
    for (index_t f = 0; f < k; ++f) x[f] += v(f, j) * ub[static_cast<std::size_t>(j)] / s2;
  }
  for (index_t f = 0; f < k; ++f) x[f] = std::ldexp(x[f], b_scale - m_scale);
  return rank;
}

}  // namespace seesaw::reference
