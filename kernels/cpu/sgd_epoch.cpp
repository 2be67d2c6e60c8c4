#include "sgd_epoch.hpp"

#include <algorithm>
#include <atomic>
#include <type_traits>

#include "cpu/parallel.hpp"
#include "cpu/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/sgd_epoch.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/pieces-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {
/// x.y
template <class T>
HWY_INLINE T product(const T* HWY_RESTRICT x, const T* HWY_RESTRICT y, index_t k) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<index_t>(hn::Lanes(d));
  auto even = hn::Zero(d), odd = hn::Zero(d);  // an addition need not wait for the one before
  index_t f = 0;
  for (; f + 2 * lanes <= k; f += 2 * lanes) {
    even = hn::MulAdd(hn::LoadU(d, x + f), hn::LoadU(d, y + f), even);
    odd = hn::MulAdd(hn::LoadU(d, x + f + lanes), hn::LoadU(d, y + f + lanes), odd);
  }
  T sum = f > 0 ? hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd))) : T{0};
  for_pieces(d, f, k, [&](auto part, index_t at) {
    sum += hn::GetLane(hn::SumOfLanes(part, hn::Mul(hn::LoadU(part, x + at), hn::LoadU(part, y + at))));
  });
  return sum;
}

/// x = keep_x x + gain y and y = keep_y y + gain x from the values before; the ones that are not moved are not written.
template <bool MovesX, bool MovesY, class T>
HWY_INLINE void move(T* HWY_RESTRICT x, T* HWY_RESTRICT y, index_t k, T gain, T keep_x, T keep_y) {
  for_pieces(hn::ScalableTag<T>(), 0, k, [&](auto d, index_t f) {
    const auto old_x = hn::LoadU(d, x + f), old_y = hn::LoadU(d, y + f), by = hn::Set(d, gain);
    if constexpr (MovesX) hn::StoreU(hn::MulAdd(by, old_y, hn::Mul(hn::Set(d, keep_x), old_x)), d, x + f);
    if constexpr (MovesY) hn::StoreU(hn::MulAdd(by, old_x, hn::Mul(hn::Set(d, keep_y), old_y)), d, y + f);
  });
}

template <bool MovesX, bool MovesY, class T>
void step_entries(const SgdEpoch<T>& epoch, offset_t first, offset_t last) {
  constexpr offset_t kAhead = 8;  // entries whose vectors are asked for before they are used
  constexpr std::size_t kLine = 64;
  const EntryGridView<T>& grid = epoch.grid;
  const index_t k = epoch.x.cols;
  const auto bytes = static_cast<std::size_t>(k) * sizeof(T);
  for (offset_t e = first; e < last; ++e) {
    const offset_t ahead = std::min(e + kAhead, last - 1);
    const auto* const x_ahead = reinterpret_cast<const char*>(epoch.x.row(grid.row_indices[ahead]));
    const auto* const y_ahead = reinterpret_cast<const char*>(epoch.y.row(grid.column_indices[ahead]));
    for (std::size_t byte = 0; byte < bytes; byte += kLine) {
      __builtin_prefetch(x_ahead + byte, 1, 3);
      __builtin_prefetch(y_ahead + byte, 1, 3);
    }
    const index_t i = grid.row_indices[e], j = grid.column_indices[e];
    T *const x = epoch.x.row(i), *const y = epoch.y.row(j);
    const T gain = epoch.gain(e) * (grid.values[e] - product<T>(x, y, k));
    move<MovesX, MovesY>(x, y, k, gain, epoch.keep_x(i), epoch.keep_y(j));
  }
}

template <class T>
void step_block(const SgdEpoch<T>& epoch, offset_t first, offset_t last) {
  if (!epoch.moves_y())
    step_entries<true, false>(epoch, first, last);
  else if (!epoch.moves_x())
    step_entries<false, true>(epoch, first, last);
  else
    step_entries<true, true>(epoch, first, last);
}

void step_block_float(const SgdEpoch<float>& epoch, offset_t first, offset_t last) { step_block(epoch, first, last); }
void step_block_double(const SgdEpoch<double>& epoch, offset_t first, offset_t last) { step_block(epoch, first, last); }

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(step_block_float);
HWY_EXPORT(step_block_double);

namespace {

/// How many strata each stripe of the rows, or of the columns, is through with.
class Progress {
 public:
  explicit Progress(index_t stripes) : strata_(static_cast<std::size_t>(stripes)) {}
  void wait_for(index_t stripe, int strata) {
    std::atomic<int>& done = strata_[static_cast<std::size_t>(stripe)];
    for (int seen = done.load(std::memory_order_acquire); seen != strata; seen = done.load(std::memory_order_acquire))
      done.wait(seen, std::memory_order_acquire);
  }
  void set(index_t stripe, int strata) {
    std::atomic<int>& done = strata_[static_cast<std::size_t>(stripe)];
    done.store(strata, std::memory_order_release);
    done.notify_all();
  }

 private:
  std::vector<std::atomic<int>> strata_;
};

}  // namespace

// Threads take the blocks in their order, stratum by stratum. A block waits for the two that its stripes of rows and of
// columns have in the stratum before, not for all of that stratum: those were taken earlier and wait for none that
// comes later, so some thread can always go on.
template <class T>
void sgd_epoch(int threads, const SgdEpoch<T>& epoch, const std::vector<index_t>& strata) {
  const EntryGridView<T>& grid = epoch.grid;
  Progress rows(grid.size), columns(grid.size);
  for_blocks(static_cast<int>(std::min<index_t>(threads, grid.size)), grid.size * grid.size, [&](index_t n) {
    const index_t turn = n / grid.size, p = n % grid.size, stratum = strata[static_cast<std::size_t>(turn)];
    const index_t q = (p + stratum) % grid.size;
    rows.wait_for(p, static_cast<int>(turn));
    columns.wait_for(q, static_cast<int>(turn));
    const offset_t* const block = grid.blocks + stratum * grid.size + p;
    if constexpr (std::is_same_v<T, float>)
      HWY_DYNAMIC_DISPATCH(step_block_float)(epoch, block[0], block[1]);
    else
      HWY_DYNAMIC_DISPATCH(step_block_double)(epoch, block[0], block[1]);
    rows.set(p, static_cast<int>(turn + 1));
    columns.set(q, static_cast<int>(turn + 1));
  });
}

template void sgd_epoch(int, const SgdEpoch<float>&, const std::vector<index_t>&);
template void sgd_epoch(int, const SgdEpoch<double>&, const std::vector<index_t>&);

}  // namespace seesaw::cpu
#endif
