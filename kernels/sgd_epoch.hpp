#pragma once
#include <vector>

#include "seesaw/sgd_epoch.hpp"

namespace seesaw {

/// What the implementations are given.
template <class T>
struct SgdEpoch {
  EntryGridView<T> grid;
  T step;
  EpochMoves moves;
  MatrixView<T> x;
  MatrixView<T> y;

  constexpr bool moves_x() const { return moves != EpochMoves::y; }
  constexpr bool moves_y() const { return moves != EpochMoves::x; }
  /// step w of entry e.
  constexpr T gain(offset_t e) const { return grid.weights != nullptr ? step * grid.weights[e] : step; }
  /// What a step leaves of x_i and of y_j before it adds the other's share.
  constexpr T keep_x(index_t i) const { return 1 - step * grid.row_penalties[i]; }
  constexpr T keep_y(index_t j) const { return 1 - step * grid.col_penalties[j]; }

  /// What of it points into memory, for launch().
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor(grid.blocks);
    visitor(grid.row_indices);
    visitor(grid.column_indices);
    visitor(grid.values);
    visitor(grid.weights);
    visitor(grid.row_penalties);
    visitor(grid.col_penalties);
    visitor(x);
    visitor(y);
  }
};

// strata: the order of them, each of 0 to size - 1 once.
namespace reference {
template <class T>
void sgd_epoch(const SgdEpoch<T>& epoch, const std::vector<index_t>& strata);
}  // namespace reference
namespace cpu {
template <class T>
void sgd_epoch(int threads, const SgdEpoch<T>& epoch, const std::vector<index_t>& strata);
}  // namespace cpu
namespace cuda {
template <class T>
void sgd_epoch(Resources& gpu, const SgdEpoch<T>& epoch, const std::vector<index_t>& strata);
}  // namespace cuda

}  // namespace seesaw
