#include "sparse.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "cpu/parallel.hpp"

namespace seesaw::cpu {
namespace {

constexpr offset_t kEntries = 1 << 16;       // entries that a thread takes at a time
constexpr index_t kMostCountedBlocks = 256;  // of entries, that are counted by bucket

template <class T>
Flaw::Kind flaw_of(const T* values, const T* weights, offset_t e) {
  if (!std::isfinite(values[e])) return Flaw::Kind::value;
  if (weights != nullptr && !(std::isfinite(weights[e]) && weights[e] >= 0)) return Flaw::Kind::weight;
  return Flaw::Kind::none;
}

/// The flaw of the first block that has one; find(block) looks for the first one in a block.
template <class Find>
Flaw first_flaw(int threads, index_t blocks, Find&& find) {
  std::vector<Flaw> flaws(static_cast<std::size_t>(blocks));
  for_blocks(threads, blocks, [&](index_t block) { flaws[static_cast<std::size_t>(block)] = find(block); });
  for (const Flaw& flaw : flaws)
    if (flaw.kind != Flaw::Kind::none) return flaw;
  return {};
}

/// Entries by their place: (major, minor) is (row, column) of the result.
template <class T>
struct Places {
  offset_t entries;
  const column_t* major;
  const column_t* minor;
  const T* values;
  const T* weights;
};

/// One entry on its way: its place and where it came from.
struct Record {
  column_t major;
  column_t minor;
  offset_t entry;
};

/// The rows 0 to rows - 1 in at most kMost ranges of 2^shift rows.
struct Buckets {
  static constexpr index_t kMost = 512;
  int shift = 0;
  index_t count = 0;

  explicit Buckets(index_t rows) {
    while ((rows >> shift) >= kMost) ++shift;
    count = (rows >> shift) + 1;
  }
};

/// All entries by bucket of their row, in their order within each; starts has the buckets' first positions.
template <class T>
Buffer<Record> scatter(int threads, const Places<T>& places, const Buckets& buckets, std::vector<offset_t>& starts) {
  const offset_t size = std::max(kEntries, block_count(places.entries, kMostCountedBlocks));
  const index_t blocks = block_count(places.entries, size);
  const auto bucket_of = [&](offset_t e) { return static_cast<std::size_t>(places.major[e] >> buckets.shift); };
  std::vector<std::vector<offset_t>> next(static_cast<std::size_t>(blocks));
  for_blocks(threads, blocks, [&](index_t block) {
    std::vector<offset_t> counts(static_cast<std::size_t>(buckets.count));
    for (offset_t e = block * size; e < std::min(places.entries, (block + 1) * size); ++e) ++counts[bucket_of(e)];
    next[static_cast<std::size_t>(block)] = std::move(counts);
  });
  offset_t sum = 0;
  for (std::size_t bucket = 0; bucket < static_cast<std::size_t>(buckets.count); ++bucket) {
    starts.push_back(sum);
    for (auto& counts : next) sum += std::exchange(counts[bucket], sum);
  }
  starts.push_back(sum);
  Buffer<Record> records(places.entries);
  for_blocks(threads, blocks, [&](index_t block) {
    auto& to = next[static_cast<std::size_t>(block)];
    for (offset_t e = block * size; e < std::min(places.entries, (block + 1) * size); ++e)
      records.data()[to[bucket_of(e)]++] = {places.major[e], places.minor[e], e};
  });
  return records;
}

/// Puts the entries of one bucket, which belong at `start` on, in their final places. `sorted` is scratch. The flaw is
/// the first pair of entries in one place.
template <class T>
Flaw sort_bucket(const Places<T>& places, const Record* first, const Record* last, offset_t start, index_t first_row,
                 index_t last_row, std::vector<Record>& sorted, Csr<T>& out) {
  offset_t* ends = out.offsets.data() + 1;  // ends[i]: counts, then where the next entry of row i goes, then its end
  std::fill(ends + first_row, ends + last_row, offset_t{0});
  for (const Record* r = first; r < last; ++r) ++ends[r->major];
  offset_t sum = 0;
  for (index_t i = first_row; i < last_row; ++i) sum += std::exchange(ends[i], sum);
  sorted.resize(static_cast<std::size_t>(last - first));
  for (const Record* r = first; r < last; ++r) sorted[static_cast<std::size_t>(ends[r->major]++)] = *r;

  const auto before = [](const Record& a, const Record& b) {
    return a.minor != b.minor ? a.minor < b.minor : a.entry < b.entry;
  };
  Record* row = sorted.data();
  for (index_t i = first_row; i < last_row; ++i) {
    Record* const row_end = sorted.data() + ends[i];
    if (!std::is_sorted(row, row_end, before)) std::sort(row, row_end, before);
    for (Record* r = row + 1; r < row_end; ++r)
      if (r->minor == r[-1].minor) return {Flaw::Kind::duplicate, r->entry};
    row = row_end;
    ends[i] += start;
  }
  for (std::size_t n = 0; n < sorted.size(); ++n) {
    const Record& r = sorted[n];
    const offset_t to = start + static_cast<offset_t>(n);
    out.columns.data()[to] = r.minor;
    out.values.data()[to] = places.values[r.entry];
    if (places.weights != nullptr) out.weights.data()[to] = places.weights[r.entry];
  }
  return {};
}

// 1. scatter   entries into buckets of neighbouring rows, keeping their order
// 2. sort      each bucket, small enough for the cache, by row and column
template <class T>
Flaw sort_entries(int threads, const Places<T>& places, Csr<T>& out) {
  out.offsets.data()[0] = 0;
  const Buckets buckets(out.rows);
  std::vector<offset_t> starts;
  const Buffer<Record> records = scatter(threads, places, buckets, starts);
  std::vector<Flaw> flaws(static_cast<std::size_t>(buckets.count));
  for_blocks(
      threads, buckets.count, [] { return std::vector<Record>(); },
      [&](std::vector<Record>& sorted, index_t bucket) {
        const auto b = static_cast<std::size_t>(bucket);
        flaws[b] = sort_bucket(places, records.data() + starts[b], records.data() + starts[b + 1], starts[b],
                               std::min(out.rows, bucket << buckets.shift),
                               std::min(out.rows, (bucket + 1) << buckets.shift), sorted, out);
      });
  for (const Flaw& flaw : flaws)
    if (flaw.kind != Flaw::Kind::none) return flaw;
  return {};
}

/// The first row that has an entry at or after `e`.
template <class T>
index_t row_at(const CsrView<T>& matrix, offset_t e) {
  return std::upper_bound(matrix.offsets, matrix.offsets + matrix.rows + 1, e) - matrix.offsets - 1;
}

template <class T>
Flaw check_block(const CsrView<T>& matrix, offset_t first, offset_t last) {
  index_t row = row_at(matrix, first);
  for (offset_t e = first; e < last; ++e) {
    while (e == matrix.offsets[row + 1]) ++row;
    if (matrix.columns[e] < 0 || matrix.columns[e] >= matrix.cols) return {Flaw::Kind::index, e};
    if (e > matrix.offsets[row] && matrix.columns[e] <= matrix.columns[e - 1]) return {Flaw::Kind::order, e};
    if (const auto kind = flaw_of(matrix.values, matrix.weights, e); kind != Flaw::Kind::none) return {kind, e};
  }
  return {};
}

}  // namespace

template <class T>
Flaw check_entries(int threads, const SparseTensorView<T>& entries) {
  return first_flaw(threads, block_count(entries.entries, kEntries), [&](index_t block) -> Flaw {
    for (offset_t e = block * kEntries; e < std::min(entries.entries, (block + 1) * kEntries); ++e) {
      for (std::size_t d = 0; d < static_cast<std::size_t>(entries.order); ++d)
        if (entries.indices[d][e] < 0 || entries.indices[d][e] >= entries.shape[d]) return {Flaw::Kind::index, e};
      if (const auto kind = flaw_of(entries.values, entries.weights, e); kind != Flaw::Kind::none) return {kind, e};
    }
    return {};
  });
}

template <class T>
Flaw compress(int threads, const SparseTensorView<T>& entries, Csr<T>& out) {
  return sort_entries<T>(
      threads, {entries.entries, entries.indices[0], entries.indices[1], entries.values, entries.weights}, out);
}

template <class T>
void transpose(int threads, CsrView<T> matrix, Csr<T>& out) {
  const offset_t begin = matrix.offsets[0], end = matrix.offsets[matrix.rows];
  Buffer<column_t> rows(end - begin);
  for_blocks(threads, block_count(end - begin, kEntries), [&](index_t block) {
    const offset_t first = begin + block * kEntries;
    index_t row = row_at(matrix, first);
    for (offset_t e = first; e < std::min(end, first + kEntries); ++e) {
      while (e == matrix.offsets[row + 1]) ++row;
      rows.data()[e - begin] = static_cast<column_t>(row);
    }
  });
  const T* weights = matrix.weights != nullptr ? matrix.weights + begin : nullptr;
  sort_entries<T>(threads, {end - begin, matrix.columns + begin, rows.data(), matrix.values + begin, weights}, out);
}

// The row of each entry; the entries scattered into buckets; each thread's bucket, were all alike; the counts.
double transpose_workspace(int threads, index_t rows, offset_t entries) {
  const auto size = static_cast<double>(entries), buckets = static_cast<double>(Buckets(rows).count);
  const double sorted = std::min(1.0, threads / buckets) * size * sizeof(Record);
  return size * (sizeof(column_t) + sizeof(Record)) + sorted + kMostCountedBlocks * buckets * sizeof(offset_t);
}

template <class T>
Flaw check(int threads, CsrView<T> matrix) {
  const Flaw descent = first_flaw(threads, block_count(matrix.rows, kEntries), [&](index_t block) -> Flaw {
    for (index_t i = block * kEntries; i < std::min(matrix.rows, (block + 1) * kEntries); ++i)
      if (matrix.offsets[i + 1] < matrix.offsets[i]) return {Flaw::Kind::offsets, i};
    return {};
  });
  if (descent.kind != Flaw::Kind::none) return descent;
  const offset_t begin = matrix.offsets[0], end = matrix.offsets[matrix.rows];
  if (end - begin != matrix.entries) return {Flaw::Kind::offsets, matrix.rows};
  return first_flaw(threads, block_count(end - begin, kEntries), [&](index_t block) {
    const offset_t first = begin + block * kEntries;
    return check_block(matrix, first, std::min(end, first + kEntries));
  });
}

template Flaw check_entries(int, const SparseTensorView<float>&);
template Flaw check_entries(int, const SparseTensorView<double>&);
template Flaw compress(int, const SparseTensorView<float>&, Csr<float>&);
template Flaw compress(int, const SparseTensorView<double>&, Csr<double>&);
template void transpose(int, CsrView<float>, Csr<float>&);
template void transpose(int, CsrView<double>, Csr<double>&);
template Flaw check(int, CsrView<float>);
template Flaw check(int, CsrView<double>);

}  // namespace seesaw::cpu
