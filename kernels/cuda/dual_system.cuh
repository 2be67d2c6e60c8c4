#pragma once
#include <limits>

#include "row_team.cuh"
#include "solve_rows.hpp"

// The dual system of a row, n x n for its n entries: the products of its vectors with each other, and what becomes of
// the solution. See solve_dual_rows.cu for the mapping.
namespace seesaw::cuda {

/// A panel has 8 chunks of 16 bytes of each vector: so many features.
inline constexpr int kDualChunks = 8;
template <class T>
inline constexpr int kDualFeatures = kDualChunks* kChunk<T>;

/// Elements from one vector of a panel to the next: an odd number of chunks, so that lanes that read the same chunk of
/// consecutive vectors meet no bank twice.
template <class T>
inline constexpr int kDualStride = kDualFeatures<T> + kChunk<T>;

/// A team's part of the shared memory.
template <class T, int N>
struct DualMemory {
  using Shape = RowShape<T, N>;
  static constexpr int kPanel = N * kDualStride<T>;
  static constexpr int kExchange = (Shape::kGroups - 1) * kTile * Shape::kTeam;
  static constexpr int kPanels = 2 * kPanel > kExchange ? 2 * kPanel : kExchange;

  alignas(16) T panels[kPanels];             // two
  alignas(16) T scale[2][kDualFeatures<T>];  // what the products of each feature are multiplied with
  alignas(16) T diagonal[kTile * kTile];
  T b[N];     // right-hand side, then L^-1 b, then the solution, then what its vectors are multiplied with in x
  T root[N];  // of the entries' weights
  column_t column_index[N];
  T largest[Shape::kSide];
  // What a register each would hold all along, which there is not: the row, its entries, and its SolveRows::ridge.
  index_t i;
  int n;
  T ridge;
  int singular;

  __device__ T* panel(int buffer) { return panels + buffer * kPanel; }
  // All of these lie over the panels, which are done with by then.
  __device__ T* exchange() { return panels; }
  __device__ T* column() { return panels; }
  __device__ T* sums() { return panels; }  // kSide x N

  static_assert(kTile * N <= kPanels && Shape::kSide * N <= kPanels);
};

template <class T, int N>
using DualTeam = Team<T, N, DualMemory<T, N>>;

/// Where a panel has the vector of entry p: those of the same number within consecutive tiles lie side by side.
template <int N>
__device__ __forceinline__ int dual_place(int p) {
  return p % kTile * (N / kTile) + p / kTile;
}

/// Of row i: the columns and the roots of the weights of its entries, its penalty, and, without implicit feedback, the
/// right-hand side.
template <class T, int N>
__device__ __forceinline__ void load_entries(const DualTeam<T, N>& team, const SolveRows<T>& problem, index_t i) {
  DualMemory<T, N>& memory = team.memory;
  const int p = team.lane, n = static_cast<int>(problem.entries(i));
  if (p < N) {
    T root = T(0), b = T(0);
    if (p < n) {
      const offset_t e = problem.ratings.offsets[i] + p;
      const T value = problem.ratings.values[e];
      const T given = problem.ratings.weights != nullptr ? problem.ratings.weights[e] : T(1);
      memory.column_index[p] = problem.ratings.columns[e];
      root = sqrt(problem.shared.weight(value, given));
      b = root * value;
    }
    memory.root[p] = root;
    memory.b[p] = b;
  }
  if (p == 0) {
    memory.i = i;
    memory.n = n;
    memory.ridge = problem.ridge(i);
  }
  team.sync();
}

/// How many features from first_feature on a panel has.
template <class T>
__device__ __forceinline__ int panel_width(const SolveRows<T>& problem, int first_feature) {
  return min(static_cast<int>(problem.y.cols) - first_feature, kDualFeatures<T>);
}

/// Starts copying the panel of the features from first_feature on, if there are any; writes how they are scaled. Whole
/// chunks are filled, with zeros beyond the rank.
template <class T, int N>
__device__ __forceinline__ void gather_features(const DualTeam<T, N>& team, const SolveRows<T>& problem,
                                                int first_feature, int buffer) {
  constexpr int kTeam = RowShape<T, N>::kTeam;
  const int width = panel_width(problem, first_feature);
  if (width <= 0) return;
  const bool aligned = make_vectors(problem.y).aligned;
  const int n = team.memory.n;
  T* panel = team.memory.panel(buffer);
#pragma unroll 1
  for (int item = team.lane; item < n * kDualChunks; item += kTeam) {
    const int p = item / kDualChunks, f = item % kDualChunks * kChunk<T>;
    if (f >= width) continue;
    const T* vector = problem.y.row(team.memory.column_index[p]) + first_feature + f;
    T* to = panel + dual_place<N>(p) * kDualStride<T> + f;
    if (aligned && f + kChunk<T> <= width) {
      copy_async<16>(to, vector);
    } else {
#pragma unroll
      for (int c = 0; c < kChunk<T>; ++c) {
        if (f + c < width)
          copy_async<sizeof(T)>(to + c, vector + c);
        else
          to[c] = T(0);
      }
    }
  }
#pragma unroll 1
  for (int f = team.lane; f < kDualFeatures<T>; f += kTeam) {
    T scale = T(1);
    if (problem.implicit() && f < width) scale /= problem.diagonal(team.memory.ridge, first_feature + f);
    team.memory.scale[buffer][f] = scale;
  }
}

template <class T>
__device__ __forceinline__ Chunk<T> load_chunk(const T* from) {
  return *reinterpret_cast<const Chunk<T>*>(from);
}

/// Adds the chunks q = group, group + kGroups, ... of a panel to the products in a tile.
template <class T, int N>
__device__ __forceinline__ void accumulate_features(const DualTeam<T, N>& team, int chunks, int buffer,
                                                    T (&sums)[kTile][kTile]) {
  using Shape = RowShape<T, N>;
  if (team.group >= Shape::kGroups || team.row >= sides_of(team.memory.n)) return;
  constexpr int kNext = Shape::kSide * kDualStride<T>;  // from a tile's vector to its next one
  const T* left = team.memory.panel(buffer) + team.row * kDualStride<T>;
  const T* right = team.memory.panel(buffer) + team.column * kDualStride<T>;
  const T* scales = team.memory.scale[buffer];
#pragma unroll 1
  for (int q = team.group; q < chunks; q += Shape::kGroups) {
    const Chunk<T> scale = load_chunk(scales + q * kChunk<T>);
    Chunk<T> b[kTile];
#pragma unroll
    for (int c = 0; c < kTile; ++c) {
      b[c] = load_chunk(right + c * kNext + q * kChunk<T>);
#pragma unroll
      for (int e = 0; e < kChunk<T>; ++e) b[c].element[e] *= scale.element[e];
    }
#pragma unroll
    for (int r = 0; r < kTile; ++r) {
      const Chunk<T> a = load_chunk(left + r * kNext + q * kChunk<T>);
#pragma unroll
      for (int e = 0; e < kChunk<T>; ++e)
#pragma unroll
        for (int c = 0; c < kTile; ++c) sums[r][c] += a.element[e] * b[c].element[e];
    }
  }
}

/// Phases 1 and 2: the products y_p . D^-1 y_q in the tiles of group 0; zeros beyond the entries. While a panel is
/// multiplied the next one is on its way.
template <class T, int N>
__device__ __forceinline__ void sum_features(const DualTeam<T, N>& team, const SolveRows<T>& problem,
                                             T (&sums)[kTile][kTile]) {
  clear(sums);
  gather_features(team, problem, 0, 0);
  int buffer = 0;
#pragma unroll 1
  for (int f = 0; f < static_cast<int>(problem.y.cols); f += kDualFeatures<T>, buffer ^= 1) {
    wait_copies();
    team.sync();  // this panel is there, and the other one is done with
    gather_features(team, problem, f + kDualFeatures<T>, buffer ^ 1);
    accumulate_features(team, (panel_width(problem, f) + kChunk<T> - 1) / kChunk<T>, buffer, sums);
  }
  team.sync();  // the panels are done with
  add_groups(team, sums);
  const int n = team.memory.n;
#pragma unroll
  for (int r = 0; r < kTile; ++r)
#pragma unroll
    for (int c = 0; c < kTile; ++c)
      if (team.row * kTile + r >= n || team.column * kTile + c >= n) sums[r][c] = T(0);
}

/// The right-hand side with implicit feedback, W^1/2 (1 - Y D^-1 u): Y D^-1 u is `unobserved` times the sums of the
/// rows of Y D^-1 Y', to which a tile (i, j) brings those of its rows and, below the diagonal, those of its columns.
template <class T, int N>
__device__ __forceinline__ void sum_products(const DualTeam<T, N>& team, T unobserved,
                                             const T (&products)[kTile][kTile]) {
  T* sums = team.memory.sums();
  const int n = team.memory.n, sides = sides_of(n);
  if (team.owns_tile() && team.row < sides) {
#pragma unroll
    for (int r = 0; r < kTile; ++r) {
      T of_row = T(0), of_column = T(0);
#pragma unroll
      for (int c = 0; c < kTile; ++c) {
        of_row += products[r][c];
        of_column += products[c][r];
      }
      sums[team.column * N + team.row * kTile + r] = of_row;
      if (team.row != team.column) sums[team.row * N + team.column * kTile + r] = of_column;
    }
  }
  team.sync();
  if (team.lane < n) {
    T sum = T(0);
    for (int s = 0; s < sides; ++s) sum += sums[s * N + team.lane];
    team.memory.b[team.lane] = team.memory.root[team.lane] * (T(1) - unobserved * sum);
  }
}

/// Phase 3: the roots of the weights on both sides, the penalty on the diagonal, and beyond the entries what no
/// threshold exceeds; returns the largest element of the diagonal.
template <class T, int N>
__device__ __forceinline__ T complete(const DualTeam<T, N>& team, const SolveRows<T>& problem, T (&a)[kTile][kTile]) {
  const int n = team.memory.n;
  const T ridge = problem.implicit() ? T(1) : team.memory.ridge;
  const int first_row = team.row * kTile, first_column = team.column * kTile;
  T largest = T(0);
  if (team.owns_tile()) {
    T right[kTile];
#pragma unroll
    for (int c = 0; c < kTile; ++c) right[c] = team.memory.root[first_column + c];
#pragma unroll
    for (int r = 0; r < kTile; ++r) {
      const T left = team.memory.root[first_row + r];
#pragma unroll
      for (int c = 0; c < kTile; ++c) a[r][c] *= left * right[c];
      if (team.row == team.column) {
        a[r][r] = first_row + r < n ? a[r][r] + ridge : std::numeric_limits<T>::max();
        largest = first_row + r < n && largest < a[r][r] ? a[r][r] : largest;
      }
    }
  }
  return largest_of(team, sides_of(n), largest);
}

/// Phase 5, its second half: x = D^-1 sum of root_p z_p + unobserved times y_p, a chunk of it a thread.
template <class T, int N>
__device__ __forceinline__ void combine(const DualTeam<T, N>& team, const SolveRows<T>& problem) {
  const int n = team.memory.n;
  T* coefficient = team.memory.b;
  const T shared = problem.implicit() ? problem.shared.unobserved : T(0);
  if (team.lane < n) coefficient[team.lane] = team.memory.root[team.lane] * coefficient[team.lane] + shared;
  team.sync();
  const int k = static_cast<int>(problem.y.cols);
  const bool aligned = make_vectors(problem.y).aligned;
  T* out = problem.x.row(team.memory.i);
#pragma unroll 1
  for (int f = team.lane * kChunk<T>; f < k; f += RowShape<T, N>::kTeam * kChunk<T>) {
    const bool whole = aligned && f + kChunk<T> <= k;
    T sum[kChunk<T>] = {};
#pragma unroll 4
    for (int p = 0; p < n; ++p) {
      const T* vector = problem.y.row(team.memory.column_index[p]) + f;
      Chunk<T> chunk = {};
      if (whole) {
        chunk = load_chunk(vector);
      } else {
#pragma unroll
        for (int e = 0; e < kChunk<T>; ++e)
          if (f + e < k) chunk.element[e] = vector[e];
      }
#pragma unroll
      for (int e = 0; e < kChunk<T>; ++e) sum[e] += coefficient[p] * chunk.element[e];
    }
#pragma unroll
    for (int e = 0; e < kChunk<T>; ++e)
      if (f + e < k) out[f + e] = problem.implicit() ? sum[e] / problem.diagonal(team.memory.ridge, f + e) : sum[e];
  }
}

}  // namespace seesaw::cuda
