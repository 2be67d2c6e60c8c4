#include "sparse.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace seesaw::reference {
namespace {

template <class T>
Flaw::Kind flaw_of(const T* values, const T* weights, offset_t e) {
  if (!std::isfinite(values[e])) return Flaw::Kind::value;
  if (weights != nullptr && !(std::isfinite(weights[e]) && weights[e] >= 0)) return Flaw::Kind::weight;
  return Flaw::Kind::none;
}

}  // namespace

template <class T>
Flaw check_entries(const SparseTensorView<T>& entries) {
  for (offset_t e = 0; e < entries.entries; ++e) {
    for (std::size_t d = 0; d < static_cast<std::size_t>(entries.order); ++d)
      if (entries.indices[d][e] < 0 || entries.indices[d][e] >= entries.shape[d]) return {Flaw::Kind::index, e};
    if (const auto kind = flaw_of(entries.values, entries.weights, e); kind != Flaw::Kind::none) return {kind, e};
  }
  return {};
}

template <class T>
Flaw compress(const SparseTensorView<T>& entries, Csr<T>& out) {
  const column_t* rows = entries.indices[0];
  const column_t* columns = entries.indices[1];
  std::vector<offset_t> order(static_cast<std::size_t>(entries.entries));
  std::iota(order.begin(), order.end(), offset_t{0});
  std::stable_sort(order.begin(), order.end(), [&](offset_t a, offset_t b) {
    return rows[a] != rows[b] ? rows[a] < rows[b] : columns[a] < columns[b];
  });
  std::fill(out.offsets.data(), out.offsets.data() + out.rows + 1, offset_t{0});
  for (offset_t n = 0; n < entries.entries; ++n) {
    const offset_t e = order[static_cast<std::size_t>(n)];
    if (n > 0) {
      const offset_t before = order[static_cast<std::size_t>(n - 1)];
      if (rows[before] == rows[e] && columns[before] == columns[e]) return {Flaw::Kind::duplicate, e};
    }
    ++out.offsets.data()[rows[e] + 1];
    out.columns.data()[n] = columns[e];
    out.values.data()[n] = entries.values[e];
    if (entries.weights != nullptr) out.weights.data()[n] = entries.weights[e];
  }
  std::partial_sum(out.offsets.data(), out.offsets.data() + out.rows + 1, out.offsets.data());
  return {};
}

template <class T>
void by_mode(const SparseTensorView<T>& entries, ModeEntries<T>& out) {
  const auto own = static_cast<std::size_t>(out.mode);
  const index_t rows = entries.shape[own];
  offset_t* offsets = out.offsets.data();
  std::fill(offsets, offsets + rows + 1, offset_t{0});
  for (offset_t e = 0; e < entries.entries; ++e) ++offsets[entries.indices[own][e] + 1];
  std::partial_sum(offsets, offsets + rows + 1, offsets);
  std::vector<offset_t> next(offsets, offsets + rows);
  for (offset_t e = 0; e < entries.entries; ++e) {
    const offset_t to = next[static_cast<std::size_t>(entries.indices[own][e])]++;
    for (std::size_t d = 0; d < static_cast<std::size_t>(entries.order); ++d)
      if (d != own) out.indices[d].data()[to] = entries.indices[d][e];
    out.values.data()[to] = entries.values[e];
    if (entries.weights != nullptr) out.weights.data()[to] = entries.weights[e];
  }
}

template <class T>
void transpose(CsrView<T> matrix, Csr<T>& out) {
  const offset_t first = matrix.offsets[0], last = matrix.offsets[matrix.rows];
  offset_t* offsets = out.offsets.data();
  std::fill(offsets, offsets + out.rows + 1, offset_t{0});
  for (offset_t e = first; e < last; ++e) ++offsets[matrix.columns[e] + 1];
  std::partial_sum(offsets, offsets + out.rows + 1, offsets);
  std::vector<offset_t> next(offsets, offsets + out.rows);
  for (index_t i = 0; i < matrix.rows; ++i)
    for (offset_t e = matrix.offsets[i]; e < matrix.offsets[i + 1]; ++e) {
      const offset_t to = next[static_cast<std::size_t>(matrix.columns[e])]++;
      out.columns.data()[to] = static_cast<column_t>(i);
      out.values.data()[to] = matrix.values[e];
      if (matrix.weights != nullptr) out.weights.data()[to] = matrix.weights[e];
    }
}

// Where the next entry of each row goes.
double transpose_workspace(index_t rows) { return static_cast<double>(rows) * sizeof(offset_t); }

template <class T>
Flaw check(CsrView<T> matrix) {
  for (index_t i = 0; i < matrix.rows; ++i)
    if (matrix.offsets[i + 1] < matrix.offsets[i]) return {Flaw::Kind::offsets, i};
  if (matrix.offsets[matrix.rows] - matrix.offsets[0] != matrix.entries) return {Flaw::Kind::offsets, matrix.rows};
  for (index_t i = 0; i < matrix.rows; ++i)
    for (offset_t e = matrix.offsets[i]; e < matrix.offsets[i + 1]; ++e) {
      if (matrix.columns[e] < 0 || matrix.columns[e] >= matrix.cols) return {Flaw::Kind::index, e};
      if (e > matrix.offsets[i] && matrix.columns[e] <= matrix.columns[e - 1]) return {Flaw::Kind::order, e};
      if (const auto kind = flaw_of(matrix.values, matrix.weights, e); kind != Flaw::Kind::none) return {kind, e};
    }
  return {};
}

template Flaw check_entries(const SparseTensorView<float>&);
template Flaw check_entries(const SparseTensorView<double>&);
template Flaw compress(const SparseTensorView<float>&, Csr<float>&);
template Flaw compress(const SparseTensorView<double>&, Csr<double>&);
template void by_mode(const SparseTensorView<float>&, ModeEntries<float>&);
template void by_mode(const SparseTensorView<double>&, ModeEntries<double>&);
template void transpose(CsrView<float>, Csr<float>&);
template void transpose(CsrView<double>, Csr<double>&);
template Flaw check(CsrView<float>);
template Flaw check(CsrView<double>);

}  // namespace seesaw::reference
