#include "top_k.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "cpu/best_list.hpp"
#include "cpu/dense.hpp"
#include "cpu/parallel.hpp"
#include "cpu/simd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/top_k.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/dense-inl.hpp"

#ifndef SEESAW_CPU_TOP_K_TILE
#define SEESAW_CPU_TOP_K_TILE
namespace seesaw::cpu {

/// Scores are computed for kQueries rows of x and kPanel<T> rows of y at a time, both transposed: k x kQueries and
/// k x kPanel, zeros in the place of rows that there are not.
inline constexpr index_t kQueries = 8;
template <class T>
inline constexpr index_t kPanel = 192 / static_cast<index_t>(sizeof(T));

/// The panel of y that is at hand.
template <class T>
struct Panel {
  const T* y;
  index_t k;
  index_t first_item;
  index_t count;  ///< items, the rest is padding
};

}  // namespace seesaw::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

/// out = x' y, kQueries x kPanel. Each element is one sum in the order of the rows of x and y.
template <class T>
HWY_INLINE void score_tile(const T* HWY_RESTRICT x, const T* HWY_RESTRICT y, index_t k, T* HWY_RESTRICT out) {
  const Vectors<T> d;
  static_assert(kQueries % kTileRows == 0);
  for (index_t i = 0; i < kQueries; i += kTileRows)
    for (index_t j = 0; j < kPanel<T>; j += kTileVectors * lanes<T>()) {
      hn::Vec<Vectors<T>> sum[kTileRows][kTileVectors];
      for (int r = 0; r < kTileRows; ++r)
        for (int v = 0; v < kTileVectors; ++v) sum[r][v] = hn::Zero(d);
      const T *row = x + i, *column = y + j;
      for (index_t f = 0; f < k; ++f, row += kQueries, column += kPanel<T>) {
        hn::Vec<Vectors<T>> columns[kTileVectors];
        for (int v = 0; v < kTileVectors; ++v) columns[v] = hn::Load(d, column + v * lanes<T>());
        for (int r = 0; r < kTileRows; ++r)
          for (int v = 0; v < kTileVectors; ++v) sum[r][v] = hn::MulAdd(hn::Set(d, row[r]), columns[v], sum[r][v]);
      }
      for (int r = 0; r < kTileRows; ++r)
        for (int v = 0; v < kTileVectors; ++v) hn::Store(sum[r][v], d, out + (i + r) * kPanel<T> + j + v * lanes<T>());
    }
}

/// Offers the scores that may be among the best, and those that are not finite.
template <class T>
HWY_INLINE void offer_scores(const T* HWY_RESTRICT scores, const Panel<T>& panel, BestList<T>& best) {
  const Vectors<T> d;
  for (index_t j = 0; j < panel.count; j += lanes<T>()) {
    const auto score = hn::Load(d, scores + j);
    const auto ordinary = hn::And(hn::IsFinite(score), hn::Le(score, hn::Set(d, best.threshold)));
    if (hn::AllTrue(d, ordinary)) continue;
    for (index_t l = j; l < std::min(j + lanes<T>(), panel.count); ++l) best.offer(scores[l], panel.first_item + l);
  }
}

/// Rows in groups of kQueries against one panel. x holds one k x kQueries block a group.
template <class T>
void rank_panel(const T* x, const Panel<T>& panel, index_t rows, T* tile, BestList<T>* best) {
  for (index_t i = 0; i < rows; i += kQueries) {
    score_tile(x + i * panel.k, panel.y, panel.k, tile);
    for (index_t r = 0; r < std::min(kQueries, rows - i); ++r) offer_scores(tile + r * kPanel<T>, panel, best[i + r]);
  }
}

void rank_panel_float(const float* x, const Panel<float>& panel, index_t rows, float* tile, BestList<float>* best) {
  rank_panel(x, panel, rows, tile, best);
}
void rank_panel_double(const double* x, const Panel<double>& panel, index_t rows, double* tile,
                       BestList<double>* best) {
  rank_panel(x, panel, rows, tile, best);
}

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(rank_panel_float);
HWY_EXPORT(rank_panel_double);

namespace {

template <class T>
void rank_panel(const T* x, const Panel<T>& panel, index_t rows, T* tile, BestList<T>* best) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(rank_panel_float)(x, panel, rows, tile, best);
  else
    HWY_DYNAMIC_DISPATCH(rank_panel_double)(x, panel, rows, tile, best);
}

/// out = the transpose of up to `width` rows, from the first on, zeros beyond: k x width.
template <class T>
void transpose_rows(MatrixView<const T> rows, index_t first, index_t width, T* out) {
  for (index_t r = 0; r < width; ++r) {
    const T* row = first + r < rows.rows ? rows.row(first + r) : nullptr;
    for (index_t f = 0; f < rows.cols; ++f) out[f * width + r] = row != nullptr ? row[f] : T(0);
  }
}

template <class T>
struct TopK {
  MatrixView<const T> x;
  MatrixView<const T> y;
  CsrView<T> seen;
  MatrixView<column_t> items;
  MatrixView<T> scores;

  index_t keep() const { return std::min(items.cols, y.rows); }
  /// Candidates that a list may come to hold.
  index_t held() const { return std::min(2 * keep(), y.rows); }
};

/// Rows of x in a block: whole groups, and lists of candidates that stay in the cache, within reason.
template <class T>
index_t block_rows(const TopK<T>& problem) {
  constexpr index_t kListBytes = index_t{4} << 20, kMostRows = 64;
  const index_t bytes = problem.held() * static_cast<index_t>(sizeof(Candidate<T>));
  return std::clamp(kListBytes / std::max<index_t>(1, bytes) / kQueries * kQueries, kQueries, kMostRows);
}

/// What one thread needs to rank items for one block of rows after the other.
template <class T>
struct RankScratch {
  Buffer<T> x;     ///< one k x kQueries block a group
  Buffer<T> tile;  ///< kQueries x kPanel
  Buffer<Candidate<T>> candidates;
  std::vector<BestList<T>> best;

  RankScratch(const TopK<T>& problem, index_t rows)
      : x(rows * problem.x.cols),
        tile(kQueries * kPanel<T>),
        candidates(std::min(rows, problem.x.rows) * problem.held()),
        best(static_cast<std::size_t>(rows)) {}
};

/// The panels of y that stand transposed in memory, one after the other.
template <class T>
struct PanelGroup {
  const T* y;
  index_t first;
  index_t count;
};

/// A list for row i, with what it found among the panels before the group.
template <class T>
BestList<T> begin_row(const TopK<T>& problem, index_t i, index_t first_item, Candidate<T>* memory) {
  BestList<T> best{memory, problem.keep()};
  if (problem.seen.offsets != nullptr) {
    const column_t* columns = problem.seen.columns;
    best.seen_end = columns + problem.seen.offsets[i + 1];
    best.seen = std::lower_bound(columns + problem.seen.offsets[i], best.seen_end, first_item);
  }
  if (first_item > 0) best.load(problem.items.row(i), problem.scores.row(i));
  return best;
}

/// Ranks the group's items for rows first to last - 1. Returns the first flaw.
template <class T>
index_t rank_block(const TopK<T>& problem, const PanelGroup<T>& group, index_t first, index_t last,
                   RankScratch<T>& scratch) {
  const index_t k = problem.x.cols, n = problem.y.rows;
  BestList<T>* best = scratch.best.data();
  for (index_t i = first; i < last; i += kQueries)
    transpose_rows(problem.x, i, kQueries, scratch.x.data() + (i - first) * k);
  for (index_t i = first; i < last; ++i)
    best[i - first] =
        begin_row(problem, i, group.first * kPanel<T>, scratch.candidates.data() + (i - first) * problem.held());
  for (index_t p = 0; p < group.count; ++p) {
    const index_t item = (group.first + p) * kPanel<T>;
    const Panel<T> panel{group.y + p * k * kPanel<T>, k, item, std::min(kPanel<T>, n - item)};
    rank_panel(scratch.x.data(), panel, last - first, scratch.tile.data(), best);
  }
  index_t flaw = kAllFinite;
  for (index_t i = first; i < last; ++i, ++best) {
    best->store(problem.items.row(i), problem.scores.row(i), problem.items.cols);
    if (flaw == kAllFinite && best->flaw != kAllFinite) flaw = i * n + best->flaw;
  }
  return flaw;
}

}  // namespace

// Items in groups whose transposed rows fit a budget, transposed by all threads; then the rows in blocks, a thread a
// block, panel after panel of the group. What a row has found among the earlier groups stands in items and scores.
template <class T>
index_t top_k(int threads, MatrixView<const T> x, MatrixView<const T> y, CsrView<T> seen, MatrixView<column_t> items,
              MatrixView<T> scores) {
  constexpr index_t kGroupBytes = index_t{16} << 20;
  const TopK<T> problem{x, y, seen, items, scores};
  const index_t rows = block_rows(problem), blocks = block_count(x.rows, rows);
  const index_t panel_size = x.cols * kPanel<T>, panels = block_count(y.rows, kPanel<T>);
  const index_t fit = std::max<index_t>(1, kGroupBytes / (panel_size * static_cast<index_t>(sizeof(T))));
  Buffer<T> transposed(std::min(panels, fit) * panel_size);
  index_t flaw = std::numeric_limits<index_t>::max();
  for (index_t first = 0; first < panels || first == 0; first += fit) {  // without items, to say so
    const PanelGroup<T> group{transposed.data(), first, std::min(fit, panels - first)};
    for_blocks(threads, group.count, [&](index_t p) {
      transpose_rows(y, (first + p) * kPanel<T>, kPanel<T>, transposed.data() + p * panel_size);
    });
    std::vector<index_t> flaws(static_cast<std::size_t>(blocks));
    for_blocks(
        threads, blocks, [&] { return RankScratch<T>(problem, rows); },
        [&](RankScratch<T>& scratch, index_t block) {
          flaws[static_cast<std::size_t>(block)] =
              rank_block(problem, group, block * rows, std::min(x.rows, (block + 1) * rows), scratch);
        });
    for (const index_t found : flaws)
      if (found != kAllFinite) flaw = std::min(flaw, found);
  }
  return flaw != std::numeric_limits<index_t>::max() ? flaw : kAllFinite;
}

template index_t top_k(int, MatrixView<const float>, MatrixView<const float>, CsrView<float>, MatrixView<column_t>,
                       MatrixView<float>);
template index_t top_k(int, MatrixView<const double>, MatrixView<const double>, CsrView<double>, MatrixView<column_t>,
                       MatrixView<double>);

}  // namespace seesaw::cpu
#endif
