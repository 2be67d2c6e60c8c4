#include "hadamard_rows.hpp"

#include <algorithm>

#include "cpu/parallel.hpp"

namespace seesaw::cpu {
namespace {

/// to = a * b, elementwise; `to` may be a.
template <class T>
void multiply(const T* a, const T* b, index_t k, T* to) {
  for (index_t f = 0; f < k; ++f) to[f] = a[f] * b[f];
}

/// The rows that entry e will read, one line of the cache of each: longer ones the processor goes on with by itself.
template <class T>
void want(const HadamardRows<T>& problem, index_t e) {
  for (std::size_t n = 0; n < static_cast<std::size_t>(problem.count); ++n)
    __builtin_prefetch(problem.factors[n].row(problem.indices[n][e]));
}

}  // namespace

// Blocks of entries. Rows are asked for some entries ahead: where they lie only the indices say.
template <class T>
void hadamard_rows(int threads, const HadamardRows<T>& problem) {
  constexpr index_t kElements = 1 << 14;  // of a block
  constexpr index_t kAhead = 8;
  const index_t entries = problem.out.rows, k = problem.out.cols, block_entries = std::max<index_t>(1, kElements / k);
  for_blocks(threads, block_count(entries, block_entries), [&](index_t block) {
    const index_t last = std::min(entries, (block + 1) * block_entries);
    for (index_t e = block * block_entries; e < last; ++e) {
      if (e + kAhead < last) want(problem, e + kAhead);
      T* const to = problem.out.row(e);
      const T* from = problem.factors[0].row(problem.indices[0][e]);
      for (std::size_t n = 1; n < static_cast<std::size_t>(problem.count); ++n, from = to)
        multiply(from, problem.factors[n].row(problem.indices[n][e]), k, to);
    }
  });
}

template void hadamard_rows(int, const HadamardRows<float>&);
template void hadamard_rows(int, const HadamardRows<double>&);

}  // namespace seesaw::cpu
