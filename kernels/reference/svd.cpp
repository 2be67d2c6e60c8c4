#include "svd.hpp"

#include "reference/small_dense.hpp"

namespace seesaw::reference {
namespace {

/// Columns of u whose norm is 0 become vectors orthogonal to all others: unit vectors, less what lies in the span of
/// the columns before, the first of which enough is left.
template <class T>
void complete(MatrixView<T> u, index_t known) {
  std::vector<T> column(static_cast<std::size_t>(u.rows));
  index_t next = 0;
  for (index_t j = known; j < u.cols;) {
    std::fill(column.begin(), column.end(), T{0});
    column[static_cast<std::size_t>(next++)] = 1;
    T squared = 0;
    for (int pass = 0; pass < 2; ++pass) {  // twice is enough
      for (index_t f = 0; f < j; ++f) {
        T along = 0;
        for (index_t i = 0; i < u.rows; ++i) along += u(i, f) * column[static_cast<std::size_t>(i)];
        for (index_t i = 0; i < u.rows; ++i) column[static_cast<std::size_t>(i)] -= along * u(i, f);
      }
      squared = 0;
      for (const T element : column) squared += element * element;
      // The squares of what is left of all unit vectors sum to rows - j >= 1.
      if (squared * static_cast<T>(2 * u.rows) < 1) break;
    }
    if (squared * static_cast<T>(2 * u.rows) < 1) continue;
    for (index_t i = 0; i < u.rows; ++i) u(i, j) = column[static_cast<std::size_t>(i)] / std::sqrt(squared);
    ++j;
  }
}

}  // namespace

// With W = a, or a' where a is wide: W V = U S by turning pairs of columns of W until all are orthogonal.
//   1. scale   2. turn   3. lengths of the columns, which are the singular values, descending   4. directions; where a
//   length is 0 any that is orthogonal to the others   5. U and V change places where a is wide
template <class T>
void svd(MatrixView<T> a, MatrixView<T> u, T* s, MatrixView<T> vt) {
  const bool wide = a.cols > a.rows;
  const index_t rows = wide ? a.cols : a.rows, cols = wide ? a.rows : a.cols;
  std::vector<T> w_data(static_cast<std::size_t>(rows * cols)), v_data(static_cast<std::size_t>(cols * cols));
  const MatrixView<T> w(w_data.data(), rows, cols), v(v_data.data(), cols, cols);
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < cols; ++j) w(i, j) = wide ? a(j, i) : a(i, j);
  const int exponent = scale(w.data, rows * cols);
  one_sided_jacobi(w, v, std::sqrt(static_cast<T>(rows)) * std::numeric_limits<T>::epsilon());

  std::vector<T> length(static_cast<std::size_t>(cols), T{0});
  for (index_t j = 0; j < cols; ++j) {
    for (index_t i = 0; i < rows; ++i) length[static_cast<std::size_t>(j)] += w(i, j) * w(i, j);
    length[static_cast<std::size_t>(j)] = std::sqrt(length[static_cast<std::size_t>(j)]);
  }
  std::vector<index_t> order(static_cast<std::size_t>(cols));
  std::iota(order.begin(), order.end(), index_t{0});
  std::stable_sort(order.begin(), order.end(), [&](index_t p, index_t q) {
    return length[static_cast<std::size_t>(p)] > length[static_cast<std::size_t>(q)];
  });

  std::vector<T> left_data(static_cast<std::size_t>(rows * cols), T{0});
  const MatrixView<T> left(left_data.data(), rows, cols);
  index_t known = 0;
  for (index_t f = 0; f < cols; ++f) {
    const index_t j = order[static_cast<std::size_t>(f)];
    const T sigma = length[static_cast<std::size_t>(j)];
    s[f] = std::ldexp(sigma, exponent);
    if (sigma == 0) continue;
    ++known;
    for (index_t i = 0; i < rows; ++i) left(i, f) = w(i, j) / sigma;
  }
  complete(left, known);

  for (index_t f = 0; f < cols; ++f) {
    const index_t j = order[static_cast<std::size_t>(f)];
    for (index_t i = 0; i < u.rows; ++i) u(i, f) = wide ? v(i, j) : left(i, f);
    for (index_t i = 0; i < vt.cols; ++i) vt(f, i) = wide ? left(i, f) : v(i, j);
  }
}

template <class T>
double svd_workspace(index_t rows, index_t cols) {
  const auto less = static_cast<double>(std::min(rows, cols)), more = static_cast<double>(std::max(rows, cols));
  return (2 * more * less + less * less + more + 3 * less) * sizeof(T);
}

template void svd(MatrixView<float>, MatrixView<float>, float*, MatrixView<float>);
template void svd(MatrixView<double>, MatrixView<double>, double*, MatrixView<double>);
template double svd_workspace<float>(index_t, index_t);
template double svd_workspace<double>(index_t, index_t);

}  // namespace seesaw::reference
