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

/// out (+/-)= the sum over p of (kTileRows numbers at rows + p * stride)' (kVectors vectors at columns + p * stride).
template <Update kUpdate, int kVectors, class T>
HWY_INLINE void update_tile(const T* HWY_RESTRICT rows, const T* HWY_RESTRICT columns, index_t stride, index_t depth,
                            T* HWY_RESTRICT out, index_t out_stride) {
  const Vectors<T> d;
  hn::Vec<Vectors<T>> sum[kTileRows][kVectors];
  for (int r = 0; r < kTileRows; ++r)
    for (int v = 0; v < kVectors; ++v)
      sum[r][v] = kUpdate == Update::set ? hn::Zero(d) : hn::Load(d, out + r * out_stride + v * lanes<T>());
  for (index_t p = 0; p < depth; ++p, rows += stride, columns += stride) {
    hn::Vec<Vectors<T>> column[kVectors];
    for (int v = 0; v < kVectors; ++v) column[v] = hn::Load(d, columns + v * lanes<T>());
    for (int r = 0; r < kTileRows; ++r) {
      const auto row = hn::Set(d, rows[r]);
      for (int v = 0; v < kVectors; ++v)
        sum[r][v] = kUpdate == Update::subtract ? hn::NegMulAdd(row, column[v], sum[r][v])
                                                : hn::MulAdd(row, column[v], sum[r][v]);
    }
  }
  for (int r = 0; r < kTileRows; ++r)
    for (int v = 0; v < kVectors; ++v) hn::Store(sum[r][v], d, out + r * out_stride + v * lanes<T>());
}

/// Rows first to last - 1 of a (+/-)= panel' panel. The panel is depth x width.
template <Update kUpdate, class T>
HWY_NOINLINE void update_rows(const T* panel, index_t panel_stride, index_t depth, index_t first, index_t last,
                              const Layout<T>& layout, T* a) {
  for (index_t i = first; i < last; i += kTileRows) {
    index_t j = i / lanes<T>() * lanes<T>();
    while (j < layout.width) {
      const index_t left = (layout.width - j) / lanes<T>();
      // Four are better taken as two and two: a tile of one vector waits for its own sums.
      const index_t vectors = left == 4 ? 2 : std::min<index_t>(left, kTileVectors);
      T* out = a + i * layout.stride + j;
      if (vectors == 3)
        update_tile<kUpdate, 3>(panel + i, panel + j, panel_stride, depth, out, layout.stride);
      else if (vectors == 2)
        update_tile<kUpdate, 2>(panel + i, panel + j, panel_stride, depth, out, layout.stride);
      else
        update_tile<kUpdate, 1>(panel + i, panel + j, panel_stride, depth, out, layout.stride);
      j += vectors * lanes<T>();
    }
  }
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
HWY_INLINE void copy_vector(const T* HWY_RESTRICT from, T scale, const Layout<T>& layout, T* HWY_RESTRICT to) {
  const Vectors<T> d;
  const auto factor = hn::Set(d, scale);
  index_t f = 0;
  for (; f + lanes<T>() <= layout.rank; f += lanes<T>()) hn::Store(hn::Mul(factor, hn::LoadU(d, from + f)), d, to + f);
  if (f < layout.rank) hn::Store(hn::Mul(factor, load_first(from + f, layout.rank - f)), d, to + f);
}

/// b (+)= the sum over p of values[p] times row p of the panel.
template <Update kUpdate, class T>
HWY_INLINE void combine_rows(const T* panel, const T* values, index_t depth, const Layout<T>& layout, T* b) {
  const Vectors<T> d;
  constexpr int kVectors = 4;
  for (index_t j = 0; j < layout.width; j += kVectors * lanes<T>()) {
    const int vectors = static_cast<int>(std::min<index_t>(kVectors, (layout.width - j) / lanes<T>()));
    hn::Vec<Vectors<T>> sum[kVectors];
    for (auto& s : sum) s = hn::Zero(d);
    const T* row = panel + j;
    for (index_t p = 0; p < depth; ++p, row += layout.stride)
      for (int v = 0; v < kVectors; ++v)
        if (v < vectors) sum[v] = hn::MulAdd(hn::Set(d, values[p]), hn::Load(d, row + v * lanes<T>()), sum[v]);
    for (int v = 0; v < kVectors; ++v) {
      T* to = b + j + v * lanes<T>();
      if (v < vectors) hn::Store(kUpdate == Update::set ? sum[v] : hn::Add(hn::Load(d, to), sum[v]), d, to);
    }
  }
}

/// A kBlock x kBlock block on the diagonal as L D L': unit[p][q] = L(q, p), scale[p] = 1 / sqrt(D(p)).
template <class T>
struct DiagonalBlock {
  T unit[kBlock][kBlock];
  T scale[kBlock];
};

// The loops below run over a triangle of registers. They are written over the whole square and asked to be unrolled, for
// the compiler to see which registers are meant.

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
  for (int p = 0; p < kBlock; ++p) block.scale[p] = T{1} / std::sqrt(block.scale[p]);
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

/// U'U = a in place, and z = U'^-1 b; b is destroyed. scale[p] = 1 / U(p, p). False where a pivot is not above the
/// threshold; a is destroyed then too.
template <class T>
HWY_INLINE bool factor(const Layout<T>& layout, T threshold, T* a, T* b, T* z, T* scale) {
  DiagonalBlock<T> block;
  for (index_t first = 0; first < layout.rows; first += kBlock) {
    if (first > 0) update_rows<Update::subtract>(a, layout.stride, first, first, first + kBlock, layout, a);
    if (!factor_diagonal(a + first * layout.stride + first, layout.stride, threshold, block)) return false;
    forward_diagonal(block, b + first, z + first);
    factor_rows(block, first, layout, z + first, a, b);
    std::copy(block.scale, block.scale + kBlock, scale + first);
  }
  return true;
}

/// x = U^-1 z.
template <class T>
HWY_INLINE void back_substitute(const Layout<T>& layout, const T* u, const T* z, const T* scale, T* x) {
  const Vectors<T> d;
  for (index_t first = layout.rows - kBlock; first >= 0; first -= kBlock) {
    const T* rows = u + first * layout.stride;
    hn::Vec<Vectors<T>> sum[kBlock];
    for (auto& s : sum) s = hn::Zero(d);
    index_t j = first + kBlock;
    if (const index_t before = j % lanes<T>(); before != 0 && j < layout.width) {
      j -= before;
      const auto solved = hn::IfThenZeroElse(hn::FirstN(d, static_cast<std::size_t>(before)), hn::Load(d, x + j));
      for (int p = 0; p < kBlock; ++p) {
        const auto row = hn::IfThenZeroElse(hn::FirstN(d, static_cast<std::size_t>(before)),
                                            hn::Load(d, rows + p * layout.stride + j));
        sum[p] = hn::Mul(row, solved);
      }
      j += lanes<T>();
    }
    for (; j < layout.width; j += lanes<T>()) {
      const auto solved = hn::Load(d, x + j);
      for (int p = 0; p < kBlock; ++p)
        sum[p] = hn::MulAdd(hn::Load(d, rows + p * layout.stride + j), solved, sum[p]);
    }
    T rest[kBlock];
    for (int p = 0; p < kBlock; ++p) rest[p] = z[first + p] - hn::GetLane(hn::SumOfLanes(d, sum[p]));
    for (int p = kBlock - 1; p >= 0; --p) {
      rest[p] *= scale[first + p];
      for (int q = 0; q < p; ++q) rest[q] -= rows[q * layout.stride + first + p] * rest[p];
    }
    std::copy(rest, rest + kBlock, x + first);
  }
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
