#pragma once
#include <algorithm>

#include "cpu/parallel.hpp"
#include "cpu/tensor_terms.hpp"

namespace seesaw::cpu {

/// The n-th of `parts` parts of `size` things, as even as can be.
constexpr Range part_of(index_t size, index_t parts, index_t n) {
  return {size / parts * n + std::min(n, size % parts), size / parts * (n + 1) + std::min(n + 1, size % parts)};
}

/// out += sums_of(1), ..., sums_of(parts - 1), matrices of its shape, in that order.
template <class T, class SumsOf>
void add_parts(int threads, index_t parts, MatrixView<T> out, SumsOf&& sums_of) {
  constexpr index_t kRows = 64;
  if (parts == 1) return;
  for_blocks(threads, block_count(out.rows, kRows), [&](index_t block) {
    for (index_t i = block * kRows; i < std::min(out.rows, (block + 1) * kRows); ++i)
      for (index_t part = 1; part < parts; ++part) {
        const T* const from = sums_of(part).row(i);
        T* const to = out.row(i);
        for (index_t f = 0; f < out.cols; ++f) to[f] += from[f];
      }
  });
}

}  // namespace seesaw::cpu
