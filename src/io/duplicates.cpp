#include "duplicates.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <limits>
#include <unordered_map>
#include <utility>

#include "interner.hpp"
#include "parallel.hpp"

namespace seesaw::io {
namespace {

// The places of entries: [e] is a number that entries in one place share, below 2^64 - 1; same() says whether two that
// share it are in one place.

/// Row above column.
struct PairPlaces {
  const column_t* rows;
  const column_t* cols;
  offset_t size;

  std::uint64_t operator[](offset_t e) const {
    return static_cast<std::uint64_t>(rows[e]) << 32 | static_cast<std::uint32_t>(cols[e]);
  }
  static bool same(offset_t, offset_t) { return true; }
  static constexpr std::size_t kPasses = 8;  // an eighth of the places is dealt out at a time
};

/// The position in the whole tensor; where there are more than 64 bits can tell apart, a hash.
template <std::size_t N>
struct TensorPlaces {
  std::array<const column_t*, N> indices;
  std::array<std::uint64_t, N> factors;  ///< strides, or odd numbers without a pattern
  offset_t size;

  std::uint64_t operator[](offset_t e) const {
    std::uint64_t position = 0;
    for (std::size_t d = 0; d < N; ++d) position += static_cast<std::uint64_t>(indices[d][e]) * factors[d];
    return std::min(position, ~std::uint64_t{1});
  }
  bool same(offset_t e, offset_t f) const {
    for (std::size_t d = 0; d < N; ++d)
      if (indices[d][e] != indices[d][f]) return false;
    return true;
  }
  bool before(offset_t e, offset_t f) const {
    for (std::size_t d = 0; d < N; ++d)
      if (indices[d][e] != indices[d][f]) return indices[d][e] < indices[d][f];
    return false;
  }
  static constexpr std::size_t kPasses = 4;  // an entry takes more than a rating does, and its number more time
};

/// Whether each place is before the next, as in many files: then none occurs again.
template <class Places>
bool ascending(const Places& places, int threads) {
  constexpr index_t kParts = 64;
  std::atomic<bool> so_far{true};
  parallel_for(threads, kParts, [&](index_t part) {
    const Range range = part_of(places.size, part, kParts);
    for (offset_t e = std::max<offset_t>(range.first, 1); e < range.last; ++e)
      if (!places.before(e - 1, e)) {
        so_far.store(false, std::memory_order_relaxed);
        return;
      }
  });
  return so_far;
}

/// Places dealt out by their hash: where each bucket's begin, and where each part of the entries puts its next one.
struct Dealing {
  int bits;
  std::vector<offset_t> starts;
  std::vector<std::vector<offset_t>> next;

  std::size_t bucket_of(std::uint64_t place) const {
    return bits == 0 ? std::size_t{0} : static_cast<std::size_t>(mixed(place) >> (64 - bits));
  }
};

template <class Places>
Dealing count_by_bucket(const Places& places, int bits, int threads) {
  const std::size_t buckets = std::size_t{1} << bits;
  Dealing dealing{bits, {}, std::vector<std::vector<offset_t>>(static_cast<std::size_t>(threads))};
  parallel_for(threads, threads, [&](index_t part) {
    std::vector<offset_t> counts(buckets);
    const Range range = part_of(places.size, part, threads);
    for (offset_t e = range.first; e < range.last; ++e) ++counts[dealing.bucket_of(places[e])];
    dealing.next[static_cast<std::size_t>(part)] = std::move(counts);
  });
  offset_t total = 0;
  for (std::size_t b = 0; b < buckets; ++b) {
    dealing.starts.push_back(total);
    for (auto& counts : dealing.next) total += std::exchange(counts[b], total);
  }
  dealing.starts.push_back(total);
  return dealing;
}

/// Those of the buckets first to last - 1.
template <class Places>
void deal_out(const Places& places, Dealing& dealing, std::size_t first, std::size_t last, int threads,
              std::uint64_t* dealt) {
  parallel_for(threads, threads, [&](index_t part) {
    auto& next = dealing.next[static_cast<std::size_t>(part)];
    const Range range = part_of(places.size, part, threads);
    for (offset_t e = range.first; e < range.last; ++e) {
      const std::uint64_t place = places[e];
      const std::size_t bucket = dealing.bucket_of(place);
      if (bucket >= first && bucket < last) dealt[next[bucket]++ - dealing.starts[first]] = place;
    }
  });
}

/// The places that occur again, as often as they do.
std::vector<std::uint64_t> repeated_among(const std::uint64_t* first, const std::uint64_t* last) {
  constexpr std::uint64_t kEmpty = ~std::uint64_t{0};
  const std::uint64_t size = std::bit_ceil(2 * static_cast<std::uint64_t>(last - first) + 1);
  std::vector<std::uint64_t> seen(static_cast<std::size_t>(size), kEmpty);
  std::vector<std::uint64_t> repeated;
  for (; first != last; ++first) {
    auto at = static_cast<std::size_t>(mixed(*first) & (size - 1));
    while (seen[at] != kEmpty && seen[at] != *first) at = static_cast<std::size_t>((at + 1) & (size - 1));
    if (seen[at] == *first) repeated.push_back(*first);
    seen[at] = *first;
  }
  return repeated;
}

template <class Places>
std::vector<Repeat> repeats_of(const Places& places, int threads) {
  constexpr std::uint64_t kBucket = 1 << 14;  // whose table stays in the cache
  constexpr int kMostBits = 12;
  const auto parts = static_cast<std::uint64_t>(places.size) / kBucket;
  Dealing dealing = count_by_bucket(places, std::min(static_cast<int>(std::bit_width(parts)), kMostBits), threads);
  const std::size_t buckets = dealing.starts.size() - 1;
  std::vector<std::vector<std::uint64_t>> found(buckets);
  Buffer<std::uint64_t> dealt;
  for (std::size_t first = 0, last = 0; first < buckets; first = last) {
    last = std::min(buckets, first + std::max<std::size_t>(1, buckets / Places::kPasses));
    const offset_t start = dealing.starts[first], size = dealing.starts[last] - start;
    if (dealt.size() < size) {
      dealt = {};
      dealt = Buffer<std::uint64_t>(size);
    }
    deal_out(places, dealing, first, last, threads, dealt.data());
    parallel_for(threads, static_cast<index_t>(last - first), [&](index_t i) {
      const std::size_t b = first + static_cast<std::size_t>(i);
      found[b] =
          repeated_among(dealt.data() + (dealing.starts[b] - start), dealt.data() + (dealing.starts[b + 1] - start));
    });
  }
  std::unordered_map<std::uint64_t, std::vector<offset_t>> first_entries;  // of each place with that number
  for (const auto& some : found)
    for (const std::uint64_t number : some) first_entries[number];
  std::vector<Repeat> repeats;
  if (first_entries.empty()) return repeats;
  for (offset_t e = 0; e < places.size; ++e) {
    const auto known = first_entries.find(places[e]);
    if (known == first_entries.end()) continue;
    auto& firsts = known->second;
    const auto first = std::find_if(firsts.begin(), firsts.end(), [&](offset_t f) { return places.same(f, e); });
    if (first == firsts.end())
      firsts.push_back(e);
    else
      repeats.push_back({*first, e});
  }
  return repeats;
}

template <std::size_t N>
std::vector<Repeat> tensor_repeats(const std::array<const column_t*, kMaxOrder>& indices,
                                   const std::array<index_t, kMaxOrder>& shape, offset_t entries, int threads) {
  TensorPlaces<N> places{{}, {}, entries};
  std::uint64_t stride = 1;
  bool exact = true;
  for (std::size_t d = N; d-- > 0;) {
    const auto size = static_cast<std::uint64_t>(shape[d]);
    places.indices[d] = indices[d];
    places.factors[d] = stride;
    exact = exact && stride <= std::numeric_limits<std::uint64_t>::max() / size;
    stride *= size;
  }
  for (std::size_t d = 0; d < N && !exact; ++d) places.factors[d] = mixed(d + 1) | 1;
  if (ascending(places, threads)) return {};
  return repeats_of(places, threads);
}

}  // namespace

std::vector<Repeat> find_repeats(const Buffer<column_t>& rows, const Buffer<column_t>& cols, int threads) {
  return repeats_of(PairPlaces{rows.data(), cols.data(), rows.size()}, threads);
}

std::vector<Repeat> find_repeats(int order, const std::array<const column_t*, kMaxOrder>& indices,
                                 const std::array<index_t, kMaxOrder>& shape, offset_t entries, int threads) {
  constexpr std::array kOf{tensor_repeats<2>, tensor_repeats<3>, tensor_repeats<4>, tensor_repeats<5>,
                           tensor_repeats<6>, tensor_repeats<7>, tensor_repeats<8>};
  return kOf[static_cast<std::size_t>(order - 2)](indices, shape, entries, threads);
}

template <class T>
void merge_repeats(std::vector<Repeat> repeats, Duplicates policy, T* values) {
  std::stable_sort(repeats.begin(), repeats.end(), [](const Repeat& a, const Repeat& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < repeats.size();) {
    const offset_t first = repeats[i].first;
    double sum = values[first], last = 0;
    int count = 1;
    for (; i < repeats.size() && repeats[i].first == first; ++i, ++count) sum += last = values[repeats[i].again];
    values[first] = static_cast<T>(policy == Duplicates::last ? last : policy == Duplicates::mean ? sum / count : sum);
  }
}

template void merge_repeats<float>(std::vector<Repeat>, Duplicates, float*);
template void merge_repeats<double>(std::vector<Repeat>, Duplicates, double*);

}  // namespace seesaw::io
