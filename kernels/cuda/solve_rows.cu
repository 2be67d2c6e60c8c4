#include <climits>
#include <utility>

#include "device.cuh"
#include "long_rows.cuh"
#include "row_system.cuh"
#include "solve_rows.cuh"
#include "solve_spd.hpp"

namespace seesaw::cuda {
namespace {

// The primal form. A team of threads owns a row of the bin: K threads for K = 8, 16, 32 (several rows to a block), a
// block for K = 64, 96, 128. The lower triangle of the K x K matrix A is cut into 8 x 8 tiles, a tile lives in one
// thread's registers from the first product to the last substitution, and A is never written anywhere else. Where a
// team has threads for several copies of the triangle they form groups: group g sums the entries g, g + kGroups, ... of
// each panel. Tiles are numbered from the last column on, so that the threads still at work late in the factorization
// fill few warps. Shared memory (RowMemory): two panels of gathered vectors, b, and, over the panels once they are done
// with, the column of L in work.
//   1. gather      16 bytes a lane by asynchronous copies, the next panel while this one is multiplied
//   2. accumulate  every thread its tile of A; thread f also b_f. The groups' sums are added in a fixed order.
//                  A row cut into segments takes their sums instead, in the order of the segments
//   3. penalty     on the diagonal; rows and columns beyond the rank k become those of the identity
//   4. factor      right-looking, by the columns of tiles that k needs: one thread the diagonal tile, those below it
//                  theirs, then everyone right of it subtracts the product of two published tiles; L^-1 b goes along
//   5. solve       L'^-1 from the last tile up, and x is written
// A row whose pivot is not above the threshold is only flagged.
//
// By scripts/gpu-report.sh (sm_80, sm_90, sm_100): no spills, at most 128 registers in float and 255 in double, so
// that kBlocks blocks are resident: 16 warps on a multiprocessor in float (15 for K = 96 and 128), 8 in double (6 for
// K = 96, 5 for K = 128). Shared memory of a block, float and double: 27 to 29 and 51 to 55 KiB for K = 8, 16 and 32,
// 13 and 26 for K = 64 and 96, 17 and 34 for K = 128; it is not what limits the residents. Of the instructions that
// phase 2 takes for an entry, 88 or 89 in float (K = 8: 82 or 83) and 92 or 93 in double (84 or 85), 64 are fused
// multiply-adds: where a multiply-add takes no longer to start than anything else, as in float on sm_90 and sm_100,
// phase 2 can reach 72 % of the peak at most (77 %).
template <class T, int K>
__global__ void __launch_bounds__(RowShape<T, K>::kThreads, RowShape<T, K>::kBlocks)
    solve_rows_kernel(SolveRows<T> problem, RowBin bin, offset_t chunk, const T* partials, unsigned char* flags) {
  using Shape = RowShape<T, K>;
  const CsrView<T>& ratings = problem.ratings;
  const RowTeam<T, K> team(reinterpret_cast<RowMemory<T, K>*>(dynamic_shared<char>()));
  const index_t i = bin.row(static_cast<index_t>(blockIdx.x) * Shape::kTeams + threadIdx.x / Shape::kTeam);
  if (i < 0) return;

  T a[kTile][kTile];
  const Segments segments = segments_of(ratings.offsets, i, chunk);
  if (segments.count == 0) {
    sum_entries(team, entries_of(problem), {ratings.offsets[i], ratings.offsets[i + 1]}, a);
  } else {
    sum_segments(team, partials + segments.first_slot * Shape::kPartial, segments.count, a);
  }
  const T largest = add_penalty(team, problem, i, a);
  const int k = static_cast<int>(problem.y.cols), sides = sides_of(k);
  if (!factor(team, sides, singular_threshold(k, largest), a)) {
    if (team.lane == 0) flags[i] = 1;
    return;
  }
  solve_backward(team, sides, a);
  if (team.lane < k) problem.x.data[i * problem.x.stride + team.lane] = team.memory.b[team.lane];
}

// Phases 1 and 2 for the segments of long rows: the team of slot s sums the entries of its segment, if it has one, to
// partials + s * kPartial: element e of tile t at e * kTiles + t, then b.
template <class T, int K>
__global__ void __launch_bounds__(RowShape<T, K>::kThreads, RowShape<T, K>::kBlocks)
    sum_segments_kernel(SolveRows<T> problem, offset_t chunk, offset_t slots, T* partials) {
  using Shape = RowShape<T, K>;
  const RowTeam<T, K> team(reinterpret_cast<RowMemory<T, K>*>(dynamic_shared<char>()));
  const offset_t slot = static_cast<offset_t>(blockIdx.x) * Shape::kTeams + threadIdx.x / Shape::kTeam;
  if (slot >= slots) return;
  const EntryRange range = segment_in_slot(problem.ratings.offsets, problem.ratings.rows, chunk, slot);
  if (range.first == range.last) return;

  T a[kTile][kTile];
  sum_entries(team, entries_of(problem), range, a);
  T* out = partials + slot * Shape::kPartial;
  if (team.owns_tile()) {
#pragma unroll
    for (int r = 0; r < kTile; ++r)
#pragma unroll
      for (int c = 0; c < kTile; ++c) out[(r * kTile + c) * Shape::kTiles + team.tile] = a[r][c];
  }
  if (team.lane < K) out[Shape::kPartial - K + team.lane] = team.memory.b[team.lane];
}

constexpr offset_t kMostSegments = 2048;  // of all long rows together

template <class T, int K>
void solve_compiled(Resources& gpu, const SolveRows<T>& problem, const RowBins& bins, unsigned char* flags) {
  using Shape = RowShape<T, K>;
  const CsrView<T>& ratings = problem.ratings;
  constexpr std::size_t kShared = Shape::kTeams * sizeof(RowMemory<T, K>);
  const offset_t chunk = segment_entries(ratings.entries, kMostSegments);
  const offset_t slots = ratings.entries / chunk;
  auto blocks = [](index_t teams) { return (teams + Shape::kTeams - 1) / Shape::kTeams; };
  T* partials = nullptr;
  if (slots >= 2) {
    partials = gpu.scratch<T>(Scratch::partials, static_cast<std::size_t>(slots * Shape::kPartial));
    launch(sum_segments_kernel<T, K>, blocks(slots), Shape::kThreads, kShared, gpu.stream(), problem, chunk, slots,
           partials);
  }
  launch(solve_rows_kernel<T, K>, blocks(bins.most(kPrimalBin)), Shape::kThreads, kShared, gpu.stream(), problem,
         bins.bin(kPrimalBin), chunk, partials, flags);
}

template <class T, int... K>
void solve_smallest(Resources& gpu, const SolveRows<T>& problem, const RowBins& bins, unsigned char* flags,
                    std::integer_sequence<int, K...>) {
  const index_t k = problem.y.cols;
  (void)((k <= K ? (solve_compiled<T, K>(gpu, problem, bins, flags), true) : false) || ...);
}

using CompiledRanks = std::integer_sequence<int, 8, 16, 32, 64, 96, kFusedRank>;

/// Bytes of the segments' sums at the smallest compiled rank.
template <class T, int... K>
double partial_bytes(const SolveRowsSize& size, std::integer_sequence<int, K...>) {
  const offset_t slots = size.entries / segment_entries(size.entries, kMostSegments);
  double elements = 0;
  (void)((size.rank <= K ? (elements = RowShape<T, K>::kPartial, true) : false) || ...);
  return slots >= 2 ? static_cast<double>(slots) * elements * sizeof(T) : 0;
}

}  // namespace

template <class T>
void solve_rows(Resources& gpu, const SolveRows<T>& problem) {
  const DeviceScope scope(gpu.device());
  if (problem.singular_rows != nullptr)
    check(cudaMemsetAsync(problem.singular_rows, 0, sizeof(std::int64_t), gpu.stream()), "cudaMemsetAsync");
  if (problem.ratings.rows == 0) return;
  auto* flags = gpu.scratch<unsigned char>(Scratch::flags, static_cast<std::size_t>(problem.ratings.rows));
  const RowBins bins(gpu, problem, longest_dual_row(problem.y.cols), flags);
  solve_dual_rows(gpu, problem, bins, flags);
  if (problem.y.cols <= kFusedRank)
    solve_smallest(gpu, problem, bins, flags, CompiledRanks{});
  else
    solve_rows_large(gpu, problem, bins, flags);
  solve_singular_rows(gpu, problem, flags);
}

template <class T>
double solve_rows_workspace(const SolveRowsSize& size) {
  return static_cast<double>(size.rows) + row_bins_workspace(size.rows) + solve_singular_rows_workspace<T>(size) +
         (size.rank <= kFusedRank ? partial_bytes<T>(size, CompiledRanks{}) : solve_rows_large_workspace<T>(size));
}

template double solve_rows_workspace<float>(const SolveRowsSize&);
template double solve_rows_workspace<double>(const SolveRowsSize&);
template void solve_rows(Resources&, const SolveRows<float>&);
template void solve_rows(Resources&, const SolveRows<double>&);

}  // namespace seesaw::cuda
