#include <algorithm>
#include <type_traits>
#include <vector>

#include "cpu/parallel.hpp"
#include "cpu/simd.hpp"
#include "masked_gradient.hpp"
#include "mttkrp.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/mttkrp_entries.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/entry_products-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

template <class T>
void sum_any(const SparseMttkrp<T>& problem, offset_t first, offset_t last, T* out) {
  with_order(problem.entries.order, [&](auto order) {
    for_row(hn::ScalableTag<T>(), 0, problem.rank(), [&](auto piece) {
      piece.clear();
      for (offset_t e = first; e < last; ++e) add_entry<order()>(problem, e, piece);
      piece.store(out);
    });
  });
}

void sum_any_float(const SparseMttkrp<float>& problem, offset_t first, offset_t last, float* out) {
  sum_any(problem, first, last, out);
}
void sum_any_double(const SparseMttkrp<double>& problem, offset_t first, offset_t last, double* out) {
  sum_any(problem, first, last, out);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(sum_any_float);
HWY_EXPORT(sum_any_double);

namespace {

constexpr offset_t kEntries = 8192;  // of a block, whatever the number of threads

template <class T>
void sum_entries(const SparseMttkrp<T>& problem, offset_t first, offset_t last, T* out) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(sum_any_float)(problem, first, last, out);
  else
    HWY_DYNAMIC_DISPATCH(sum_any_double)(problem, first, last, out);
}

/// The entries first to last - 1 by row; the rows between without entries get 0. Rows that begin here are written. What
/// is added to a row that began before goes to `head`; the row's number comes back, or -1 where there is none.
template <class T>
index_t sum_block(const SparseMttkrp<T>& problem, offset_t first, offset_t last, T* head) {
  const index_t rows = problem.out.rows;
  const offset_t *offsets = problem.entries.offsets, *end = offsets + rows;
  index_t row = std::upper_bound(offsets, end, first) - offsets - 1, head_row = -1;
  if (offsets[row] < first) {
    head_row = row;
    sum_entries(problem, first, std::min(last, offsets[row + 1]), head);
    ++row;
  } else {
    while (row > 0 && offsets[row - 1] == first) --row;  // rows without entries before the block's first
  }
  for (; row < rows && offsets[row] < last; ++row)
    sum_entries(problem, offsets[row], std::min(last, offsets[row + 1]), problem.out.row(row));
  return head_row;
}

}  // namespace

// Blocks of entries, whatever the rows they belong to: a row of any length is shared. What a block adds to a row that
// began in another is added to it in the blocks' order.
template <class T>
void mttkrp(int threads, const SparseMttkrp<T>& given) {
  const SparseMttkrp<T> problem = own_mode_first(given);
  const index_t rows = problem.out.rows, k = problem.rank();
  const offset_t begin = problem.entries.offsets[0], end = problem.entries.offsets[rows];
  const index_t blocks = block_count(end - begin, kEntries);
  std::vector<index_t> head_rows(static_cast<std::size_t>(blocks));
  Buffer<T> heads(detail::element_count(blocks, k, sizeof(T)));
  for_blocks(threads, blocks, [&](index_t block) {
    const offset_t first = begin + block * kEntries, last = std::min(end, first + kEntries);
    head_rows[static_cast<std::size_t>(block)] = sum_block(problem, first, last, heads.data() + block * k);
  });
  for (index_t block = 0; block < blocks; ++block) {
    const index_t row = head_rows[static_cast<std::size_t>(block)];
    if (row < 0) continue;
    const T* head = heads.data() + block * k;
    T* out = problem.out.row(row);
    for (index_t f = 0; f < k; ++f) out[f] += head[f];
  }
  // Rows without entries behind the last one.
  for (index_t row = rows; row-- > 0 && problem.entries.offsets[row] == end;)
    std::fill_n(problem.out.row(row), k, T{0});
}

template void mttkrp(int, const SparseMttkrp<float>&);
template void mttkrp(int, const SparseMttkrp<double>&);

}  // namespace seesaw::cpu
#endif
