#pragma once
#include <algorithm>
#include <vector>

#include "seesaw/tensor.hpp"

namespace seesaw::cpu {

/// Order 2: indices of the other mode whose vectors stay in half of a small L2 cache, a tile, through
/// which a block goes before the next one; 0, no tiles, where all of them may stay in a cache, or where the rows have
/// too few entries for each tile.
template <class T>
index_t tile_size(const ModeView<T>& entries, index_t k) {
  constexpr index_t kTileBytes = 1 << 18, kCachedBytes = 1 << 24, kFewestEntries = 2;
  if (entries.order != 2) return 0;
  const index_t own = entries.shape[static_cast<std::size_t>(entries.mode)],
                others = entries.shape[static_cast<std::size_t>(1 - entries.mode)];
  const index_t bytes = k * static_cast<index_t>(sizeof(T)), tile = std::max<index_t>(1, kTileBytes / bytes);
  if (others <= kCachedBytes / bytes) return 0;
  return entries.entries / kFewestEntries < own * ((others + tile - 1) / tile) ? 0 : tile;
}

/// visit(row, first, last) for the entries of the rows begin to end - 1, each entry once: row after row or, where
/// `tile` is not 0, tile after tile. Those of a row are taken in their order: where that does not ascend, some come
/// with a later tile than their own.
template <class T, class Visit>
void for_tiles(const ModeView<T>& entries, index_t begin, index_t end, index_t tile, Visit&& visit) {
  if (tile == 0) {
    for (index_t i = begin; i < end; ++i) visit(i, entries.offsets[i], entries.offsets[i + 1]);
    return;
  }
  const auto other = static_cast<std::size_t>(1 - entries.mode);
  const index_t others = entries.shape[other];
  const column_t* const indices = entries.indices[other];
  std::vector<offset_t> next(entries.offsets + begin, entries.offsets + end);
  for (index_t bound = tile; bound - tile < others; bound += tile)
    for (index_t i = begin; i < end; ++i) {
      offset_t& first = next[static_cast<std::size_t>(i - begin)];
      offset_t last = first;
      while (last < entries.offsets[i + 1] && indices[last] < bound) ++last;
      if (last > first) visit(i, first, last);
      first = last;
    }
}

}  // namespace seesaw::cpu
