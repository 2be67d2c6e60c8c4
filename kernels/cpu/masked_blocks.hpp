#pragma once
#include <algorithm>

#include "cpu/parallel.hpp"
#include "seesaw/masked_gradient.hpp"

namespace seesaw::cpu {

/// The rows of one mode in blocks of some as many entries each: the unit of work of the masked rows. They depend on the
/// entries alone, never on the number of threads.
template <class T>
class MaskedBlocks {
 public:
  /// `tiled`: fewer, larger ones, in which a tile's vectors are used often.
  explicit MaskedBlocks(const ModeView<T>& entries, bool tiled = false)
      : offsets_(entries.offsets), rows_(entries.shape[static_cast<std::size_t>(entries.mode)]) {
    constexpr offset_t kFewest = 2048, kMost = 1 << 18, kBlocks = 64;
    constexpr offset_t kFewestTiled = 1 << 16, kMostTiled = 1 << 20, kBlocksTiled = 16;
    if (rows_ == 0) return;
    const offset_t all = offsets_[rows_] - offsets_[0];
    size_ =
        tiled ? std::clamp(all / kBlocksTiled, kFewestTiled, kMostTiled) : std::clamp(all / kBlocks, kFewest, kMost);
    count_ = std::max<index_t>(1, block_count(all, size_));
  }

  index_t count() const { return count_; }
  /// The first row of a block; the block after the last one begins behind the last row.
  index_t begin(index_t block) const {
    if (block == 0) return 0;
    if (block == count_) return rows_;
    return std::lower_bound(offsets_, offsets_ + rows_, offsets_[0] + block * size_) - offsets_;
  }

 private:
  const offset_t* offsets_;
  index_t rows_, count_ = 0;
  offset_t size_ = 0;
};

}  // namespace seesaw::cpu
