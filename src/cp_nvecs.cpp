#include "cp_nvecs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "dense.hpp"
#include "host_entries.hpp"
#include "mode_gram.hpp"
#include "mttkrp.hpp"
#include "solve_implicit_rows.hpp"

namespace seesaw {
namespace {

/// `columns` may exceed what an integer holds.
void require_decomposable(int mode, index_t rows, double columns) {
  constexpr index_t kMost = 23000;  // 2 n^2 of LAPACK's work fit an int
  if (rows > kMost && columns > kMost)
    throw InvalidArgument("start is nvecs, but the unfolding in mode " + std::to_string(mode) + " is " +
                          std::to_string(rows) + " x " + number_text(columns) + ", expected rows or columns up to " +
                          std::to_string(kMost) + ": the start range_finder has no such bound");
}

/// The columns of the unfolding in a mode that can have entries, at most.
double columns_at_most(const CpSize& size, int mode) {
  double columns = 1;
  for (int n = 0; n < size.order; ++n)
    if (n != mode) columns *= static_cast<double>(size.shape[static_cast<std::size_t>(n)]);
  return size.entries > 0 ? std::min(columns, static_cast<double>(size.entries)) : columns;
}

// ---- host matrices

/// Of the symmetric matrix, which is destroyed: as columns.
template <class T>
Matrix<double> leading_eigenvectors(Matrix<double>& square, index_t count) {
  const index_t n = square.rows();
  std::vector<double> values(static_cast<std::size_t>(n));
  cpu::symmetric_eigen(n, square.buffer().data(), values.data());
  const double least = static_cast<double>(n) * static_cast<double>(std::numeric_limits<T>::epsilon()) * values.back();
  index_t found = 0;
  while (found < std::min(count, n) && values[static_cast<std::size_t>(n - 1 - found)] > least) ++found;
  Matrix<double> vectors(n, found);
  for (index_t f = 0; f < found; ++f)
    for (index_t i = 0; i < n; ++i) vectors(i, f) = square(n - 1 - f, i);
  return vectors;
}

double column_product(const Matrix<double>& a, index_t f, index_t g) {
  double sum = 0;
  for (index_t i = 0; i < a.rows(); ++i) sum += a(i, f) * a(i, g);
  return sum;
}

/// The columns are orthogonal but for rounding, which grows as they become shorter: each gives up what it has of those
/// before it, twice, and gets the norm 1.
void orthonormalize(Matrix<double>& a) {
  for (index_t f = 0; f < a.cols(); ++f)
    for (int pass = 0; pass < 2; ++pass) {
      for (index_t g = 0; g < f; ++g) {
        const double share = column_product(a, f, g);
        for (index_t i = 0; i < a.rows(); ++i) a(i, f) -= share * a(i, g);
      }
      const double norm = std::sqrt(column_product(a, f, f));
      for (index_t i = 0; i < a.rows(); ++i) a(i, f) /= norm;
    }
}

Matrix<double> with_signs(Matrix<double> vectors) {
  for (index_t f = 0; f < vectors.cols(); ++f) {
    double largest = 0;
    for (index_t i = 0; i < vectors.rows(); ++i)
      if (std::abs(vectors(i, f)) > std::abs(largest)) largest = vectors(i, f);
    if (largest < 0)
      for (index_t i = 0; i < vectors.rows(); ++i) vectors(i, f) = -vectors(i, f);
  }
  return vectors;
}

template <class To, class From>
Matrix<To> converted(const Matrix<From>& matrix) {
  Matrix<To> copy(matrix.rows(), matrix.cols());
  for (index_t e = 0; e < matrix.buffer().size(); ++e)
    copy.buffer().data()[e] = static_cast<To>(matrix.buffer().data()[e]);
  return copy;
}

// ---- dense

template <class T>
Matrix<double> gram_of(Context& ctx, ModeGram<T> problem) {
  Matrix<T> square(ctx, problem.size(), problem.size());
  problem.out = square.view().data;
  on_backend(
      ctx, [&] { reference::mode_gram(problem); }, [&](int threads) { cpu::mode_gram(threads, problem); },
      [&](auto& gpu) { cuda::mode_gram(gpu, problem); });
  return converted<double>(to_host(square));
}

/// X v of the unfolding X. Both in the context's memory.
template <class T>
Matrix<T> product(Context& ctx, const ModeGram<T>& x, const Matrix<T>& v) {
  Matrix<T> out(ctx, x.rows, v.cols());
  if (x.right == 1) {  // X' is the matrix of left x rows as it stands
    DenseTensorView<T> matrix;
    matrix.order = 2;
    matrix.shape = {x.left, x.rows};
    matrix.data = x.data;
    FactorViews<T> factors;
    factors[0] = v.view();
    mttkrp(ctx, matrix, factors, 1, out.view());
    return out;
  }
  Matrix<T> part(ctx, x.left > 1 ? x.rows : 0, v.cols());
  for (index_t l = 0; l < x.left; ++l) {
    const MatrixView<const T> block(x.data + l * x.rows * x.right, x.rows, x.right);
    multiply<T>(ctx, block, v.view().slice(l * x.right, (l + 1) * x.right), l == 0 ? out.view() : part.view());
    if (l > 0) combine<T>(ctx, part.buffer().size(), 1, part.buffer().data(), 1, out.buffer().data());
  }
  return out;
}

// ---- sparse

/// A sparse matrix in host memory: its rows, or its columns, as lines.
struct Lines {
  std::vector<offset_t> begins;  ///< of each line, and the end
  std::vector<column_t> places;  ///< in a line, ascending
  std::vector<double> values;

  std::size_t count() const { return begins.size() - 1; }
  std::size_t begin(std::size_t line) const { return static_cast<std::size_t>(begins[line]); }
  std::size_t end(std::size_t line) const { return static_cast<std::size_t>(begins[line + 1]); }
};

/// The columns of the unfolding that have entries. Sorts stably by each of the other modes, the last first: equal
/// indices come together, each column's rows ascending.
template <class T>
Lines columns_of(const Context& ctx, const ModeView<T>& entries) {
  const auto own = static_cast<std::size_t>(entries.mode);
  const auto count = static_cast<std::size_t>(entries.entries);
  std::vector<offset_t> order(count), sorted(count);
  std::iota(order.begin(), order.end(), offset_t{0});
  std::vector<Buffer<column_t>> indices(static_cast<std::size_t>(entries.order));
  for (auto n = indices.size(); n-- > 0;) {
    if (n == own) continue;
    indices[n] = host_copy(ctx, entries.indices[n], entries.entries);
    std::vector<offset_t> places(static_cast<std::size_t>(entries.shape[n]) + 1, 0);
    for (std::size_t e = 0; e < count; ++e) ++places[static_cast<std::size_t>(indices[n].data()[e]) + 1];
    std::partial_sum(places.begin(), places.end(), places.begin());
    for (const offset_t e : order)
      sorted[static_cast<std::size_t>(places[static_cast<std::size_t>(indices[n].data()[e])]++)] = e;
    order.swap(sorted);
  }
  const Buffer<offset_t> offsets = host_copy(ctx, entries.offsets, entries.shape[own] + 1);
  const Buffer<T> values = host_copy(ctx, entries.values, entries.entries);
  std::vector<column_t> row_of(count);
  for (index_t i = 0; i < entries.shape[own]; ++i)
    std::fill(row_of.begin() + offsets.data()[i], row_of.begin() + offsets.data()[i + 1], static_cast<column_t>(i));
  Lines columns;
  for (std::size_t e = 0; e < count; ++e) {
    bool begins = e == 0;
    for (std::size_t n = 0; n < indices.size() && !begins; ++n)
      begins = n != own && indices[n].data()[order[e]] != indices[n].data()[order[e - 1]];
    if (begins) columns.begins.push_back(static_cast<offset_t>(e));
    columns.places.push_back(row_of[static_cast<std::size_t>(order[e])]);
    columns.values.push_back(static_cast<double>(values.data()[order[e]]));
  }
  columns.begins.push_back(static_cast<offset_t>(count));
  return columns;
}

/// The lines across, one for each of the `count` places.
Lines turned(const Lines& lines, index_t count) {
  Lines across;
  across.begins.assign(static_cast<std::size_t>(count) + 1, 0);
  for (const column_t place : lines.places) ++across.begins[static_cast<std::size_t>(place) + 1];
  std::partial_sum(across.begins.begin(), across.begins.end(), across.begins.begin());
  across.places.resize(lines.places.size());
  across.values.resize(lines.values.size());
  std::vector<offset_t> next(across.begins.begin(), across.begins.end() - 1);
  for (std::size_t line = 0; line < lines.count(); ++line)
    for (std::size_t e = lines.begin(line); e < lines.end(line); ++e) {
      const auto to = static_cast<std::size_t>(next[static_cast<std::size_t>(lines.places[e])]++);
      across.places[to] = static_cast<column_t>(line);
      across.values[to] = lines.values[e];
    }
  return across;
}

/// The sum over the lines of each times itself, n x n.
Matrix<double> gram_of(const Lines& lines, index_t n) {
  Matrix<double> square(n, n);
  std::fill_n(square.buffer().data(), n * n, 0.0);
  for (std::size_t line = 0; line < lines.count(); ++line)
    for (std::size_t a = lines.begin(line); a < lines.end(line); ++a)
      for (std::size_t b = lines.begin(line); b <= a; ++b)
        square(lines.places[a], lines.places[b]) += lines.values[a] * lines.values[b];
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < i; ++j) square(j, i) = square(i, j);
  return square;
}

Matrix<double> product(const Lines& rows, const Matrix<double>& v) {
  Matrix<double> out(static_cast<index_t>(rows.count()), v.cols());
  std::fill_n(out.buffer().data(), out.buffer().size(), 0.0);
  for (std::size_t i = 0; i < rows.count(); ++i)
    for (std::size_t e = rows.begin(i); e < rows.end(i); ++e)
      for (index_t f = 0; f < v.cols(); ++f) out(static_cast<index_t>(i), f) += rows.values[e] * v(rows.places[e], f);
  return out;
}

}  // namespace

template <class T>
Matrix<double> leading_vectors(Context& ctx, const DenseTensorView<T>& tensor, int mode, index_t count) {
  ModeGram<T> x{tensor.data,
                size_of(tensor.shape, {0, mode}),
                tensor.shape[static_cast<std::size_t>(mode)],
                size_of(tensor.shape, {mode + 1, tensor.order}),
                false,
                nullptr};
  require_decomposable(mode, x.rows, static_cast<double>(x.length()));
  x.of_columns = x.length() < x.rows;
  Matrix<double> square = gram_of(ctx, x);
  Matrix<double> vectors = leading_eigenvectors<T>(square, count);
  if (!x.of_columns) return with_signs(std::move(vectors));
  Matrix<double> left = converted<double>(to_host(product(ctx, x, seesaw::to_context(ctx, converted<T>(vectors)))));
  orthonormalize(left);
  return with_signs(std::move(left));
}

template <class T>
Matrix<double> leading_vectors(Context& ctx, const ModeView<T>& entries, index_t count) {
  const index_t n = entries.shape[static_cast<std::size_t>(entries.mode)];
  const Lines columns = columns_of(ctx, entries);
  const auto distinct = static_cast<index_t>(columns.count());
  require_decomposable(entries.mode, n, static_cast<double>(distinct));
  if (distinct >= n) {
    Matrix<double> square = gram_of(columns, n);
    return with_signs(leading_eigenvectors<T>(square, count));
  }
  const Lines rows = turned(columns, n);
  Matrix<double> square = gram_of(rows, distinct);
  Matrix<double> left = product(rows, leading_eigenvectors<T>(square, count));
  orthonormalize(left);
  return with_signs(std::move(left));
}

void require_decomposable(const CpSize& size) {
  if (size.entries > 0) return;  // how many columns have entries is not known before they are sorted
  for (int n = 0; n < size.order; ++n)
    require_decomposable(n, size.shape[static_cast<std::size_t>(n)], columns_at_most(size, n));
}

NvecsBytes nvecs_bytes(const CpSize& size) {
  constexpr double kMostPartial = 1 << 24, kLength = 1024;  // of the Grams that mode_gram() adds, one for so many terms
  // A sparse tensor's indices, order and values, and the lines of its columns and rows.
  constexpr double kEntryBytes = (kMaxOrder + 2) * sizeof(column_t) + 4 * sizeof(offset_t) + 3 * sizeof(double);
  const auto element = static_cast<double>(size.element_bytes), k = static_cast<double>(size.rank);
  NvecsBytes most;
  for (int n = 0; n < size.order; ++n) {
    const auto rows = static_cast<double>(size.shape[static_cast<std::size_t>(n)]);
    const double columns = columns_at_most(size, n), side = std::min(rows, columns), square = side * side;
    const double products = columns < rows ? k : 0;
    const double host = (5 * square + (2 * rows + 2 * columns) * products) * sizeof(double);  // with LAPACK's work
    if (size.entries > 0) {
      most.host = std::max(most.host, host + kEntryBytes * static_cast<double>(size.entries));
      continue;
    }
    const double parts = std::ceil(std::max(rows, columns) / kLength);
    const double partial = std::max(square, std::min(kMostPartial, parts * square));
    most.context = std::max(most.context, (square + partial + (2 * rows + columns) * products) * element);
    most.host = std::max(most.host, host);
  }
  return most;
}

template Matrix<double> leading_vectors(Context&, const DenseTensorView<float>&, int, index_t);
template Matrix<double> leading_vectors(Context&, const DenseTensorView<double>&, int, index_t);
template Matrix<double> leading_vectors(Context&, const ModeView<float>&, index_t);
template Matrix<double> leading_vectors(Context&, const ModeView<double>&, index_t);

}  // namespace seesaw
