#pragma once
#include <vector>

#include "cpu/dense.hpp"
#include "solve_rows.hpp"

namespace seesaw::cpu {

/// What one thread needs to solve one row after the other.
template <class T>
struct RowScratch {
  Layout<T> layout;
  index_t depth;                   ///< vectors in a panel
  Buffer<T> panel;                 ///< depth x width, gathered vectors, each times the root of its weight
  Buffer<T> values;                ///< depth, theirs
  Buffer<T> memory;                ///< of the systems
  std::vector<System<T>> systems;  ///< solved at a time
  std::vector<index_t> rows;       ///< whose systems they are
  std::vector<index_t> singular;   ///< rows that the factorization gave up

  explicit RowScratch(index_t k)
      : layout(k),
        depth(panel_depth(layout)),
        panel(zeros<T>(depth * layout.stride)),
        values(zeros<T>(depth)),
        memory(zeros<T>(batch(layout) * System<T>::size(layout))) {
    for (index_t s = 0; s < batch(layout); ++s)
      systems.emplace_back(layout, memory.data() + s * System<T>::size(layout));
  }

 private:
  /// As many as stay in the L1 cache, within reason.
  static index_t batch(const Layout<T>& layout) {
    constexpr index_t kBytes = 40000, kMost = 4;
    return std::clamp<index_t>(kBytes / (System<T>::size(layout) * static_cast<index_t>(sizeof(T))), 1, kMost);
  }
};

}  // namespace seesaw::cpu
