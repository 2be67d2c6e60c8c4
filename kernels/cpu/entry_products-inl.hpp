// Sums over entries of value times the elementwise product of their rows of factors, in SIMD. Included once for each
// instruction set, as Highway has it: no ordinary include guard.
#if defined(SEESAW_CPU_ENTRY_PRODUCTS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef SEESAW_CPU_ENTRY_PRODUCTS_INL
#undef SEESAW_CPU_ENTRY_PRODUCTS_INL
#else
#define SEESAW_CPU_ENTRY_PRODUCTS_INL
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "seesaw/tensor.hpp"

// The problems come here with their own mode, whose rows are summed, as mode 0.
HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Elements f to f + kVectors vectors of d - 1, but at most to k - 1, of a row, where f + a vector <= k. The last
/// vector is moved back to end with the row: what two vectors hold both compute alike, so that all are to be loaded
/// before one is stored.
template <class D, int kVectors>
struct Piece {
  using T = hn::TFromD<D>;
  index_t at[kVectors];
  hn::Vec<D> sum[kVectors];

  Piece(D d, index_t f, index_t k) {
    const auto lanes = static_cast<index_t>(hn::Lanes(d));
    for (int v = 0; v < kVectors; ++v) at[v] = std::min(f + v * lanes, k - lanes);
  }
  HWY_INLINE void clear() {
    for (int v = 0; v < kVectors; ++v) sum[v] = hn::Zero(D());
  }
  HWY_INLINE void load(const T* row) {
    for (int v = 0; v < kVectors; ++v) sum[v] = hn::LoadU(D(), row + at[v]);
  }
  HWY_INLINE void store(T* row) const {
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[v], D(), row + at[v]);
  }
};

/// The piece += the entry e. kOrder 0: any.
template <int kOrder, class D, int kVectors, class Problem>
HWY_INLINE void add_entry(const Problem& problem, offset_t e, Piece<D, kVectors>& piece) {
  const D d;
  const auto& entries = problem.entries;
  const auto order = static_cast<std::size_t>(kOrder == 0 ? entries.order : kOrder);
  const auto value = hn::Set(d, entries.values[e]);
  hn::Vec<D> product[kVectors];
  const auto* row = problem.factors[1].row(entries.indices[1][e]);
  for (int v = 0; v < kVectors; ++v) product[v] = hn::LoadU(d, row + piece.at[v]);
  for (std::size_t n = 2; n < order; ++n) {
    row = problem.factors[n].row(entries.indices[n][e]);
    for (int v = 0; v < kVectors; ++v) product[v] = hn::Mul(product[v], hn::LoadU(d, row + piece.at[v]));
  }
  for (int v = 0; v < kVectors; ++v) piece.sum[v] = hn::MulAdd(value, product[v], piece.sum[v]);
}

/// visit(piece) for pieces that cover the elements f to k - 1 of a row and have none in common: of vectors of d, then,
/// for what is less than one, of halves.
template <class D, class Visit>
HWY_INLINE void for_row(D d, index_t f, index_t k, Visit&& visit) {
  const auto lanes = static_cast<index_t>(hn::Lanes(d));
  while (f + lanes <= k) {
    const index_t vectors = (k - f + lanes - 1) / lanes;
    if (vectors > 4) {
      visit(Piece<D, 8>(d, f, k));
      f += 8 * lanes;
    } else if (vectors > 2) {
      visit(Piece<D, 4>(d, f, k));
      f += 4 * lanes;
    } else if (vectors == 2) {
      visit(Piece<D, 2>(d, f, k));
      f += 2 * lanes;
    } else {
      visit(Piece<D, 1>(d, f, k));
      f += lanes;
    }
  }
  if constexpr (hn::MaxLanes(D()) > 1) {
    if (f < k) for_row(hn::Half<D>(), f, k, visit);
  }
}

/// run(order) with the order as a constant, where it is 2 to 4, else 0.
template <class Run>
HWY_INLINE void with_order(int order, Run&& run) {
  switch (order) {
    case 2:
      return run(std::integral_constant<int, 2>());
    case 3:
      return run(std::integral_constant<int, 3>());
    case 4:
      return run(std::integral_constant<int, 4>());
    default:
      return run(std::integral_constant<int, 0>());
  }
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
