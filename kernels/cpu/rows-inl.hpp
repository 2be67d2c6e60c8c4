// What solve_rows does with the vectors of a row, in SIMD. Included once for each instruction set, as Highway has it:
// no ordinary include guard.
#if defined(SEESAW_CPU_ROWS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef SEESAW_CPU_ROWS_INL
#undef SEESAW_CPU_ROWS_INL
#else
#define SEESAW_CPU_ROWS_INL
#endif

#include "cpu/dense-inl.hpp"
#include "cpu/dot-inl.hpp"
#include "cpu/row_scratch.hpp"
#include "cpu/transpose-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

/// Asks for the vectors that will be gathered next, 64 bytes at each call, for them to be in the cache by then. Many
/// requests at once would fill the processor's few slots for them, and the arithmetic would wait.
template <class T>
class Ahead {
 public:
  explicit Ahead(const SolveRows<T>& problem)
      : columns_(problem.ratings.columns), y_(problem.y), bytes_(y_.cols * static_cast<index_t>(sizeof(T))) {}

  /// Those of the entries first to last - 1, in place of what is not yet asked for.
  void want(offset_t first, offset_t last) {
    entry_ = first;
    last_ = last;
    byte_ = 0;
  }
  void operator()() {
    if (entry_ >= last_) return;
    __builtin_prefetch(reinterpret_cast<const char*>(y_.row(columns_[entry_])) + byte_, 0, 3);
    byte_ += 64;
    if (byte_ >= bytes_) {
      byte_ = 0;
      ++entry_;
    }
  }

 private:
  const column_t* columns_;
  MatrixView<const T> y_;
  index_t bytes_, byte_ = 0;
  offset_t entry_ = 0, last_ = 0;
};

/// Some entries of one row: y_j of each, the root of its weight, and what it is multiplied with in a sum of vectors.
template <class T>
struct Entries {
  MatrixView<const T> y;
  const column_t* columns;
  const T* roots;
  const T* coefficients;
  index_t count;
};

/// kVectors vectors of features from f on: copies sqrt(c) y_j side by side into the panel, adds up coefficient * y_j.
template <int kVectors, bool kPanel, class T>
HWY_INLINE void gather_features(const Entries<T>& entries, index_t f, T* HWY_RESTRICT panel, index_t stride,
                                T* HWY_RESTRICT sum) {
  const Vectors<T> d;
  hn::Vec<Vectors<T>> total[kVectors];
  for (int v = 0; v < kVectors; ++v) total[v] = hn::Load(d, sum + f + v * lanes<T>());
  for (index_t p = 0; p < entries.count; ++p) {
    const T* from = entries.y.row(entries.columns[p]) + f;
    const auto coefficient = hn::Set(d, entries.coefficients[p]), root = hn::Set(d, entries.roots[p]);
    for (int v = 0; v < kVectors; ++v) {
      const auto part = hn::LoadU(d, from + v * lanes<T>());
      total[v] = hn::MulAdd(coefficient, part, total[v]);
      if (kPanel) hn::Store(hn::Mul(root, part), d, panel + p * stride + f + v * lanes<T>());
    }
  }
  for (int v = 0; v < kVectors; ++v) hn::Store(total[v], d, sum + f + v * lanes<T>());
}

/// The last features, fewer than a vector; behind them come zeros.
template <bool kPanel, class T>
HWY_INLINE void gather_last_features(const Entries<T>& entries, index_t f, T* HWY_RESTRICT panel, index_t stride,
                                     T* HWY_RESTRICT sum) {
  const Vectors<T> d;
  auto total = hn::Load(d, sum + f);
  for (index_t p = 0; p < entries.count; ++p) {
    const auto part = load_first(entries.y.row(entries.columns[p]) + f, entries.y.cols - f);
    total = hn::MulAdd(hn::Set(d, entries.coefficients[p]), part, total);
    if (kPanel) hn::Store(hn::Mul(hn::Set(d, entries.roots[p]), part), d, panel + p * stride + f);
  }
  hn::Store(total, d, sum + f);
}

/// panel = the vectors sqrt(c) y_j side by side, and sum += the sum of coefficient * y_j, where the panel is wanted;
/// both padded with zeros to whole vectors.
template <bool kPanel, class T>
HWY_INLINE void gather(const Entries<T>& entries, T* panel, index_t stride, T* sum) {
  const index_t k = entries.y.cols;
  index_t f = 0;
  for (; f + 4 * lanes<T>() <= k; f += 4 * lanes<T>()) gather_features<4, kPanel>(entries, f, panel, stride, sum);
  for (; f + 2 * lanes<T>() <= k; f += 2 * lanes<T>()) gather_features<2, kPanel>(entries, f, panel, stride, sum);
  for (; f + lanes<T>() <= k; f += lanes<T>()) gather_features<1, kPanel>(entries, f, panel, stride, sum);
  if (f < k) gather_last_features<kPanel>(entries, f, panel, stride, sum);
}

/// out(f - first, p) = sqrt(c_p) y_p(f) for the features first to last - 1 and all entries; zeros up to `width`
/// entries. `none` is a vector of zeros. Where `scale` is not null feature f is multiplied by scale[f].
template <class T>
HWY_INLINE void gather_transposed(const Entries<T>& entries, index_t first, index_t last, const T* none, const T* scale,
                                  index_t width, index_t stride, T* HWY_RESTRICT out) {
  constexpr int kSide = kQuad<T>;
  const hn::FixedTag<T, kSide> d;
  for (index_t p = 0; p < width; p += kSide) {
    const T* from[kSide];
    T root[kSide];
    for (int q = 0; q < kSide; ++q) {
      const bool there = p + q < entries.count;
      from[q] = there ? entries.y.row(entries.columns[p + q]) : none;
      root[q] = there ? entries.roots[p + q] : T{0};
    }
    index_t f = first;
    for (; f + kSide <= last; f += kSide) {
      hn::Vec<decltype(d)> v[kSide];
      for (int q = 0; q < kSide; ++q) v[q] = hn::Mul(hn::Set(d, root[q]), hn::LoadU(d, from[q] + f));
      transpose_quads(v);
      for (int q = 0; scale != nullptr && q < kSide; ++q) v[q] = hn::Mul(v[q], hn::Set(d, scale[f + q]));
      for (int q = 0; q < kSide; ++q) hn::Store(v[q], d, out + (f - first + q) * stride + p);
    }
    for (; f < last; ++f)
      for (int q = 0; q < kSide; ++q)
        out[(f - first) * stride + p + q] = (scale != nullptr ? scale[f] : T{1}) * root[q] * from[q][f];
  }
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
