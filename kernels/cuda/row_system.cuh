#pragma once
#include <limits>

#include "long_rows.cuh"
#include "row_team.cuh"
#include "solve_rows.hpp"

// The primal system of a row, k x k: its sums over the entries and its penalty. See solve_rows.cu for the mapping.
namespace seesaw::cuda {

/// A team's part of the shared memory.
template <class T, int K>
struct RowMemory {
  using Shape = RowShape<T, K>;
  alignas(16) T panel[2][Shape::kPanel * K];
  T value[2][Shape::kPanel];
  T weight[2][Shape::kPanel];
  column_t column_index[2][Shape::kPanel];
  alignas(16) T diagonal[kTile * kTile];  // the factor's tile (s, s), its diagonal inverted
  T b[K];                                 // right-hand side, then L^-1 b, then the solution
  T largest[Shape::kSide];
  int singular;

  // Both lie over the panels, which are done with by then.
  __device__ T* exchange() { return panel[0]; }  // (kGroups - 1) x kTile x kTeam elements
  __device__ T* column() { return panel[0]; }    // kTile columns of the factor, as vectors of a panel
};

template <class T, int K>
using RowTeam = Team<T, K, RowMemory<T, K>>;

template <class T>
struct Entries {
  Vectors<T> vectors;
  const column_t* columns;
  const T* values;
  const T* weights;  ///< may be null
  Shared<T> shared;
};

template <class T>
__device__ __forceinline__ Entries<T> entries_of(const SolveRows<T>& problem) {
  const CsrView<T>& ratings = problem.ratings;
  return {make_vectors(problem.y), ratings.columns, ratings.values, ratings.weights, problem.shared};
}

/// Starts copying the panel of entries from `first` on, whose columns are in shared memory.
template <class T, int K>
__device__ __forceinline__ void gather_entries(const RowTeam<T, K>& team, const Entries<T>& entries, offset_t first,
                                               int count, int buffer) {
  constexpr int kTeam = RowShape<T, K>::kTeam;
  RowMemory<T, K>& memory = team.memory;
  gather_panel<T, K, kTeam>(entries.vectors, memory.column_index[buffer], first, count, 0, memory.panel[buffer],
                            team.lane);
  gather_numbers<kTeam>(entries.values, first, count, memory.value[buffer], team.lane);
  gather_numbers<kTeam>(entries.weights, first, count, memory.weight[buffer], team.lane);
}

/// Adds a panel of `count` entries to the sums of A in tiles and of b, one element a thread.
template <class T, int K>
__device__ __forceinline__ void accumulate_panel(const RowTeam<T, K>& team, const Shared<T>& shared, int buffer,
                                                 int count, T (&sums)[kTile][kTile], T& b) {
  using Shape = RowShape<T, K>;
  const T* panel = team.memory.panel[buffer];
  const T* value = team.memory.value[buffer];
  const T* weight = team.memory.weight[buffer];
  if (team.group < Shape::kGroups) {
#pragma unroll 1
    for (int p = team.group; p < count; p += Shape::kGroups)
      add_outer<T, K>(panel + p * K, team.row, panel + p * K, team.column, shared.weight(value[p], weight[p]), sums);
  }
  if (team.lane < K) {
    const int position = panel_position<T, K>(team.lane);
    for (int p = 0; p < count; ++p) b += shared.coefficient(value[p], weight[p]) * panel[p * K + position];
  }
}

/// Phases 1 and 2: sums over a run of entries; A in the tiles of group 0, b in shared memory. While panel n is
/// multiplied panel n + 1 is on its way, and so are the columns of panel n + 2, which say where its vectors are.
template <class T, int K>
__device__ __forceinline__ void sum_entries(const RowTeam<T, K>& team, const Entries<T>& entries, EntryRange range,
                                            T (&sums)[kTile][kTile]) {
  using Shape = RowShape<T, K>;
  clear(sums);
  T b = T(0);
  auto panel_size = [&](offset_t first) {
    const offset_t left = range.last - first;
    return static_cast<int>(left < Shape::kPanel ? (left > 0 ? left : 0) : Shape::kPanel);
  };
  auto gather_columns = [&](offset_t first, int buffer) {
    gather_numbers<Shape::kTeam>(entries.columns, first, panel_size(first), team.memory.column_index[buffer],
                                 team.lane);
  };
  clear_padding<T, K, Shape::kTeam>(entries.vectors.y.cols, 2 * Shape::kPanel, team.memory.panel[0], team.lane);
  gather_columns(range.first, 0);
  wait_copies();
  team.sync();
  gather_entries(team, entries, range.first, panel_size(range.first), 0);
  gather_columns(range.first + Shape::kPanel, 1);
  int buffer = 0;
#pragma unroll 1
  for (offset_t first = range.first; first < range.last; first += Shape::kPanel, buffer ^= 1) {
    wait_copies();
    team.sync();  // this panel is there, and the other one is done with
    const offset_t next = first + Shape::kPanel;
    gather_entries(team, entries, next, panel_size(next), buffer ^ 1);
    gather_columns(next + Shape::kPanel, buffer);
    accumulate_panel(team, entries.shared, buffer, panel_size(first), sums, b);
  }
  team.sync();  // the panels are done with
  add_groups(team, sums);
  if (team.lane < K) team.memory.b[team.lane] = b;
}

/// Phase 2 of a row that is cut: its segments' sums, in their order.
template <class T, int K>
__device__ __forceinline__ void sum_segments(const RowTeam<T, K>& team, const T* partials, offset_t count,
                                             T (&sums)[kTile][kTile]) {
  using Shape = RowShape<T, K>;
  clear(sums);
  T b = T(0);
  for (offset_t s = 0; s < count; ++s, partials += Shape::kPartial) {
    if (team.owns_tile()) {
#pragma unroll
      for (int r = 0; r < kTile; ++r)
#pragma unroll
        for (int c = 0; c < kTile; ++c) sums[r][c] += partials[(r * kTile + c) * Shape::kTiles + team.tile];
    }
    if (team.lane < K) b += partials[Shape::kPartial - K + team.lane];
  }
  if (team.lane < K) team.memory.b[team.lane] = b;
}

/// Phase 3: row i's penalty on the diagonal, beyond the rank k what no threshold exceeds; returns the largest element
/// of the diagonal within the rank.
template <class T, int K>
__device__ __forceinline__ T add_penalty(const RowTeam<T, K>& team, const SolveRows<T>& problem, index_t i,
                                         T (&a)[kTile][kTile]) {
  T largest = T(0);
  if (team.owns_tile() && team.row == team.column) {
    const T ridge = problem.ridge(i);
#pragma unroll
    for (int r = 0; r < kTile; ++r) {
      const int f = team.row * kTile + r;
      if (f < problem.y.cols) {
        a[r][r] += problem.diagonal(ridge, f);
        largest = largest < a[r][r] ? a[r][r] : largest;
      } else {
        a[r][r] = std::numeric_limits<T>::max();
      }
    }
  }
  return largest_of(team, sides_of(problem.y.cols), largest);
}

}  // namespace seesaw::cuda
