#pragma once
#include <limits>

#include "long_rows.cuh"
#include "panel.cuh"
#include "solve_rows.hpp"

// One k x k system for each team of threads, in register tiles: its sums over the entries, and its Cholesky
// factorization and solution. See solve_rows.cu for the mapping.
namespace seesaw::cuda {

/// How many threads share a row at the compiled rank K, and what they own.
template <class T, int K>
struct RowShape {
  static constexpr int kSide = K / kTile;
  static constexpr int kTiles = kSide * (kSide + 1) / 2;
  static constexpr int kTeam = K <= 32 ? K : K == 64 ? 128 : K == 96 ? 96 : 160;
  static constexpr int kGroups = kTeam / kTiles;
  static constexpr int kThreads = kTeam < 64 ? 128 : kTeam;
  static constexpr int kTeams = kThreads / kTeam;
  static constexpr int kPanel = K == 16 ? 20 : K == 32 || K == 64 ? 24 : 16;  // a multiple of kGroups
  static constexpr int kBlocks = sizeof(T) == 8 ? (K == 128 ? 1 : 2) : K == 128 ? 3 : K == 96 ? 5 : 4;  // resident
  static constexpr int kPartial = kTiles * kTile * kTile + K;  // elements of a segment's sums

  static_assert(K % kTile == 0 && kTeam >= K && kTeam >= kTiles && kPanel % kGroups == 0);
  static_assert(32 % kTeam == 0 || (kTeam % 32 == 0 && kTeams == 1));
};

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
struct RowTeam {
  using Shape = RowShape<T, K>;
  RowMemory<T, K>& memory;
  int lane;
  int group;  ///< of the entries that it sums; group 0 goes on to factor
  int tile;   ///< number among the tiles of the lower triangle; the last columns' come first
  int row;    ///< of the tile, in tiles
  int column;
  unsigned mask;

  __device__ explicit RowTeam(RowMemory<T, K>* memories)
      : memory(memories[threadIdx.x / Shape::kTeam]), lane(static_cast<int>(threadIdx.x) % Shape::kTeam) {
    group = lane / Shape::kTiles;
    tile = lane % Shape::kTiles;
    int from_last = 0;
    while ((from_last + 1) * (from_last + 2) / 2 <= tile) ++from_last;
    column = Shape::kSide - 1 - from_last;
    row = column + tile - from_last * (from_last + 1) / 2;
    const int first = static_cast<int>(threadIdx.x) % 32 / Shape::kTeam * Shape::kTeam;
    mask = Shape::kTeam >= 32 ? 0xffffffffu : ((1u << (Shape::kTeam % 32)) - 1u) << first;
  }

  __device__ bool owns_tile() const { return group == 0; }

  /// A barrier for the team.
  __device__ void sync() const {
    if constexpr (Shape::kTeam > 32)
      __syncthreads();
    else
      __syncwarp(mask);
  }
};

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

/// Adds the groups' sums to those of group 0, always in the same order.
template <class T, int K>
__device__ __forceinline__ void add_groups(const RowTeam<T, K>& team, T (&sums)[kTile][kTile]) {
  using Shape = RowShape<T, K>;
  if constexpr (Shape::kGroups > 1) {
    T* exchange = team.memory.exchange();
#pragma unroll
    for (int r = 0; r < kTile; ++r) {
      if (team.group > 0 && team.group < Shape::kGroups) {
#pragma unroll
        for (int c = 0; c < kTile; ++c) exchange[c * Shape::kTeam + team.lane] = sums[r][c];
      }
      team.sync();
      if (team.owns_tile()) {
#pragma unroll 1
        for (int g = 1; g < Shape::kGroups; ++g)
#pragma unroll
          for (int c = 0; c < kTile; ++c) sums[r][c] += exchange[c * Shape::kTeam + g * Shape::kTiles + team.tile];
      }
      team.sync();
    }
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
  using Shape = RowShape<T, K>;
  if (team.owns_tile() && team.row == team.column) {
    const T ridge = problem.ridge(i);
    T largest = T(0);
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
    team.memory.largest[team.row] = largest;
  }
  if (team.lane == 0) team.memory.singular = 0;
  team.sync();
  T largest = T(0);
  for (int s = 0; s < Shape::kSide; ++s) largest = max(largest, team.memory.largest[s]);
  return largest;
}

/// Cholesky of a tile, in place of its lower triangle; the diagonal gets the inverse of the factor's, so that solving
/// multiplies. False where a pivot is not above the threshold.
template <class T>
__device__ __forceinline__ bool factor_tile(T (&a)[kTile][kTile], T threshold) {
  bool regular = true;
#pragma unroll
  for (int j = 0; j < kTile; ++j) {
    const bool above = a[j][j] > threshold;
    regular = regular && above;
    const T inverse = rsqrt(above ? a[j][j] : T(1));
    a[j][j] = inverse;
#pragma unroll
    for (int i = j + 1; i < kTile; ++i) a[i][j] *= inverse;
#pragma unroll
    for (int c = j + 1; c < kTile; ++c)
#pragma unroll
      for (int i = c; i < kTile; ++i) a[i][c] -= a[i][j] * a[c][j];
  }
  return regular;
}

/// Step s of the factorization on tile (s, s), with its part of L^-1 b.
template <class T, int K>
__device__ __forceinline__ void factor_diagonal(const RowTeam<T, K>& team, T threshold, T (&a)[kTile][kTile]) {
  if (!factor_tile(a, threshold)) team.memory.singular = 1;
  T z[kTile];
#pragma unroll
  for (int c = 0; c < kTile; ++c) {
    z[c] = team.memory.b[team.row * kTile + c];
#pragma unroll
    for (int d = 0; d < c; ++d) z[c] -= a[c][d] * z[d];
    z[c] *= a[c][c];
  }
#pragma unroll
  for (int r = 0; r < kTile; ++r) {
    team.memory.b[team.row * kTile + r] = z[r];
#pragma unroll
    for (int c = 0; c <= r; ++c) team.memory.diagonal[r * kTile + c] = a[r][c];
  }
}

/// Step s on a tile (i, s) below: a L_ss'^-1 in place, published for the update; its share of L^-1 b.
template <class T, int K>
__device__ __forceinline__ void factor_below(const RowTeam<T, K>& team, T (&a)[kTile][kTile]) {
  const T* diagonal = team.memory.diagonal;
  T* b = team.memory.b;
#pragma unroll
  for (int c = 0; c < kTile; ++c) {
    T column[kTile];
#pragma unroll
    for (int r = 0; r < kTile; ++r) {
#pragma unroll
      for (int d = 0; d < c; ++d) a[r][c] -= a[r][d] * diagonal[c * kTile + d];
      a[r][c] *= diagonal[c * kTile + c];
      column[r] = a[r][c];
    }
    store_tile<T, K>(team.memory.column() + c * K, team.row, column);
  }
#pragma unroll
  for (int r = 0; r < kTile; ++r) {
    T sum = T(0);
#pragma unroll
    for (int c = 0; c < kTile; ++c) sum += a[r][c] * b[team.column * kTile + c];
    b[team.row * kTile + r] -= sum;
  }
}

/// a -= L_is L_js' for tile (i, j).
template <class T, int K>
__device__ __forceinline__ void update_tile(const RowTeam<T, K>& team, T (&a)[kTile][kTile]) {
#pragma unroll 1
  for (int c = 0; c < kTile; ++c) {
    const T* column = team.memory.column() + c * K;
    add_outer<T, K>(column, team.row, column, team.column, T(-1), a);
  }
}

/// Phase 4: L in place of A, L^-1 b in place of b. False, for the whole team, where a pivot is not above the threshold.
template <class T, int K>
__device__ __forceinline__ bool factor(const RowTeam<T, K>& team, T threshold, T (&a)[kTile][kTile]) {
  const bool owner = team.owns_tile();
  for (int s = 0; s < RowShape<T, K>::kSide; ++s) {
    if (owner && team.row == s && team.column == s) factor_diagonal(team, threshold, a);
    team.sync();
    if (team.memory.singular != 0) return false;
    if (owner && team.column == s && team.row > s) factor_below(team, a);
    team.sync();
    if (owner && team.column > s) update_tile(team, a);
  }
  return true;
}

/// Phase 5: b = L'^-1 b, from the last tile up.
template <class T, int K>
__device__ __forceinline__ void solve_backward(const RowTeam<T, K>& team, const T (&l)[kTile][kTile]) {
  const bool owner = team.owns_tile();
  T* b = team.memory.b;
  for (int s = RowShape<T, K>::kSide - 1; s >= 0; --s) {
    if (owner && team.row == s && team.column == s) {
      T x[kTile];
#pragma unroll
      for (int c = kTile - 1; c >= 0; --c) {
        x[c] = b[s * kTile + c];
#pragma unroll
        for (int d = c + 1; d < kTile; ++d) x[c] -= l[d][c] * x[d];
        x[c] *= l[c][c];
        b[s * kTile + c] = x[c];
      }
    }
    team.sync();
    if (owner && team.row == s && team.column < s) {
#pragma unroll
      for (int c = 0; c < kTile; ++c) {
        T sum = T(0);
#pragma unroll
        for (int r = 0; r < kTile; ++r) sum += l[r][c] * b[s * kTile + r];
        b[team.column * kTile + c] -= sum;
      }
    }
    team.sync();
  }
}

}  // namespace seesaw::cuda
