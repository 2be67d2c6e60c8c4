// What the masked rows do with a few entries of one row at once, in SIMD. Included once for each instruction set, as
// Highway has it: no ordinary include guard.
#if defined(SEESAW_CPU_MASKED_ROWS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef SEESAW_CPU_MASKED_ROWS_INL
#undef SEESAW_CPU_MASKED_ROWS_INL
#else
#define SEESAW_CPU_MASKED_ROWS_INL
#endif

#include "cpu/dense-inl.hpp"
#include "cpu/transpose-inl.hpp"
#include "seesaw/masked_gradient.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

/// Entries that go through a row's vectors together: each of those is read once for all of them.
inline constexpr int kGroup = 4;

/// visit(d, f) for f = 0 .. k - 1, with the tag d of whole vectors while they fit, then of single elements.
template <class T, class Visit>
HWY_INLINE void for_elements(index_t k, Visit&& visit) {
  index_t f = 0;
  for (; f + lanes<T>() <= k; f += lanes<T>()) visit(Vectors<T>(), f);
  for (; f < k; ++f) visit(hn::CappedTag<T, 1>(), f);
}

/// One block of 16 bytes, the sum of those of v.
template <class V>
HWY_INLINE auto sum_of_blocks(V v) {
#if HWY_TARGET != HWY_SCALAR
  using D = hn::DFromV<V>;
  if constexpr (hn::MaxLanes(D()) * sizeof(hn::TFromD<D>) > 16) {
    const hn::Half<D> half;
    return sum_of_blocks(hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  } else
#endif
  {
    return v;
  }
}

/// sums[q] = the sum of all lanes of v[q].
template <class V, class T>
HWY_INLINE void sums_of_lanes(const V (&v)[kGroup], T* HWY_RESTRICT sums) {
  constexpr int kSide = kQuad<T>;
  for (int q = 0; q < kGroup; q += kSide) {
    V turned[kSide];
    for (int p = 0; p < kSide; ++p) turned[p] = v[q + p];
    transpose_quads(turned);
    for (int p = 1; p < kSide; ++p) turned[0] = hn::Add(turned[0], turned[p]);
    const auto quad = sum_of_blocks(turned[0]);
    hn::StoreU(quad, hn::DFromV<decltype(quad)>(), sums + q);
  }
}

/// sums[q] = x.rows[q], over k elements
template <class T>
HWY_INLINE void dots(const T* HWY_RESTRICT x, const T* const (&rows)[kGroup], index_t k, T* HWY_RESTRICT sums) {
  const Vectors<T> d;
  const T *const a = rows[0], *const b = rows[1], *const c = rows[2], *const e = rows[3];
  auto a0 = hn::Zero(d), b0 = a0, c0 = a0, e0 = a0;
  auto a1 = a0, b1 = a0, c1 = a0, e1 = a0;  // an addition need not wait for the one before
  index_t f = 0;
  for (; f + 2 * lanes<T>() <= k; f += 2 * lanes<T>()) {
    const auto x0 = hn::LoadU(d, x + f), x1 = hn::LoadU(d, x + f + lanes<T>());
    a0 = hn::MulAdd(x0, hn::LoadU(d, a + f), a0);
    b0 = hn::MulAdd(x0, hn::LoadU(d, b + f), b0);
    c0 = hn::MulAdd(x0, hn::LoadU(d, c + f), c0);
    e0 = hn::MulAdd(x0, hn::LoadU(d, e + f), e0);
    a1 = hn::MulAdd(x1, hn::LoadU(d, a + f + lanes<T>()), a1);
    b1 = hn::MulAdd(x1, hn::LoadU(d, b + f + lanes<T>()), b1);
    c1 = hn::MulAdd(x1, hn::LoadU(d, c + f + lanes<T>()), c1);
    e1 = hn::MulAdd(x1, hn::LoadU(d, e + f + lanes<T>()), e1);
  }
  if (f + lanes<T>() <= k) {
    const auto x0 = hn::LoadU(d, x + f);
    a0 = hn::MulAdd(x0, hn::LoadU(d, a + f), a0);
    b0 = hn::MulAdd(x0, hn::LoadU(d, b + f), b0);
    c0 = hn::MulAdd(x0, hn::LoadU(d, c + f), c0);
    e0 = hn::MulAdd(x0, hn::LoadU(d, e + f), e0);
    f += lanes<T>();
  }
  const hn::Vec<Vectors<T>> all[kGroup] = {hn::Add(a0, a1), hn::Add(b0, b1), hn::Add(c0, c1), hn::Add(e0, e1)};
  sums_of_lanes(all, sums);
  for (; f < k; ++f)
    for (int q = 0; q < kGroup; ++q) sums[q] += x[f] * rows[q][f];
}

/// y += the sum of c[q] rows[q], over k elements
template <class T>
HWY_INLINE void add_multiples(const T (&c)[kGroup], const T* const (&rows)[kGroup], index_t k, T* HWY_RESTRICT y) {
  const Vectors<T> d;
  const T *const r0 = rows[0], *const r1 = rows[1], *const r2 = rows[2], *const r3 = rows[3];
  const auto c0 = hn::Set(d, c[0]), c1 = hn::Set(d, c[1]), c2 = hn::Set(d, c[2]), c3 = hn::Set(d, c[3]);
  index_t f = 0;
  for (; f + lanes<T>() <= k; f += lanes<T>()) {
    auto sum = hn::MulAdd(c0, hn::LoadU(d, r0 + f), hn::LoadU(d, y + f));
    sum = hn::MulAdd(c1, hn::LoadU(d, r1 + f), sum);
    sum = hn::MulAdd(c2, hn::LoadU(d, r2 + f), sum);
    hn::StoreU(hn::MulAdd(c3, hn::LoadU(d, r3 + f), sum), d, y + f);
  }
  for (; f < k; ++f)
    for (int q = 0; q < kGroup; ++q) y[f] += c[q] * rows[q][f];
}

/// Of the entries of a group: h, the elementwise product of the other modes' rows and, where a direction is given, q,
/// what h changes by along it. At order 2 they are rows of the other mode where they stand; else they are formed in
/// scratch.
template <class T>
class Others {
 public:
  using Rows = const T* [kGroup];

  static index_t scratch(index_t k) { return 2 * kGroup * k; }

  Others(const ModeView<T>& entries, const FactorViews<T>& factors, const FactorViews<T>* direction, T* scratch)
      : k_(factors[0].cols), scratch_(scratch) {
    for (std::size_t m = 0; m < static_cast<std::size_t>(entries.order); ++m) {
      if (static_cast<int>(m) == entries.mode) continue;
      indices_[count_] = entries.indices[m];
      rows_[count_] = factors[m];
      if (direction != nullptr) directions_[count_] = (*direction)[m];
      ++count_;
    }
  }

  /// h of the entries e .. e + count - 1; the last of them stands in for those beyond.
  HWY_INLINE void gather(offset_t e, int count, Rows& h) const {
    first_other(e, count, rows_[0], h);
    if (count_ > 1) multiply(e, count - 1, h, nullptr);
  }

  /// Asks for the first other mode's rows of the entries e .. e + kGroup - 1, which must be there.
  HWY_INLINE void prefetch(offset_t e) const {
    const auto bytes = k_ * static_cast<index_t>(sizeof(T));
    for (int p = 0; p < kGroup; ++p) {
      const auto* const row = reinterpret_cast<const char*>(rows_[0].row(indices_[0][e + p]));
      for (index_t byte = 0; byte < bytes; byte += 64) __builtin_prefetch(row + byte);
    }
  }

  /// The same, and q.
  HWY_INLINE void gather(offset_t e, int count, Rows& h, Rows& q) const {
    first_other(e, count, rows_[0], h);
    first_other(e, count, directions_[0], q);
    if (count_ > 1) multiply(e, count - 1, h, q);
  }

 private:
  static_assert(kGroup == 4);

  HWY_INLINE void first_other(offset_t e, int count, const MatrixView<const T>& matrix, Rows& rows) const {
    const column_t* const indices = indices_[0] + e;
    const int last = count - 1;
    rows[0] = matrix.row(indices[0]);
    rows[1] = matrix.row(indices[std::min(1, last)]);
    rows[2] = matrix.row(indices[std::min(2, last)]);
    rows[3] = matrix.row(indices[std::min(3, last)]);
  }

  HWY_NOINLINE void multiply(offset_t e, int last, Rows& h, const T** q) const {
    for (int p = 0; p < kGroup; ++p) {
      const offset_t entry = e + std::min(p, last);
      T *const product = scratch_ + 2 * p * k_, *const change = product + k_;
      for (std::size_t m = 1; m < count_; ++m) {
        const T* const row = rows_[m].row(indices_[m][entry]);
        const T* const along = q != nullptr ? directions_[m].row(indices_[m][entry]) : nullptr;
        for_elements<T>(k_, [&](auto d, index_t f) {
          const auto before = hn::LoadU(d, h[p] + f), by = hn::LoadU(d, row + f);
          if (q != nullptr)
            hn::StoreU(hn::MulAdd(hn::LoadU(d, q[p] + f), by, hn::Mul(before, hn::LoadU(d, along + f))), d, change + f);
          hn::StoreU(hn::Mul(before, by), d, product + f);
        });
        h[p] = product;
        if (q != nullptr) q[p] = change;
      }
    }
  }

  index_t k_;
  T* scratch_;
  std::size_t count_ = 0;
  std::array<const column_t*, kMaxOrder> indices_{};
  FactorViews<T> rows_{}, directions_{};
};

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
