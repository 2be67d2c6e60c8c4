// Small symmetric systems, one in each lane of a vector: no step adds up lanes, and what waits for one pivot waits for
// all of them at once. Included once for each instruction set, as Highway has it: no ordinary include guard.
#if defined(SEESAW_CPU_INTERLEAVED_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef SEESAW_CPU_INTERLEAVED_INL
#undef SEESAW_CPU_INTERLEAVED_INL
#else
#define SEESAW_CPU_INTERLEAVED_INL
#endif

#include "cpu/dense-inl.hpp"
#include "cpu/interleaved.hpp"
#include "cpu/transpose-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

/// Columns that one tile of registers takes beside the kSide x kSide elements of L that it is reduced with.
inline constexpr int kColumns = kManyRegisters ? 4 : 2;

/// A row of a block of columns in numbers.
template <class T>
inline constexpr index_t kRow = kSide* lanes<T>();

/// The block of the columns j to j + kSide - 1, where kSide divides j.
template <class T>
HWY_INLINE T* column_block(T* a, index_t j) {
  return a + j * (j + kSide) / 2 * lanes<T>();
}

/// Puts `count` systems into the lanes, padded to `size`, which their layout has room for. Lanes that are left get the
/// last one again.
template <class T>
HWY_NOINLINE void interleave(const Layout<T>& layout, index_t size, const System<T>* systems, index_t count,
                             const Batch<T>& batch) {
  constexpr int kTogether = kQuad<T>;
  const Vectors<T> d;
  const T *a[lanes<T>()], *b[lanes<T>()];
  for (index_t s = 0; s < lanes<T>(); ++s) {
    const System<T>& system = systems[std::min(s, count - 1)];
    a[s] = system.a;
    b[s] = system.b;
    batch.threshold[s] = system.threshold;
  }
  const auto turn = [&](const T* const* from, index_t at, T* to) {
    hn::Vec<Vectors<T>> v[kTogether];
    for (int s = 0; s < kTogether; ++s) v[s] = load_blocks<lanes<T>()>(from + s, at);
    transpose_quads(v);
    for (int e = 0; e < kTogether; ++e) hn::Store(v[e], d, to + e * lanes<T>());
  };
  for (index_t p = 0; p < size; ++p)
    for (index_t j = p / kSide * kSide; j < size; j += kSide) {
      T* to = column_block(batch.a, j) + p * kRow<T>;
      for (index_t e = 0; e < kSide; e += kTogether) turn(a, p * layout.stride + j + e, to + e * lanes<T>());
    }
  for (index_t p = 0; p < size; p += kTogether) turn(b, p, batch.x + p * lanes<T>());
}

/// The elements of L' beside the diagonal of one kSide x kSide block.
template <class T>
struct UnitBlock {
  hn::Vec<Vectors<T>> l[kSide][kSide];
};

/// kVectors columns of the rows first to first + kSide - 1 of D L', from the rows above them, whose elements in the
/// block's columns of L' are `unit`. A row of the columns has `stride` numbers.
template <int kVectors, class T>
HWY_INLINE void reduce_columns(const T* HWY_RESTRICT unit, index_t first, const UnitBlock<T>& block,
                               const T* HWY_RESTRICT columns, index_t stride, T* HWY_RESTRICT out) {
  const Vectors<T> d;
  hn::Vec<Vectors<T>> rest[kSide][kVectors];
#pragma GCC unroll 4
  for (int i = 0; i < kSide; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) rest[i][j] = hn::Load(d, out + i * stride + j * lanes<T>());
  for (index_t left = first; left > 0; --left, columns += stride, unit += kRow<T>) {
    hn::Vec<Vectors<T>> row[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) row[j] = hn::Load(d, columns + j * lanes<T>());
#pragma GCC unroll 4
    for (int i = 0; i < kSide; ++i) {
      const auto l = hn::Load(d, unit + i * lanes<T>());
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) rest[i][j] = hn::NegMulAdd(l, row[j], rest[i][j]);
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < kSide; ++p)
#pragma GCC unroll 4
    for (int i = 0; i < kSide; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j)
        if (i > p) rest[i][j] = hn::NegMulAdd(block.l[p][i], rest[p][j], rest[i][j]);
#pragma GCC unroll 4
  for (int i = 0; i < kSide; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) hn::Store(rest[i][j], d, out + i * stride + j * lanes<T>());
}

/// The block on the diagonal, rows and columns from `first` on: D L' in its place, 1 / D into inverse, the rows above
/// as L' into unit. A pivot not above the threshold is taken for 1, for the lane to raise no exception, and clears the
/// lane in `positive`.
template <class T, class Mask>
HWY_INLINE void reduce_diagonal(const Batch<T>& batch, index_t first, hn::Vec<Vectors<T>> threshold, Mask& positive,
                                UnitBlock<T>& block) {
  const Vectors<T> d;
  const T* HWY_RESTRICT above = column_block(batch.a, first);
  T* HWY_RESTRICT unit = batch.unit;
  hn::Vec<Vectors<T>> rest[kSide][kSide];
  T* const own = column_block(batch.a, first) + first * kRow<T>;
#pragma GCC unroll 4
  for (int i = 0; i < kSide; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kSide; ++j)
      if (j >= i) rest[i][j] = hn::Load(d, own + i * kRow<T> + j * lanes<T>());
  for (index_t p = 0; p < first; ++p, above += kRow<T>, unit += kRow<T>) {
    const auto inverse = hn::Load(d, batch.inverse + p * lanes<T>());
    hn::Vec<Vectors<T>> row[kSide];
#pragma GCC unroll 4
    for (int j = 0; j < kSide; ++j) row[j] = hn::Load(d, above + j * lanes<T>());
#pragma GCC unroll 4
    for (int i = 0; i < kSide; ++i) {
      const auto l = hn::Mul(row[i], inverse);
      hn::Store(l, d, unit + i * lanes<T>());
#pragma GCC unroll 4
      for (int j = 0; j < kSide; ++j)
        if (j >= i) rest[i][j] = hn::NegMulAdd(l, row[j], rest[i][j]);
    }
  }
  const auto one = hn::Set(d, T{1});
#pragma GCC unroll 4
  for (int p = 0; p < kSide; ++p) {
    const auto large = hn::Gt(rest[p][p], threshold);
    positive = hn::And(positive, large);
    const auto inverse = hn::Div(one, hn::IfThenElse(large, rest[p][p], one));
    hn::Store(inverse, d, batch.inverse + (first + p) * lanes<T>());
#pragma GCC unroll 4
    for (int i = 0; i < kSide; ++i) {
      if (i <= p) continue;
      block.l[p][i] = hn::Mul(rest[p][i], inverse);
#pragma GCC unroll 4
      for (int j = 0; j < kSide; ++j)
        if (j >= i) rest[i][j] = hn::NegMulAdd(block.l[p][i], rest[p][j], rest[i][j]);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < kSide; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kSide; ++j)
      if (j > i) hn::Store(rest[i][j], d, own + i * kRow<T> + j * lanes<T>());
}

/// x = L'^-1 D^-1 (D L^-1 b), which stands in x; the rows from `first` on, from those below.
template <class T>
HWY_INLINE void back_substitute_rows(const Batch<T>& batch, index_t size, index_t first) {
  const Vectors<T> d;
  hn::Vec<Vectors<T>> rest[kSide];
#pragma GCC unroll 4
  for (int i = 0; i < kSide; ++i) rest[i] = hn::Load(d, batch.x + (first + i) * lanes<T>());
  for (index_t j = first + kSide; j < size; j += kSide) {
    const T* rows = column_block(batch.a, j) + first * kRow<T>;
#pragma GCC unroll 4
    for (int q = 0; q < kSide; ++q) {
      const auto solved = hn::Load(d, batch.x + (j + q) * lanes<T>());
#pragma GCC unroll 4
      for (int i = 0; i < kSide; ++i)
        rest[i] = hn::NegMulAdd(hn::Load(d, rows + i * kRow<T> + q * lanes<T>()), solved, rest[i]);
    }
  }
  const T* own = column_block(batch.a, first) + first * kRow<T>;
#pragma GCC unroll 4
  for (int n = 0; n < kSide; ++n) {
    const int p = kSide - 1 - n;
    rest[p] = hn::Mul(rest[p], hn::Load(d, batch.inverse + (first + p) * lanes<T>()));
    hn::Store(rest[p], d, batch.x + (first + p) * lanes<T>());
#pragma GCC unroll 4
    for (int i = 0; i < kSide; ++i)
      if (i < p) rest[i] = hn::NegMulAdd(hn::Load(d, own + i * kRow<T> + p * lanes<T>()), rest[p], rest[i]);
  }
}

/// Solves every lane's system, L D L' x = b. The right-hand side is one more column of the matrix. What a lane gets
/// does not depend on the others.
template <class T>
HWY_NOINLINE void solve_interleaved(const Batch<T>& batch, index_t size) {
  const Vectors<T> d;
  const auto threshold = hn::Load(d, batch.threshold);
  auto positive = hn::Eq(threshold, threshold);
  for (index_t first = 0; first < size; first += kSide) {
    UnitBlock<T> block;
    reduce_diagonal(batch, first, threshold, positive, block);
    for (index_t j = first + kSide; j < size; j += kSide) {
      T* columns = column_block(batch.a, j);
      for (int c = 0; c < kSide; c += kColumns, columns += kColumns * lanes<T>())
        reduce_columns<kColumns>(batch.unit, first, block, columns, kRow<T>, columns + first * kRow<T>);
    }
    reduce_columns<1>(batch.unit, first, block, batch.x, lanes<T>(), batch.x + first * lanes<T>());
  }
  for (index_t first = size - kSide; first >= 0; first -= kSide) back_substitute_rows(batch, size, first);
  hn::Store(hn::IfThenElseZero(positive, hn::Set(d, T{1})), d, batch.positive);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
