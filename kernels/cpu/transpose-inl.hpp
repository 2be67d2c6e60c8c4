// Small transposes in registers. Included once for each instruction set, as Highway has it: no ordinary include guard.
#if defined(SEESAW_CPU_TRANSPOSE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef SEESAW_CPU_TRANSPOSE_INL
#undef SEESAW_CPU_TRANSPOSE_INL
#else
#define SEESAW_CPU_TRANSPOSE_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Numbers of one type in 16 bytes, the block of a vector within which transpose_quads() turns.
template <class T>
inline constexpr int kQuad = HWY_TARGET == HWY_SCALAR ? 1 : 16 / sizeof(T);

/// The blocks at one place of each vector are rows of a square matrix; transposes them all.
template <class V>
HWY_INLINE void transpose_quads(V (&)[1]) {}
#if HWY_TARGET != HWY_SCALAR
template <class V>
HWY_INLINE void transpose_quads(V (&v)[2]) {
  const hn::DFromV<V> d;
  const V first = hn::InterleaveLower(d, v[0], v[1]);
  v[1] = hn::InterleaveUpper(d, v[0], v[1]);
  v[0] = first;
}
template <class V>
HWY_INLINE void transpose_quads(V (&v)[4]) {
  const hn::DFromV<V> d;
  const hn::RepartitionToWide<decltype(d)> pairs;
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, v[0], v[1]));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, v[2], v[3]));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, v[0], v[1]));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, v[2], v[3]));
  v[0] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
  v[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
  v[2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
  v[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
}
#endif

/// A vector of kLanes numbers whose blocks are read at from[0], from[kQuad], and so on.
template <index_t kLanes, class T>
HWY_INLINE auto load_blocks(const T* const* from, index_t at) {
  const hn::FixedTag<T, kLanes> d;
#if HWY_TARGET != HWY_SCALAR
  if constexpr (kLanes > kQuad<T>)
    return hn::Combine(d, load_blocks<kLanes / 2>(from + kLanes / 2, at), load_blocks<kLanes / 2>(from, at));
  else
#endif
    return hn::Load(d, *from + at);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
