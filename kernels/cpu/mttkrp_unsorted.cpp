#include <algorithm>
#include <type_traits>

#include "cpu/parts.hpp"
#include "cpu/simd.hpp"
#include "mttkrp.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/mttkrp_unsorted.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/entry_products-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

/// out += the entries first to last - 1. A row stays in registers while it is that of the next entry.
template <class T>
void add_any(const UnsortedMttkrp<T>& problem, offset_t first, offset_t last, MatrixView<T> out) {
  const column_t* const rows = problem.entries.indices[0];
  with_order(problem.entries.order, [&](auto order) {
    for_row(hn::ScalableTag<T>(), 0, problem.rank(), [&](auto piece) {
      for (offset_t e = first; e < last;) {
        const column_t row = rows[e];
        T* const to = out.row(row);
        piece.load(to);
        do {
          add_entry<order()>(problem, e, piece);
        } while (++e < last && rows[e] == row);
        piece.store(to);
      }
    });
  });
}

void add_any_float(const UnsortedMttkrp<float>& problem, offset_t first, offset_t last, MatrixView<float> out) {
  add_any(problem, first, last, out);
}
void add_any_double(const UnsortedMttkrp<double>& problem, offset_t first, offset_t last, MatrixView<double> out) {
  add_any(problem, first, last, out);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(add_any_float);
HWY_EXPORT(add_any_double);

namespace {

template <class T>
void add_entries(const UnsortedMttkrp<T>& problem, offset_t first, offset_t last, MatrixView<T> out) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(add_any_float)(problem, first, last, out);
  else
    HWY_DYNAMIC_DISPATCH(add_any_double)(problem, first, last, out);
}

/// The same problem with its own mode as mode 0, of the columns first to last - 1.
template <class T>
UnsortedMttkrp<T> own_mode_first(UnsortedMttkrp<T> problem, index_t first, index_t last) {
  const auto own = static_cast<std::size_t>(problem.mode);
  std::swap(problem.entries.shape[0], problem.entries.shape[own]);
  std::swap(problem.entries.indices[0], problem.entries.indices[own]);
  std::swap(problem.factors[0], problem.factors[own]);
  problem.mode = 0;
  const auto cut = [&](auto view) { return decltype(view){view.data + first, view.rows, last - first, view.stride}; };
  for (std::size_t n = 1; n < static_cast<std::size_t>(problem.entries.order); ++n)
    problem.factors[n] = cut(problem.factors[n]);
  problem.out = cut(problem.out);
  return problem;
}

}  // namespace

// Parts of the entries, each with a sum of its own of all rows; those are added in the parts' order. kPartColumnBytes
// of columns at once, so that their memory does not depend on k.
template <class T>
void mttkrp(int threads, const UnsortedMttkrp<T>& given) {
  constexpr auto kColumns = static_cast<index_t>(kPartColumnBytes / sizeof(T));
  const index_t rows = given.out.rows, most = std::min(kColumns, given.rank());
  const offset_t entries = given.entries.entries;
  const index_t parts = unsorted_parts(entries, rows);
  Buffer<T> memory(detail::element_count((parts - 1) * rows, most, sizeof(T)));
  for (index_t f = 0; f < given.rank(); f += kColumns) {
    const UnsortedMttkrp<T> problem = own_mode_first(given, f, std::min(given.rank(), f + kColumns));
    const index_t k = problem.rank();
    const auto sums_of = [&](index_t part) {
      return part == 0 ? problem.out : MatrixView<T>{memory.data() + (part - 1) * rows * k, rows, k};
    };
    for_blocks(threads, parts, [&](index_t part) {
      const MatrixView<T> sums = sums_of(part);
      for (index_t i = 0; i < rows; ++i) std::fill_n(sums.row(i), k, T{0});
      const Range range = part_of(entries, parts, part);
      add_entries(problem, range.first, range.last, sums);
    });
    add_parts(threads, parts, problem.out, sums_of);
  }
}

template void mttkrp(int, const UnsortedMttkrp<float>&);
template void mttkrp(int, const UnsortedMttkrp<double>&);

}  // namespace seesaw::cpu
#endif
