#include "spmv.hpp"

#include <algorithm>
#include <vector>

#include "cpu/parallel.hpp"

namespace seesaw::cpu {
namespace {

constexpr offset_t kEntries = 16384;  // of a block, whatever the number of threads

/// The sum over the entries first to last - 1. Four sums, so that an addition need not wait for the one before.
template <bool kWeights, class T>
double sum_entries(const CsrView<T>& s, const double* v, offset_t first, offset_t last) {
  constexpr offset_t kChains = 4;
  const auto term = [&](offset_t e) {
    const double product = static_cast<double>(s.values[e]) * v[s.columns[e]];
    return kWeights ? static_cast<double>(s.weights[e]) * product : product;
  };
  double sums[kChains] = {};
  offset_t e = first;
  for (; e + kChains <= last; e += kChains)
    for (offset_t c = 0; c < kChains; ++c) sums[c] += term(e + c);
  double rest = 0;
  for (; e < last; ++e) rest += term(e);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest;
}

/// What a block's entries add to its first row, which may have begun in a block before.
struct Head {
  index_t row = -1;  ///< -1: the row begins with the block, and the sum is in `out`
  double sum = 0;
};

/// The entries first to last - 1 by row; the rows between without entries get 0. Rows that begin here are written.
template <bool kWeights, class T>
Head multiply(const CsrView<T>& s, const double* v, double* out, offset_t first, offset_t last) {
  const offset_t *offsets = s.offsets, *end = s.offsets + s.rows;
  index_t row = std::upper_bound(offsets, end, first) - offsets - 1;
  Head head;
  if (offsets[row] < first) {
    const offset_t stop = std::min(last, offsets[row + 1]);
    head = {row, sum_entries<kWeights>(s, v, first, stop)};
    ++row;
  } else {
    while (row > 0 && offsets[row - 1] == first) --row;  // rows without entries before the block's first
  }
  for (; row < s.rows && offsets[row] < last; ++row)
    out[row] = sum_entries<kWeights>(s, v, offsets[row], std::min(last, offsets[row + 1]));
  return head;
}

}  // namespace

// Blocks of entries, whatever the rows they belong to: a row of any length is shared. What a block adds to a row that
// began in another is added to it in the blocks' order.
template <class T>
void spmv(int threads, CsrView<T> s, const double* v, double* out) {
  if (s.rows == 0) return;
  const offset_t begin = s.offsets[0], end = s.offsets[s.rows];
  const index_t blocks = block_count(end - begin, kEntries);
  std::vector<Head> heads(static_cast<std::size_t>(blocks));
  for_blocks(threads, blocks, [&](index_t block) {
    const offset_t first = begin + block * kEntries, last = std::min(end, first + kEntries);
    heads[static_cast<std::size_t>(block)] =
        s.weights != nullptr ? multiply<true>(s, v, out, first, last) : multiply<false>(s, v, out, first, last);
  });
  for (const Head& head : heads)
    if (head.row >= 0) out[head.row] += head.sum;
  // Rows without entries behind the last one.
  for (index_t row = s.rows; row-- > 0 && s.offsets[row] == end;) out[row] = 0;
}

template void spmv(int, CsrView<float>, const double*, double*);
template void spmv(int, CsrView<double>, const double*, double*);

}  // namespace seesaw::cpu
