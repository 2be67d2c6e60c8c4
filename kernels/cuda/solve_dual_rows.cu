#include <utility>

#include "device.cuh"
#include "dual_system.cuh"
#include "row_bins.cuh"
#include "solve_rows.cuh"
#include "solve_spd.hpp"

namespace seesaw::cuda {
namespace {

// The dual form of a row of n <= N entries, an n x n system in the place of one k x k:
//   x = Y' C^1/2 z with (C^1/2 Y Y' C^1/2 + ridge I) z = C^1/2 a
// and with implicit feedback, by Woodbury's formula, D the diagonal of kernels/solve_rows.hpp, W = C - unobserved I and
// u = unobserved * the sum of the row's vectors:
//   x = D^-1 (u + Y' W^1/2 z) with (W^1/2 Y D^-1 Y' W^1/2 + I) z = W^1/2 (1 - Y D^-1 u)
// A team of threads owns a row of the bin: N threads for N = 8, 16, 32, so that 16, 8 or 4 rows share a block, and a
// block for N = 64, 96, 128. As in solve_rows.cu an 8 x 8 tile of the lower triangle lives in one thread's registers,
// and where a team has threads for several copies of the triangle group g sums the chunks g, g + kGroups, ... of each
// panel. Shared memory (DualMemory): two panels of 8 chunks, 128 bytes, of each of the n vectors as they lie in device
// memory, how their features are scaled, b, the roots of the weights; over the panels once they are done with, the sums
// of rows of products, and the column of L in work.
//   1. gather      16 bytes a lane by asynchronous copies, the next panel while this one is multiplied
//   2. accumulate  every thread its tile of Y D^-1 Y', chunk by chunk: 16 chunks loaded for 64 products of one with
//                  another. The groups' sums are added in a fixed order; their rows' sums give Y D^-1 u
//   3. penalty     the roots of the weights on both sides, ridge or 1 on the diagonal; the identity beyond n
//   4. factor      and 5. solve, as in solve_rows.cu, no more columns of tiles than n needs; x = Y' C^1/2 z, every
//                  thread a chunk of it, from the vectors read again
// A row whose pivot is not above the threshold is only flagged.
//
// Multiply-adds: k N (N + 8) / 2 for the products, n^3 / 6 + n^2 to factor and solve, n k for x. Bytes: n (2 k s + 2 s
// + 4) read, the second half of the vectors' from a cache, and k s written. At N = 8 it is bound by memory: 9
// multiply-adds for a number that it reads from there.
//
// By scripts/gpu-report.sh (sm_80, sm_90, sm_100): no spills, at most 128 registers in float and 255 in double, so that
// 16 warps are resident on a multiprocessor in float (15 for N = 96 and 128), 8 in double (6 for N = 96, 5 for N =
// 128). Shared memory of a block, float and double, in KiB: 46 and 71 for N = 8, 42 and 45, 40 and 42, 19 and 20, 29
// and 30, 38 and 39 for N = 128; on sm_80, which has 164, that leaves room for 12 warps in float for N = 8 and 16. Of
// the 314 or 315 instructions that phase 2 takes for a chunk of 4 features in float, 256 are fused multiply-adds, 17
// loads of 16 bytes; of the 170 for 2 features in double, 128. At N = 8 these are 305 and 161.
template <class T, int N>
__global__ void __launch_bounds__(RowShape<T, N>::kThreads, RowShape<T, N>::kBlocks)
    solve_dual_rows_kernel(SolveRows<T> problem, RowBin bin, unsigned char* flags) {
  using Shape = RowShape<T, N>;
  const DualTeam<T, N> team(reinterpret_cast<DualMemory<T, N>*>(dynamic_shared<char>()));
  const index_t i = bin.row(static_cast<index_t>(blockIdx.x) * Shape::kTeams + threadIdx.x / Shape::kTeam);
  if (i < 0) return;
  load_entries(team, problem, i);
  T a[kTile][kTile];
  sum_features(team, problem, a);
  if (problem.implicit()) sum_products(team, problem.shared.unobserved, a);
  const T largest = complete(team, problem, a);
  const int n = team.memory.n, sides = sides_of(n);
  if (!factor(team, sides, singular_threshold(n, largest), a)) {
    if (team.lane == 0) flags[team.memory.i] = 1;
    return;
  }
  solve_backward(team, sides, a);
  combine(team, problem);
}

template <class T, int Bin>
void solve_bin(Resources& gpu, const SolveRows<T>& problem, const RowBins& bins, unsigned char* flags) {
  constexpr int kOrder = dual_order(Bin);
  using Shape = RowShape<T, kOrder>;
  launch(solve_dual_rows_kernel<T, kOrder>, (bins.most(Bin) + Shape::kTeams - 1) / Shape::kTeams, Shape::kThreads,
         Shape::kTeams * sizeof(DualMemory<T, kOrder>), gpu.stream(), problem, bins.bin(Bin), flags);
}

template <class T, int... Bin>
void solve_bins(Resources& gpu, const SolveRows<T>& problem, const RowBins& bins, unsigned char* flags,
                std::integer_sequence<int, Bin...>) {
  (solve_bin<T, Bin>(gpu, problem, bins, flags), ...);
}

}  // namespace

template <class T>
void solve_dual_rows(Resources& gpu, const SolveRows<T>& problem, const RowBins& bins, unsigned char* flags) {
  solve_bins(gpu, problem, bins, flags, std::make_integer_sequence<int, kDualBins>{});
}

template void solve_dual_rows(Resources&, const SolveRows<float>&, const RowBins&, unsigned char*);
template void solve_dual_rows(Resources&, const SolveRows<double>&, const RowBins&, unsigned char*);

}  // namespace seesaw::cuda
