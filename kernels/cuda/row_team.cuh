#pragma once
#include "panel.cuh"

// A symmetric positive definite system in register tiles, shared by the team of threads that owns it: its sums from the
// threads' groups, its Cholesky factorization and its solution. See solve_rows.cu for the mapping.
namespace seesaw::cuda {

/// How many threads share a system of the compiled order K, and what they own.
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

/// A team and its part of the shared memory, in which Memory has
///   diagonal  kTile x kTile, the factor's tile (s, s), its diagonal inverted
///   b         K, the right-hand side, then L^-1 b, then the solution
///   largest   an element for each column of tiles
///   singular  whether a pivot was not above the threshold
/// and, over what is done with by then,
///   exchange()  (kGroups - 1) x kTile x kTeam elements       column()  kTile columns of the factor, K elements each
template <class T, int K, class Memory>
struct Team {
  using Shape = RowShape<T, K>;
  Memory& memory;
  int lane;
  int group;  ///< of the entries that it sums; group 0 goes on to factor
  int tile;   ///< number among the tiles of the lower triangle; the last columns' come first
  int row;    ///< of the tile, in tiles
  int column;
  unsigned mask;

  __device__ explicit Team(Memory* memories)
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

/// Adds the groups' sums to those of group 0, always in the same order.
template <class T, int K, class Memory>
__device__ __forceinline__ void add_groups(const Team<T, K, Memory>& team, T (&sums)[kTile][kTile]) {
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

/// The columns of tiles that a system of this order needs.
__device__ __forceinline__ int sides_of(index_t order) { return static_cast<int>((order + kTile - 1) / kTile); }

/// The largest element of the diagonal, for the whole team, from what the owner of each tile on it found in that tile.
template <class T, int K, class Memory>
__device__ __forceinline__ T largest_of(const Team<T, K, Memory>& team, int sides, T largest_in_tile) {
  if (team.owns_tile() && team.row == team.column) team.memory.largest[team.row] = largest_in_tile;
  if (team.lane == 0) team.memory.singular = 0;
  team.sync();
  T largest = T(0);
  for (int s = 0; s < sides; ++s) largest = max(largest, team.memory.largest[s]);
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
template <class T, int K, class Memory>
__device__ __forceinline__ void factor_diagonal(const Team<T, K, Memory>& team, T threshold, T (&a)[kTile][kTile]) {
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
template <class T, int K, class Memory>
__device__ __forceinline__ void factor_below(const Team<T, K, Memory>& team, T (&a)[kTile][kTile]) {
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
template <class T, int K, class Memory>
__device__ __forceinline__ void update_tile(const Team<T, K, Memory>& team, T (&a)[kTile][kTile]) {
#pragma unroll 1
  for (int c = 0; c < kTile; ++c) {
    const T* column = team.memory.column() + c * K;
    add_outer<T, K>(column, team.row, column, team.column, T(-1), a);
  }
}

/// Phase 4: L in place of A, L^-1 b in place of b. False, for the whole team, where a pivot is not above the threshold.
/// `sides`, the columns of tiles, are those that the order of the system needs: beyond it is the identity.
template <class T, int K, class Memory>
__device__ __forceinline__ bool factor(const Team<T, K, Memory>& team, int sides, T threshold, T (&a)[kTile][kTile]) {
  const bool owner = team.owns_tile();
  for (int s = 0; s < sides; ++s) {
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
template <class T, int K, class Memory>
__device__ __forceinline__ void solve_backward(const Team<T, K, Memory>& team, int sides, const T (&l)[kTile][kTile]) {
  const bool owner = team.owns_tile();
  T* b = team.memory.b;
  for (int s = sides - 1; s >= 0; --s) {
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
