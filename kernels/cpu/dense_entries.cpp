#include "dense_entries.hpp"

#include <algorithm>

#include "cpu/parallel.hpp"

namespace seesaw::cpu {
namespace {

constexpr index_t kRows = 32;  // that a thread takes before it asks for more

template <class Body>
void for_rows(int threads, index_t rows, Body&& body) {
  for_blocks(threads, block_count(rows, kRows), [&](index_t block) {
    for (index_t i = block * kRows; i < std::min(rows, (block + 1) * kRows); ++i) body(i);
  });
}

}  // namespace

template <class T>
void dense_residual(int threads, CsrView<T> a, Orientation orientation, MatrixView<const T> m, T* residuals) {
  if (a.rows == 0) return;
  const offset_t begin = a.offsets[0];
  for_rows(threads, a.rows, [&](index_t i) {
    const offset_t last = a.offsets[i + 1];
    if (orientation == Orientation::by_row)
      for (offset_t e = a.offsets[i]; e < last; ++e) residuals[e - begin] = a.values[e] - m(i, a.columns[e]);
    else
      for (offset_t e = a.offsets[i]; e < last; ++e) residuals[e - begin] = a.values[e] - m(a.columns[e], i);
  });
}

template <class T>
void add_entries(int threads, double alpha, CsrView<T> s, MatrixView<T> m) {
  for_rows(threads, s.rows, [&](index_t i) {
    for (offset_t e = s.offsets[i]; e < s.offsets[i + 1]; ++e) {
      const T weight = s.weights != nullptr ? s.weights[e] : T{1};
      m(i, s.columns[e]) += static_cast<T>(alpha) * weight * s.values[e];
    }
  });
}

template void dense_residual(int, CsrView<float>, Orientation, MatrixView<const float>, float*);
template void dense_residual(int, CsrView<double>, Orientation, MatrixView<const double>, double*);
template void add_entries(int, double, CsrView<float>, MatrixView<float>);
template void add_entries(int, double, CsrView<double>, MatrixView<double>);

}  // namespace seesaw::cpu
