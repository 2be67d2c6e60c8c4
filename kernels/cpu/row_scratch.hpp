#pragma once
#include <vector>

#include "cpu/dense.hpp"
#include "cpu/interleaved.hpp"
#include "solve_rows.hpp"

namespace seesaw::cpu {

/// Bytes of the systems that are solved together, where one takes less: they stay in the L2 cache.
inline constexpr index_t kSystemBytes = 100000;

/// What one thread needs to solve one row after the other.
template <class T>
struct RowScratch {
  /// Features that the dual form takes at a time, for a transposed panel to stay in the L1 cache.
  static constexpr index_t kFeatures = 64;

  Layout<T> layout;                   ///< of the primal systems
  index_t depth;                      ///< vectors in a panel
  Buffer<T> panel;                    ///< depth x width, gathered vectors
  Buffer<T> transposed;               ///< kFeatures x width, for the dual form
  Buffer<T> roots;                    ///< of the weights of the entries in the panel
  Buffer<T> coefficients;             ///< what their vectors are multiplied with in b
  Buffer<T> vector, none;             ///< of k numbers; `none` are zeros
  Buffer<T> scale;                    ///< of k numbers, for the dual form
  Buffer<T> memory;                   ///< of the systems
  std::vector<System<T>> systems;     ///< solved together
  Buffer<T> interleaved;              ///< of the batch
  Batch<T> batch;                     ///< of small systems
  std::vector<index_t> rows;          ///< whose systems they are
  std::vector<index_t> primal, dual;  ///< the rows of a block by the form in which they are solved
  std::vector<index_t> singular;      ///< rows that the factorization gave up

  explicit RowScratch(index_t k)
      : layout(k),
        depth(panel_depth(layout)),
        panel(zeros<T>(depth * layout.stride)),
        transposed(kFeatures * layout.stride),
        roots(std::max(depth, k)),
        coefficients(std::max(depth, k)),
        vector(layout.width),
        none(zeros<T>(layout.width)),
        scale(k),
        memory(system_memory(layout)),
        interleaved(Batch<T>::memory_size(std::min(k, kMostInterleaved))),
        batch(std::min(k, kMostInterleaved), interleaved.data()) {}

  /// How many systems that are not interleaved are solved together.
  index_t together() const { return together(layout); }

  /// A system of the layout `of` that waits to be solved for row i.
  System<T>& next_system(const Layout<T>& of, index_t i) {
    const auto waiting = static_cast<index_t>(systems.size());
    systems.emplace_back(of, memory.data() + waiting * System<T>::size(of));
    rows.push_back(i);
    return systems.back();
  }

 private:
  static index_t together(const Layout<T>& layout) {
    constexpr index_t kMost = 4;
    return std::clamp<index_t>(kSystemBytes / (System<T>::size(layout) * static_cast<index_t>(sizeof(T))), 1, kMost);
  }
  static index_t system_memory(const Layout<T>& layout) {
    const Layout<T> interleaved(std::min(layout.rank, kMostInterleaved));
    return std::max(together(layout) * System<T>::size(layout), Batch<T>::kMostLanes * System<T>::size(interleaved));
  }
};

}  // namespace seesaw::cpu
