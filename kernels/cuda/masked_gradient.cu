#include "entry_parts.cuh"
#include "masked_gradient.hpp"
#include "penalty.cuh"

// The problems come here with the modes in the order of own_mode_first(): mode 0 is the one that the entries are by.
namespace seesaw::cuda {
namespace {

/// What is summed over the entries of a row.
enum class Form { gradient, product };

/// What h_e and q_e are multiplied with in the sum.
template <class T>
struct Scales {
  T h, q;
};

template <class T, int C>
__device__ __forceinline__ T dot(const Part<T, C>& a, const Part<T, C>& b) {
  T sum = T(0);
#pragma unroll
  for (int c = 0; c < C; ++c)
#pragma unroll
    for (int n = 0; n < kChunk<T>; ++n) sum += a.chunk[c].element[n] * b.chunk[c].element[n];
  return sum;
}

/// Whether every row that is read begins at a multiple of 16 bytes.
template <Form kForm, int kOrder, class T>
__device__ __forceinline__ bool all_aligned(const MaskedProduct<T>& problem) {
  bool aligned = true;
#pragma unroll
  for (int m = 0; m < kOrder; ++m) {
    if (m >= problem.entries.order) break;
    aligned = aligned && make_vectors(problem.factors[m]).aligned;
    if (kForm == Form::product) aligned = aligned && make_vectors(problem.direction[m]).aligned;
  }
  return aligned;
}

/// The chunks first, first + step, ... of the row of mode m in entry e.
template <int C, class T>
__device__ __forceinline__ Part<T, C> load_row(const MaskedProduct<T>& problem, const FactorViews<T>& rows, int m,
                                               offset_t e, index_t first, index_t step, bool aligned) {
  return load_part<C>(rows[m].row(problem.entries.indices[m][e]), first, step, problem.rank(), aligned);
}

/// Those of h_e and, for the product, of q_e: (h, q) times (a, d) is (h a, q a + h d).
template <Form kForm, int kOrder, class T, int C>
__device__ __forceinline__ void load_others(const MaskedProduct<T>& problem, offset_t e, index_t first, index_t step,
                                            bool aligned, Part<T, C>& h, Part<T, C>& q) {
  h = load_row<C>(problem, problem.factors, 1, e, first, step, aligned);
  if (kForm == Form::product) q = load_row<C>(problem, problem.direction, 1, e, first, step, aligned);
#pragma unroll
  for (int m = 2; m < kOrder; ++m) {
    if (m >= problem.entries.order) break;
    const Part<T, C> a = load_row<C>(problem, problem.factors, m, e, first, step, aligned);
    if (kForm == Form::product) {
      const Part<T, C> d = load_row<C>(problem, problem.direction, m, e, first, step, aligned);
#pragma unroll
      for (int c = 0; c < C; ++c)
#pragma unroll
        for (int n = 0; n < kChunk<T>; ++n)
          q.chunk[c].element[n] =
              q.chunk[c].element[n] * a.chunk[c].element[n] + h.chunk[c].element[n] * d.chunk[c].element[n];
    }
#pragma unroll
    for (int c = 0; c < C; ++c)
#pragma unroll
      for (int n = 0; n < kChunk<T>; ++n) h.chunk[c].element[n] *= a.chunk[c].element[n];
  }
}

/// Entry e of the model's value `model` and, along the direction, its change. The residual goes to `sums` where it
/// `counts`.
template <Form kForm, class T>
__device__ __forceinline__ Scales<T> scales(const MaskedProduct<T>& problem, offset_t e, T model, T change, bool counts,
                                            Sums& sums) {
  const T weight = problem.entries.weights != nullptr ? problem.entries.weights[e] : T(1);
  const T residual = problem.entries.values[e] - model;
  if (counts) sums.add_residual(residual, weight);
  if (kForm == Form::gradient) return {-(weight * residual), T(0)};
  return {weight * change, problem.curvature == Curvature::exact ? -(weight * residual) : T(0)};
}

/// The sum over the entries of row i that are in `range`, of rank k <= C * kLanes * kChunk: team t of the warp takes
/// every kWarpTeams-th of them, lane l of it the chunks l, l + kLanes, ... of every vector, in registers. The teams'
/// sums are added last; lanes of the same number in each team then have the same.
template <Form kForm, int kOrder, int C, class T>
__device__ __forceinline__ Part<T, C> sum_in_registers(const MaskedProduct<T>& problem, EntryRange range, index_t i,
                                                       bool aligned, bool counts, Sums& sums) {
  const index_t k = problem.rank();
  const int lane = static_cast<int>(threadIdx.x) % kLanes, team = static_cast<int>(threadIdx.x) % kWarp / kLanes;
  const Part<T, C> x = load_part<C>(problem.factors[0].row(i), lane, kLanes, k, aligned);
  Part<T, C> d, sum;
  if (kForm == Form::product) d = load_part<C>(problem.direction[0].row(i), lane, kLanes, k, aligned);
  clear(sum);
#pragma unroll 1
  for (offset_t base = range.first; base < range.last; base += kWarpTeams) {
    const offset_t e = base + team;
    const bool active = e < range.last;
    Part<T, C> h, q;
    clear(h);
    clear(q);
    if (active) load_others<kForm, kOrder>(problem, e, lane, kLanes, aligned, h, q);
    const T model = team_sum(dot(x, h));
    T change = T(0);
    if (kForm == Form::product) change = team_sum(dot(d, h) + dot(x, q));
    if (!active) continue;
    const Scales<T> scale = scales<kForm>(problem, e, model, change, counts && lane == 0, sums);
    add_multiple(scale.h, h, sum);
    if (kForm == Form::product) add_multiple(scale.q, q, sum);
  }
  add_teams(sum);
  return sum;
}

/// The same for any rank, added to `out`: the warp takes the entries one after the other, lane l the chunks l, l + 32,
/// ... of every vector. First the scales of some entries, one a lane, then the sums over them; h_e is formed twice.
template <Form kForm, int kOrder, class T>
__device__ __forceinline__ void add_wide(const MaskedProduct<T>& problem, EntryRange range, index_t i, bool aligned,
                                         T* out, bool counts, Sums& sums) {
  const index_t k = problem.rank(), chunks = (k + kChunk<T> - 1) / kChunk<T>;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
#pragma unroll 1
  for (offset_t base = range.first; base < range.last; base += kWarp) {
    const offset_t left = range.last - base;
    const int count = static_cast<int>(left < kWarp ? left : kWarp);
    Scales<T> mine{T(0), T(0)};
#pragma unroll 1
    for (int b = 0; b < count; ++b) {
      T model = T(0), change = T(0);
#pragma unroll 1
      for (index_t c = lane; c < chunks; c += kWarp) {
        Part<T, 1> h, q;
        load_others<kForm, kOrder>(problem, base + b, c, 0, aligned, h, q);
        const Part<T, 1> x = load_part<1>(problem.factors[0].row(i), c, 0, k, aligned);
        model += dot(x, h);
        if (kForm == Form::product)
          change += dot(load_part<1>(problem.direction[0].row(i), c, 0, k, aligned), h) + dot(x, q);
      }
      model = team_sum<kWarp>(model);
      if (kForm == Form::product) change = team_sum<kWarp>(change);
      const Scales<T> scale = scales<kForm>(problem, base + b, model, change, counts && lane == 0, sums);
      if (lane == b) mine = scale;
    }
#pragma unroll 1
    for (index_t first = 0; first < chunks; first += kWarp) {  // lanes beyond the last chunk load zeros
      const index_t c = first + lane;
      Part<T, 1> sum = load_part<1, T>(out, c, 0, k, false);
#pragma unroll 1
      for (int b = 0; b < count; ++b) {
        Part<T, 1> h, q;
        load_others<kForm, kOrder>(problem, base + b, c, 0, aligned, h, q);
        add_multiple(__shfl_sync(0xffffffffu, mine.h, b), h, sum);
        if (kForm == Form::product) add_multiple(__shfl_sync(0xffffffffu, mine.q, b), q, sum);
      }
      store_chunk(sum.chunk[0], out, c, k, false);
    }
  }
}

/// out = the sum over the entries in `range` + ridge * own.
template <Form kForm, int kOrder, int C, class T>
__device__ __forceinline__ void reduce(const MaskedProduct<T>& problem, EntryRange range, index_t i, bool aligned,
                                       T ridge, T* out, bool counts, Sums& sums) {
  const index_t k = problem.rank();
  const T* own = (kForm == Form::product ? problem.direction[0] : problem.factors[0]).row(i);
  if constexpr (C == 0) {
    const int lane = static_cast<int>(threadIdx.x) % kWarp;
    for (index_t c = lane; c * kChunk<T> < k; c += kWarp) {
      Part<T, 1> start;
      clear(start);
      add_multiple(ridge, load_part<1>(own, c, 0, k, aligned), start);
      store_chunk(start.chunk[0], out, c, k, false);
    }
    add_wide<kForm, kOrder>(problem, range, i, aligned, out, counts, sums);
  } else {
    const int lane = static_cast<int>(threadIdx.x) % kLanes;
    Part<T, C> sum = sum_in_registers<kForm, kOrder, C>(problem, range, i, aligned, counts, sums);
    add_multiple(ridge, load_part<C>(own, lane, kLanes, k, aligned), sum);
    if (threadIdx.x % kWarp >= kLanes) return;
    const bool to_aligned = reinterpret_cast<unsigned long long>(out) % 16 == 0;
#pragma unroll
    for (int c = 0; c < C; ++c) store_chunk(sum.chunk[c], out, lane + c * kLanes, k, to_aligned);
  }
}

template <class T>
__device__ __forceinline__ T ridge_of_row(const MaskedProduct<T>& problem, index_t i) {
  return ridge_of<T>(problem.penalty, problem.entries.offsets[i + 1] - problem.entries.offsets[i]);
}

// A warp takes a task, then the one gridDim.x * kWarps further on. The first `slots` tasks are segments of long rows
// (long_rows.cuh), the sum over the one in slot s goes to partials + s * k; the others are rows, and one that is cut is
// left to add_segments_kernel. Bound by memory: x_i and the sum stay in registers, an entry costs the loads of the
// other modes' rows, 16 bytes a lane. By rank: C chunks a lane of a team, or, where C is 0, any rank by whole warps.
// kOrder 2, or kMaxOrder for any.
//   1. others    h_e, and q_e along the direction
//   2. residual  and the change along the direction: sums over the lanes
//   3. sum       of multiples of h_e and q_e; then, for a row, the penalty
//   4. sums      of the residuals, in double, by block, where `sums` is not null
template <Form kForm, int kOrder, int C, class T>
__global__ void __launch_bounds__(kThreads, C == 4 ? 1 : 2)
    rows_kernel(MaskedProduct<T> problem, offset_t chunk, offset_t slots, T* partials, Sums* sums) {
  const offset_t* offsets = problem.entries.offsets;
  const index_t rows = problem.entries.shape[0];
  const bool aligned = all_aligned<kForm, kOrder>(problem);
  const bool wanted = kForm == Form::gradient && sums != nullptr;
  Sums mine{};
#pragma unroll 1
  for (index_t task = static_cast<index_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp; task < slots + rows;
       task += static_cast<index_t>(gridDim.x) * kWarps) {
    EntryRange range;
    index_t i = task - slots;
    T ridge = T(0);
    T* out;
    if (task < slots) {
      range = segment_in_slot(offsets, rows, chunk, task);
      if (range.first == range.last) continue;
      i = row_of_entry(offsets, range.first, 0, rows - 1);
      out = partials + task * problem.rank();
    } else {
      if (segments_of(offsets, i, chunk).count > 0) continue;
      range = {offsets[i], offsets[i + 1]};
      ridge = ridge_of_row(problem, i);
      out = problem.product.row(i);
    }
    reduce<kForm, kOrder, C>(problem, range, i, aligned, ridge, out, wanted, mine);
  }
  if (wanted) store_block_sums(mine, sums + blockIdx.x);
}

// A block a slot: the long rows are the sums of their segments, and the penalty. `own`: what the penalty multiplies.
template <class T>
__global__ void __launch_bounds__(kThreads)
    add_segments_kernel(MaskedProduct<T> problem, MatrixView<const T> own, offset_t chunk, const T* partials) {
  add_segments(problem.entries.offsets, chunk, partials, problem.product,
               [&](index_t i, index_t f) { return ridge_of_row(problem, i) * own.row(i)[f]; });
}

/// Of a polynomial in the step along a line.
template <int kOrder>
struct Coefficients {
  double c[2 * kOrder + 1];

  __device__ void add(const Coefficients& other) {
#pragma unroll
    for (int n = 0; n <= 2 * kOrder; ++n) c[n] += other.c[n];
  }
};

// Block c takes the entries c * chunk to (c + 1) * chunk - 1, its team t every kTeams-th of them from the t-th on; a
// lane the elements lane, lane + kLanes, ... of the rows.
//   1. row       by binary search, for the block's first and last entry, then between those
//   2. residual  as a polynomial in the step, of degree kOrder: the value - the product of (a + t d) over the modes
//   3. square    of it, by entry; the sums by team, then over the teams of the block
template <int kOrder, class T>
__global__ void __launch_bounds__(kThreads)
    line_kernel(MaskedLine<T> problem, offset_t chunk, Coefficients<kOrder>* partials) {
  const ModeView<T>& entries = problem.entries;
  const offset_t* offsets = entries.offsets;
  const index_t rows = entries.shape[0], k = problem.rank();
  const offset_t first = offsets[0] + blockIdx.x * chunk, last = min(first + chunk, offsets[rows]);
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  index_t row = row_of_entry(offsets, first, 0, rows - 1);
  const index_t last_row = row_of_entry(offsets, last - 1, row, rows - 1);
  Coefficients<kOrder> mine{};
#pragma unroll 1
  for (offset_t base = first; base < last; base += kTeams) {
    const offset_t e = base + threadIdx.x / kLanes;
    const bool active = e < last;
    double residual[kOrder + 1] = {};
    if (active && e >= offsets[row + 1]) row = row_of_entry(offsets, e, row + 1, last_row);
#pragma unroll 1
    for (index_t f = lane; active && f < k; f += kLanes) {
      double product[kOrder + 1] = {1};
#pragma unroll
      for (int m = 0; m < kOrder; ++m) {
        if (m >= entries.order) break;
        const index_t j = m == 0 ? row : entries.indices[m][e];
        const auto a = static_cast<double>(problem.factors[m].row(j)[f]);
        const auto d = static_cast<double>(problem.direction[m].row(j)[f]);
#pragma unroll
        for (int n = m + 1; n > 0; --n) product[n] = a * product[n] + d * product[n - 1];
        product[0] *= a;
      }
#pragma unroll
      for (int n = 0; n <= kOrder; ++n) residual[n] -= product[n];
    }
#pragma unroll
    for (int n = 0; n <= kOrder; ++n) residual[n] = team_sum(residual[n]);
    if (!active || lane != 0) continue;
    residual[0] += static_cast<double>(entries.values[e]);
    const double half = 0.5 * (entries.weights != nullptr ? static_cast<double>(entries.weights[e]) : 1.0);
#pragma unroll
    for (int n = 0; n <= kOrder; ++n)
#pragma unroll
      for (int l = 0; l <= kOrder; ++l) mine.c[n + l] += half * residual[n] * residual[l];
  }
  store_block_sums(mine, partials + blockIdx.x);
}

template <class T>
using RowsKernel = void (*)(MaskedProduct<T>, offset_t, offset_t, T*, Sums*);

template <Form kForm, int kOrder, class T>
RowsKernel<T> rows_kernel_of(index_t k) {
  constexpr index_t kElements = kLanes * kChunk<T>;  // that a team has in a chunk a lane
  if (k <= kElements) return rows_kernel<kForm, kOrder, 1, T>;
  if (k <= 2 * kElements) return rows_kernel<kForm, kOrder, 2, T>;
  if (k <= 4 * kElements) return rows_kernel<kForm, kOrder, 4, T>;
  return rows_kernel<kForm, kOrder, 0, T>;
}

/// Of the gradient also the sums of the residuals, where they are wanted.
template <Form kForm, class T>
void reduce_rows(Resources& gpu, const MaskedProduct<T>& given, ResidualSums* residual_sums) {
  const MaskedProduct<T> problem = own_mode_first(given);
  const index_t k = problem.rank(), rows = problem.entries.shape[0];
  if (residual_sums != nullptr) *residual_sums = {};
  if (rows == 0) return;
  const DeviceScope scope(gpu.device());
  const offset_t chunk = segment_entries<T>(problem.entries.entries, k);
  const offset_t slots = problem.entries.entries / chunk >= 2 ? problem.entries.entries / chunk : 0;
  T* partials = slots > 0 ? gpu.scratch<T>(Scratch::partials, static_cast<std::size_t>(slots * k)) : nullptr;
  constexpr index_t kMostBlocks = 16384;  // a warp then takes several rows
  const index_t blocks = std::min((slots + rows + kWarps - 1) / kWarps, kMostBlocks);
  Sums* sums = residual_sums != nullptr ? gpu.scratch<Sums>(Scratch::sums, static_cast<std::size_t>(blocks)) : nullptr;
  const RowsKernel<T> kernel =
      problem.entries.order == 2 ? rows_kernel_of<kForm, 2, T>(k) : rows_kernel_of<kForm, kMaxOrder, T>(k);
  launch(kernel, blocks, kThreads, sums != nullptr ? kTeams * sizeof(Sums) : 0, gpu.stream(), problem, chunk, slots,
         partials, sums);
  launch(add_segments_kernel<T>, slots, kThreads, 0, gpu.stream(), problem,
         kForm == Form::product ? problem.direction[0] : problem.factors[0], chunk, partials);
  if (sums == nullptr) return;
  const Sums all = total(gpu, sums, blocks);
  *residual_sums = {all.squared, all.weighted, all.plain};
}

template <int kOrder, class T>
Polynomial line(Resources& gpu, const MaskedLine<T>& problem) {
  const Cut cut(problem.entries.entries);
  auto* partials = gpu.scratch<Coefficients<kOrder>>(Scratch::sums, static_cast<std::size_t>(cut.blocks));
  launch(line_kernel<kOrder, T>, cut.blocks, kThreads, kTeams * sizeof(Coefficients<kOrder>), gpu.stream(), problem,
         cut.chunk, partials);
  const Coefficients<kOrder> sums = total(gpu, partials, cut.blocks);
  Polynomial all{};
  std::copy(std::begin(sums.c), std::end(sums.c), all.begin());
  return all;
}

}  // namespace

template <class T>
void masked_gradient(Resources& gpu, const MaskedGradient<T>& problem, ResidualSums* sums) {
  reduce_rows<Form::gradient>(
      gpu, MaskedProduct<T>{problem.entries, problem.factors, {}, Curvature::exact, problem.penalty, problem.gradient},
      sums);
}

template <class T>
void masked_product(Resources& gpu, const MaskedProduct<T>& problem) {
  reduce_rows<Form::product>(gpu, problem, nullptr);
}

template <class T>
Polynomial masked_line(Resources& gpu, const MaskedLine<T>& problem) {
  if (problem.entries.entries == 0) return {};
  const DeviceScope scope(gpu.device());
  const MaskedLine<T> ordered = own_mode_first(problem);
  if (ordered.entries.order == 2) return line<2>(gpu, ordered);
  return ordered.entries.order <= 4 ? line<4>(gpu, ordered) : line<kMaxOrder>(gpu, ordered);
}

template <class T>
double penalty_slope(Resources& gpu, MatrixView<const T> x, MatrixView<const T> z, const offset_t* offsets,
                     Penalty penalty) {
  return penalty.lambda * weighted_product(gpu, x, z, offsets, penalty);
}

template void masked_gradient(Resources&, const MaskedGradient<float>&, ResidualSums*);
template void masked_gradient(Resources&, const MaskedGradient<double>&, ResidualSums*);
template void masked_product(Resources&, const MaskedProduct<float>&);
template void masked_product(Resources&, const MaskedProduct<double>&);
template Polynomial masked_line(Resources&, const MaskedLine<float>&);
template Polynomial masked_line(Resources&, const MaskedLine<double>&);
template double penalty_slope(Resources&, MatrixView<const float>, MatrixView<const float>, const offset_t*, Penalty);
template double penalty_slope(Resources&, MatrixView<const double>, MatrixView<const double>, const offset_t*, Penalty);

}  // namespace seesaw::cuda
