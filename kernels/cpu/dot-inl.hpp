// The product of two vectors in SIMD. Included once for each instruction set, as Highway has it: no ordinary include
// guard.
#if defined(SEESAW_CPU_DOT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef SEESAW_CPU_DOT_INL
#undef SEESAW_CPU_DOT_INL
#else
#define SEESAW_CPU_DOT_INL
#endif

#include <hwy/highway.h>

#include "seesaw/types.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// x.y over k elements. Two sums, so that one addition need not wait for the other.
template <class T>
HWY_INLINE T dot(const T* HWY_RESTRICT x, const T* HWY_RESTRICT y, index_t k) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<index_t>(hn::Lanes(d));
  auto even = hn::Zero(d), odd = hn::Zero(d);
  index_t f = 0;
  for (; f + 2 * lanes <= k; f += 2 * lanes) {
    even = hn::MulAdd(hn::LoadU(d, x + f), hn::LoadU(d, y + f), even);
    odd = hn::MulAdd(hn::LoadU(d, x + f + lanes), hn::LoadU(d, y + f + lanes), odd);
  }
  if (f + lanes <= k) {
    even = hn::MulAdd(hn::LoadU(d, x + f), hn::LoadU(d, y + f), even);
    f += lanes;
  }
  T sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; f < k; ++f) sum += x[f] * y[f];
  return sum;
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
