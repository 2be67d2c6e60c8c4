#pragma once
#include "row_of_entry.cuh"
#include "seesaw/sparse.hpp"

// Rows with many entries are cut into segments whose Gram matrices are summed apart, so that no block walks a long row
// alone. With `chunk` entries to a segment, a row of n >= 2 chunk entries from entry o on has n / chunk segments of
// nearly the same length, kept in the slots o / chunk, o / chunk + 1, ...: as floor(o / chunk) + floor(n / chunk) <=
// floor((o + n) / chunk), no two rows meet in a slot, and no table of segments has to be built. The cut depends on the
// matrix alone, not on the device.
namespace seesaw::cuda {

struct Segments {
  offset_t first_slot = 0;
  offset_t count = 0;  ///< 0: the row is not cut
};

struct EntryRange {
  offset_t first = 0;
  offset_t last = 0;  ///< one behind
};

__device__ inline Segments segments_of(const offset_t* offsets, index_t row, offset_t chunk) {
  const offset_t count = (offsets[row + 1] - offsets[row]) / chunk;
  return {(offsets[row] - offsets[0]) / chunk, count >= 2 ? count : 0};
}

/// The entries of the segment in `slot`; none where no row uses the slot.
__device__ inline EntryRange segment_in_slot(const offset_t* offsets, index_t rows, offset_t chunk, offset_t slot) {
  // The row that uses the slot, if any, holds the entry before the next slot's first.
  const offset_t entry = offsets[0] + (slot + 1) * chunk - 1;
  const index_t row = row_of_entry(offsets, entry, 0, rows - 1);
  const Segments segments = segments_of(offsets, row, chunk);
  const offset_t s = slot - segments.first_slot;
  if (s < 0 || s >= segments.count) return {};
  const offset_t begin = offsets[row], size = offsets[row + 1] - begin;
  const offset_t base = size / segments.count, longer = size % segments.count;
  const offset_t first = begin + s * base + (s < longer ? s : longer);
  return {first, first + base + (s < longer ? 1 : 0)};
}

}  // namespace seesaw::cuda
