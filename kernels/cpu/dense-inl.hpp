// Dense SIMD pieces of solve_rows, gram and solve_spd. Included once for each instruction set, as Highway has it: no
// ordinary include guard. Matrices are symmetric, row-major, laid out by Layout; only rows from the diagonal on (the
// upper triangle, rounded down to a whole vector) are formed and read.
#if defined(SEESAW_CPU_DENSE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef SEESAW_CPU_DENSE_INL
#undef SEESAW_CPU_DENSE_INL
#else
#define SEESAW_CPU_DENSE_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "cpu/dense.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Vectors = hn::ScalableTag<T>;

template <class T>
constexpr index_t lanes() {
  return static_cast<index_t>(hn::MaxLanes(Vectors<T>()));
}

/// A register tile is kTileRows x (at most) kTileVectors vectors: 24 of 32 registers, or 12 of 16.
inline constexpr bool kManyRegisters = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON;
inline constexpr int kTileRows = kManyRegisters ? 8 : 4;
inline constexpr int kTileVectors = 3;

enum class Update { set, add, subtract };

template <Update kUpdate, class V, class T>
HWY_INLINE V update_sum(T row, V column, V sum) {
  const auto factor = hn::Set(hn::DFromV<V>(), row);
  return kUpdate == Update::subtract ? hn::NegMulAdd(factor, column, sum) : hn::MulAdd(factor, column, sum);
}

/// out (+/-)= the sum over p of (kRows numbers at rows + p * stride)' (kVectors vectors at columns + p * stride). Where
/// there are too few sums to hide the time that an addition takes, every other p has its own.
/// Calls meanwhile() once for every two p and kTileRows rows.
template <Update kUpdate, int kRows, int kVectors, class T, class Meanwhile>
HWY_INLINE void update_tile(const T* HWY_RESTRICT rows, const T* HWY_RESTRICT columns, index_t stride, index_t depth,
                            T* HWY_RESTRICT out, index_t out_stride, Meanwhile&& meanwhile) {
  constexpr int kSets = kRows * kVectors <= kTileRows ? 2 : 1;
  const Vectors<T> d;
  hn::Vec<Vectors<T>> sum[kSets][kRows][kVectors];
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v) {
      sum[kSets - 1][r][v] = hn::Zero(d);
      sum[0][r][v] = kUpdate == Update::set ? hn::Zero(d) : hn::Load(d, out + r * out_stride + v * lanes<T>());
    }
  const auto step = [&](auto& to) {
    hn::Vec<Vectors<T>> column[kVectors];
    for (int v = 0; v < kVectors; ++v) column[v] = hn::Load(d, columns + v * lanes<T>());
    for (int r = 0; r < kRows; ++r)
      for (int v = 0; v < kVectors; ++v) to[r][v] = update_sum<kUpdate>(rows[r], column[v], to[r][v]);
    rows += stride;
    columns += stride;
  };
  for (index_t p = 0; p + 2 <= depth; p += 2) {
    step(sum[0]);
    step(sum[kSets - 1]);
    for (int r = 0; r < kRows; r += kTileRows) meanwhile();
  }
  if (depth % 2 != 0) step(sum[0]);
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v) {
      const auto all = kSets == 1 ? sum[0][r][v] : hn::Add(sum[0][r][v], sum[kSets - 1][r][v]);
      hn::Store(all, d, out + r * out_stride + v * lanes<T>());
    }
}

/// Rows first to last - 1 of a (+/-)= panel' panel. The panel is depth x width. meanwhile() is called many times,
/// evenly.
template <Update kUpdate, class T, class Meanwhile>
HWY_NOINLINE void update_rows(const T* panel, index_t panel_stride, index_t depth, index_t first, index_t last,
                              const Layout<T>& layout, T* a, Meanwhile&& meanwhile) {
  const index_t width = layout.width, stride = layout.stride;
  for (index_t i = first; i < last; i += kTileRows) {
    for (index_t j = i / lanes<T>() * lanes<T>(); j < width;) {
      const index_t left = (width - j) / lanes<T>();
      T* out = a + i * stride + j;
      if (left == 1 && i + 2 * kTileRows <= last) {  // the next rows have this vector alone, too
        update_tile<kUpdate, 2 * kTileRows, 1>(panel + i, panel + j, panel_stride, depth, out, stride, meanwhile);
        j += lanes<T>();
        i += kTileRows;
      } else if (left == 1) {
        update_tile<kUpdate, kTileRows, 1>(panel + i, panel + j, panel_stride, depth, out, stride, meanwhile);
        j += lanes<T>();
      } else if (left == 2 || left == 4) {  // four are two and two: three would leave a narrow one
        update_tile<kUpdate, kTileRows, 2>(panel + i, panel + j, panel_stride, depth, out, stride, meanwhile);
        j += 2 * lanes<T>();
      } else {
        update_tile<kUpdate, kTileRows, 3>(panel + i, panel + j, panel_stride, depth, out, stride, meanwhile);
        j += 3 * lanes<T>();
      }
    }
  }
}

template <Update kUpdate, class T>
HWY_INLINE void update_rows(const T* panel, index_t panel_stride, index_t depth, index_t first, index_t last,
                            const Layout<T>& layout, T* a) {
  update_rows<kUpdate>(panel, panel_stride, depth, first, last, layout, a, [] {});
}

/// The n < lanes numbers at `from`, then zeros.
template <class T>
HWY_INLINE hn::Vec<Vectors<T>> load_first(const T* from, index_t n) {
  const Vectors<T> d;
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN T padded[lanes<T>()] = {};
  std::copy(from, from + n, padded);
  return hn::Load(d, padded);
#else
  return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(n)), d, from);
#endif
}

/// to[0 .. width) = scale * from[0 .. k), then zeros.
template <class T>
HWY_INLINE void copy_vector(const T* HWY_RESTRICT from, T scale, index_t k, T* HWY_RESTRICT to) {
  const Vectors<T> d;
  const auto factor = hn::Set(d, scale);
  index_t f = 0;
  for (; f + lanes<T>() <= k; f += lanes<T>()) hn::Store(hn::Mul(factor, hn::LoadU(d, from + f)), d, to + f);
  if (f < k) hn::Store(hn::Mul(factor, load_first(from + f, k - f)), d, to + f);
}

/// A kBlock x kBlock block on the diagonal as L D L': unit[p][q] = L(q, p), scale[p] = 1 / sqrt(D(p)).
template <class T>
struct DiagonalBlock {
  T unit[kBlock][kBlock];
  HWY_ALIGN T scale[kBlock];
};

// The loops below run over a triangle of registers. They are written over the whole square and asked to be unrolled,
// for the compiler to see which registers are meant.

/// Divides by the pivot where Cholesky would by its root: the chain of one pivot after the other is the whole cost of
/// this, and the roots stay out of it. False where a pivot is not above the threshold.
template <class T>
HWY_INLINE bool factor_diagonal(const T* a, index_t stride, T threshold, DiagonalBlock<T>& block) {
  T rest[kBlock][kBlock];
#pragma GCC unroll 8
  for (int p = 0; p < kBlock; ++p)
#pragma GCC unroll 8
    for (int q = 0; q < kBlock; ++q)
      if (q >= p) rest[p][q] = a[p * stride + q];
  bool positive = true;
#pragma GCC unroll 8
  for (int p = 0; p < kBlock; ++p) {
    positive &= rest[p][p] > threshold;
    const T inverse = T{1} / rest[p][p];
#pragma GCC unroll 8
    for (int q = 0; q < kBlock; ++q) {
      if (q <= p) continue;
      const T unit = rest[p][q] * inverse;
#pragma GCC unroll 8
      for (int r = 0; r < kBlock; ++r)
        if (r >= q) rest[q][r] -= unit * rest[p][r];
      block.unit[p][q] = unit;
    }
    block.scale[p] = rest[p][p];
  }
  const hn::CappedTag<T, kBlock> d;
  for (std::size_t p = 0; p < kBlock; p += hn::Lanes(d))
    hn::Store(hn::Div(hn::Set(d, T{1}), hn::Sqrt(hn::Load(d, block.scale + p))), d, block.scale + p);
  return positive;
}

/// z = D^-1/2 L^-1 b on the block's rows.
template <class T>
HWY_INLINE void forward_diagonal(const DiagonalBlock<T>& block, const T* b, T* z) {
  T rest[kBlock];
#pragma GCC unroll 8
  for (int p = 0; p < kBlock; ++p) rest[p] = b[p];
#pragma GCC unroll 8
  for (int p = 0; p < kBlock; ++p) {
#pragma GCC unroll 8
    for (int q = 0; q < kBlock; ++q)
      if (q > p) rest[q] -= block.unit[p][q] * rest[p];
    z[p] = rest[p] * block.scale[p];
  }
}

/// Turns the block's rows of a into those of the factor U, and takes their part out of b.
template <class T>
HWY_INLINE void factor_rows(const DiagonalBlock<T>& block, index_t first, const Layout<T>& layout, const T* z, T* a,
                            T* b) {
  const Vectors<T> d;
  for (index_t j = first / lanes<T>() * lanes<T>(); j < layout.width; j += lanes<T>()) {
    T* rows = a + first * layout.stride + j;
    hn::Vec<Vectors<T>> u[kBlock];
#pragma GCC unroll 8
    for (int p = 0; p < kBlock; ++p) u[p] = hn::Load(d, rows + p * layout.stride);
    auto rest = hn::Load(d, b + j);
#pragma GCC unroll 8
    for (int p = 0; p < kBlock; ++p) {
#pragma GCC unroll 8
      for (int q = 0; q < kBlock; ++q)
        if (q > p) u[q] = hn::NegMulAdd(hn::Set(d, block.unit[p][q]), u[p], u[q]);
      u[p] = hn::Mul(u[p], hn::Set(d, block.scale[p]));
      hn::Store(u[p], d, rows + p * layout.stride);
      rest = hn::NegMulAdd(hn::Set(d, z[p]), u[p], rest);
    }
    hn::Store(rest, d, b + j);
  }
}

/// One step of factor(): the rows first to first + kBlock - 1.
template <class T>
HWY_INLINE void factor_step(const Layout<T>& layout, index_t first, System<T>& system) {
  DiagonalBlock<T> block;
  T* a = system.a;
  system.positive &= factor_diagonal(a + first * layout.stride + first, layout.stride, system.threshold, block);
  forward_diagonal(block, system.b + first, system.z + first);
  factor_rows(block, first, layout, system.z + first, a, system.b);
  std::copy(block.scale, block.scale + kBlock, system.scale + first);
}

/// U'U = a in place of each system's a, and z = U'^-1 b. One step of every system before the next step of any: a step
/// is mostly waiting for one pivot after the other, and the processor fills the waits of one system with the next.
template <class T>
HWY_INLINE void factor(const Layout<T>& layout, System<T>* systems, index_t count) {
  for (index_t first = 0; first < layout.rows; first += kBlock) {
    for (index_t s = 0; first > 0 && s < count; ++s)
      update_rows<Update::subtract>(systems[s].a, layout.stride, first, first, first + kBlock, layout, systems[s].a);
    for (index_t s = 0; s < count; ++s) factor_step(layout, first, systems[s]);
  }
}

/// x = U^-1 z on the rows first to first + kBlock - 1, from those below.
template <class T>
HWY_INLINE void back_step(const Layout<T>& layout, index_t first, const System<T>& system) {
  const Vectors<T> d;
  const index_t width = layout.width, stride = layout.stride;
  const T* rows = system.a + first * stride;
  hn::Vec<Vectors<T>> sum[kBlock];
  for (int p = 0; p < kBlock; ++p) sum[p] = hn::Zero(d);
  index_t j = first + kBlock;
  if (const index_t before = j % lanes<T>(); before != 0 && j < width) {
    j -= before;  // what stands before, in the same vector, is no part of U
    const auto outside = hn::FirstN(d, static_cast<std::size_t>(before));
    const auto solved = hn::IfThenZeroElse(outside, hn::Load(d, system.x + j));
    for (int p = 0; p < kBlock; ++p)
      sum[p] = hn::Mul(hn::IfThenZeroElse(outside, hn::Load(d, rows + p * stride + j)), solved);
    j += lanes<T>();
  }
  for (; j < width; j += lanes<T>()) {
    const auto solved = hn::Load(d, system.x + j);
    for (int p = 0; p < kBlock; ++p) sum[p] = hn::MulAdd(hn::Load(d, rows + p * stride + j), solved, sum[p]);
  }
  T rest[kBlock];
#pragma GCC unroll 8
  for (int p = 0; p < kBlock; ++p) rest[p] = system.z[first + p] - hn::GetLane(hn::SumOfLanes(d, sum[p]));
#pragma GCC unroll 8
  for (int n = 0; n < kBlock; ++n) {
    const int p = kBlock - 1 - n;
    rest[p] *= system.scale[first + p];
#pragma GCC unroll 8
    for (int q = 0; q < kBlock; ++q)
      if (q < p) rest[q] -= rows[q * stride + first + p] * rest[p];
    system.x[first + p] = rest[p];
  }
}

/// x = U^-1 z for each factored system.
template <class T>
HWY_INLINE void back_substitute(const Layout<T>& layout, const System<T>* systems, index_t count) {
  for (index_t first = layout.rows - kBlock; first >= 0; first -= kBlock)
    for (index_t s = 0; s < count; ++s) back_step(layout, first, systems[s]);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
