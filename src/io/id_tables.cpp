#include "id_tables.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <limits>
#include <numeric>

#include "parallel.hpp"

namespace seesaw::io {
namespace {

struct Bounds {
  column_t least = std::numeric_limits<column_t>::max();
  column_t most = 0;
};

Bounds bounds_of(const Buffer<column_t>& index, const std::vector<Chunk>& chunks, int threads) {
  std::vector<Bounds> each(chunks.size());
  parallel_for(threads, static_cast<index_t>(chunks.size()), [&](index_t i) {
    const Chunk& chunk = chunks[static_cast<std::size_t>(i)];
    Bounds bounds;
    for (offset_t e = chunk.first_entry; e < chunk.first_entry + chunk.entries; ++e) {
      bounds.least = std::min(bounds.least, index.data()[e]);
      bounds.most = std::max(bounds.most, index.data()[e]);
    }
    each[static_cast<std::size_t>(i)] = bounds;
  });
  Bounds all;
  for (const Bounds& bounds : each) all = {std::min(all.least, bounds.least), std::max(all.most, bounds.most)};
  return all;
}

/// As std::popcount, which without an instruction for it is a call into the compiler's library.
unsigned count_bits(std::uint64_t bits) {
  bits -= bits >> 1 & 0x5555555555555555;
  bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
  bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return static_cast<unsigned>(bits * 0x0101010101010101 >> 56);
}

/// A set of integers as bits, with the number of members before each word of 64.
class RankedBits {
 public:
  explicit RankedBits(std::size_t range) : words_((range + 63) / 64), before_(words_.size()) {}

  void insert(std::size_t bit) {
    const std::atomic_ref<std::uint64_t> word(words_[bit / 64]);
    const std::uint64_t mask = std::uint64_t{1} << bit % 64;
    if ((word.load(std::memory_order_relaxed) & mask) == 0) word.fetch_or(mask, std::memory_order_relaxed);
  }
  /// The members, ascending. After it rank() may be asked.
  std::vector<std::int64_t> members(std::int64_t first) {
    std::vector<std::int64_t> list;
    for (std::size_t w = 0; w < words_.size(); ++w) {
      before_[w] = static_cast<std::uint32_t>(list.size());
      for (std::uint64_t rest = words_[w]; rest != 0; rest &= rest - 1)
        list.push_back(first + static_cast<std::int64_t>(64 * w) + std::countr_zero(rest));
    }
    return list;
  }
  column_t rank(std::size_t bit) const {
    const std::uint64_t below = words_[bit / 64] & ((std::uint64_t{1} << bit % 64) - 1);
    return static_cast<column_t>(before_[bit / 64] + count_bits(below));
  }

 private:
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> before_;
};

template <class Work>
void for_each_index(Buffer<column_t>& index, int threads, const Work& work) {
  constexpr index_t kTogether = 1 << 16;
  const index_t parts = (index.size() + kTogether - 1) / kTogether;
  parallel_for(threads, parts, [&](index_t part) {
    const Range range = part_of(index.size(), part, parts);
    for (index_t e = range.first; e < range.last; ++e) work(index.data()[e]);
  });
}

Ids number_small(Buffer<column_t>& index, Bounds bounds, int threads) {
  RankedBits bits(static_cast<std::size_t>(bounds.most - bounds.least) + 1);
  const auto bit = [&](column_t id) { return static_cast<std::size_t>(id - bounds.least); };
  for_each_index(index, threads, [&](column_t& id) { bits.insert(bit(id)); });
  Ids ids = Ids::integers(bits.members(bounds.least));
  for_each_index(index, threads, [&](column_t& id) { id = bits.rank(bit(id)); });
  return ids;
}

/// Small ids that lie too far apart for bits.
void widen(IdColumn& column, const std::vector<Chunk>& chunks, int threads) {
  parallel_for(threads, static_cast<index_t>(chunks.size()), [&](index_t i) {
    const Chunk& chunk = chunks[static_cast<std::size_t>(i)];
    Interner<std::int64_t>& ids = column.chunk_ids[static_cast<std::size_t>(i)].wide;
    for (offset_t e = chunk.first_entry; e < chunk.first_entry + chunk.entries; ++e) {
      column_t& index = column.index.data()[e];
      index = ids.add(index);
    }
  });
  column.kind = IdKind::wide;
}

/// Sorts the keys of all chunks together and renumbers the entries by them.
template <class Key, class Pick>
std::vector<Key> number_keys(const std::string& path, const char* what, IdColumn& column,
                             const std::vector<Chunk>& chunks, int threads, const Pick& pick) {
  Interner<Key> all;
  std::vector<std::vector<column_t>> number(chunks.size());
  for (std::size_t i = 0; i < chunks.size(); ++i)
    for (const Key& key : pick(column.chunk_ids[i]).keys()) {
      number[i].push_back(all.add(key));
      check_id_count(path, what, static_cast<std::int64_t>(all.keys().size()));
    }
  std::vector<Key> sorted = all.keys();
  std::sort(sorted.begin(), sorted.end());
  std::vector<column_t> rank(sorted.size());
  for (std::size_t r = 0; r < sorted.size(); ++r)
    rank[static_cast<std::size_t>(all.add(sorted[r]))] = static_cast<column_t>(r);
  parallel_for(threads, static_cast<index_t>(chunks.size()), [&](index_t i) {
    const Chunk& chunk = chunks[static_cast<std::size_t>(i)];
    for (offset_t e = chunk.first_entry; e < chunk.first_entry + chunk.entries; ++e) {
      column_t& index = column.index.data()[e];
      const column_t together = number[static_cast<std::size_t>(i)][static_cast<std::size_t>(index)];
      index = rank[static_cast<std::size_t>(together)];
    }
  });
  return sorted;
}

}  // namespace

Ids make_ids(const std::string& path, const char* what, IdColumn& column, const std::vector<Chunk>& chunks,
             int threads) {
  if (column.kind == IdKind::small) {
    const Bounds bounds = bounds_of(column.index, chunks, threads);
    const index_t range = static_cast<index_t>(bounds.most) - bounds.least + 1;
    constexpr index_t kAlways = 1 << 22, kBitsPerEntry = 32;
    if (range <= std::max(kAlways, kBitsPerEntry * column.index.size())) {
      Ids ids = number_small(column.index, bounds, threads);
      check_id_count(path, what, ids.size());
      return ids;
    }
    widen(column, chunks, threads);
  }
  const auto wide = [](const ChunkIds& ids) -> const auto& { return ids.wide; };
  const auto text = [](const ChunkIds& ids) -> const auto& { return ids.text; };
  if (column.kind == IdKind::wide)
    return Ids::integers(number_keys<std::int64_t>(path, what, column, chunks, threads, wide));
  return Ids::strings(number_keys<std::string_view>(path, what, column, chunks, threads, text));
}

std::vector<column_t> translation(const Ids& from, const Ids& to, int threads) {
  std::vector<column_t> table(static_cast<std::size_t>(from.size()));
  constexpr index_t kTogether = 1 << 12;
  const index_t parts = (from.size() + kTogether - 1) / kTogether;
  parallel_for(threads, parts, [&](index_t part) {
    const Range range = part_of(from.size(), part, parts);
    for (index_t i = range.first; i < range.last; ++i)
      table[static_cast<std::size_t>(i)] =
          static_cast<column_t>(from.integral() ? to.find(from.integer(i)) : to.find(from.text(i)));
  });
  return table;
}

void translate(Buffer<column_t>& index, const std::vector<column_t>& table, int threads) {
  for_each_index(index, threads, [&](column_t& id) { id = table[static_cast<std::size_t>(id)]; });
}

void check_id_count(const std::string& where, const char* what, std::int64_t count) {
  constexpr std::int64_t kMost = std::numeric_limits<column_t>::max();
  if (count > kMost)
    throw ParseError(where + ": " + std::to_string(count) + " " + what + " are too many, at most " +
                     std::to_string(kMost) + " can be numbered");
}

}  // namespace seesaw::io
