// Vectors of any length in SIMD, piece by piece. Included once for each instruction set, as Highway has it: no ordinary
// include guard.
#if defined(SEESAW_CPU_PIECES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef SEESAW_CPU_PIECES_INL
#undef SEESAW_CPU_PIECES_INL
#else
#define SEESAW_CPU_PIECES_INL
#endif

#include <hwy/highway.h>

#include "seesaw/types.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// body(d, f) for pieces of d's vectors that cover the elements f to k - 1: whole ones, then each half as long as the
/// one before, where it is needed.
template <class D, class Body>
HWY_INLINE void for_pieces(D d, index_t f, index_t k, Body&& body) {
  const auto lanes = static_cast<index_t>(hn::Lanes(d));
  for (; f + lanes <= k; f += lanes) body(d, f);
  if constexpr (hn::MaxLanes(D()) > 1) {
    if (f < k) for_pieces(hn::Half<D>(), f, k, body);
  }
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
