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

/// The first row that has an entry at or after `e`.
template <class T>
index_t row_at(const CsrView<T>& matrix, offset_t e) {
  return std::upper_bound(matrix.offsets, matrix.offsets + matrix.rows + 1, e) - matrix.offsets - 1;
}

// Where entries come from. each() calls body(e, major, minor) for the entries first to last - 1 in their order, where
// (major, minor) is the (row, column) that entry e has in the result.

template <class T>
struct FromEntries {
  const SparseTensorView<T>& from;

  offset_t entries() const { return from.entries; }
  const T* values() const { return from.values; }
  const T* weights() const { return from.weights; }
  template <class Body>
  void each(offset_t first, offset_t last, Body&& body) const {
    for (offset_t e = first; e < last; ++e) body(e, from.indices[0][e], from.indices[1][e]);
  }
};

template <class T>
struct FromRows {
  const CsrView<T>& from;

  offset_t begin() const { return from.offsets[0]; }
  offset_t entries() const { return from.offsets[from.rows] - begin(); }
  const T* values() const { return from.values + begin(); }
  const T* weights() const { return from.weights != nullptr ? from.weights + begin() : nullptr; }
  template <class Body>
  void each(offset_t first, offset_t last, Body&& body) const {
    index_t row = row_at(from, begin() + first);
    for (offset_t e = first; e < last; ++row)
      for (; e < std::min(last, from.offsets[row + 1] - begin()); ++e)
        body(e, from.columns[begin() + e], static_cast<column_t>(row));
  }
};

template <class T>
struct FromMode {
  const SparseTensorView<T>& from;
  const column_t* indices;

  offset_t entries() const { return from.entries; }
  template <class Body>
  void each(offset_t first, offset_t last, Body&& body) const {
    for (offset_t e = first; e < last; ++e) body(e, indices[e], column_t{0});
  }
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

/// Entries by the bucket of their row, in their order within each: where each bucket's begin, and where each block of
/// entries puts its next one.
struct Dealing {
  offset_t block_size;
  std::vector<offset_t> starts;
  std::vector<std::vector<offset_t>> next;
};

template <class Source>
Dealing count_by_bucket(int threads, const Source& source, const Buckets& buckets) {
  Dealing dealing{std::max(kEntries, block_count(source.entries(), kMostCountedBlocks)), {}, {}};
  const index_t blocks = block_count(source.entries(), dealing.block_size);
  dealing.next.resize(static_cast<std::size_t>(blocks));
  for_blocks(threads, blocks, [&](index_t block) {
    std::vector<offset_t> counts(static_cast<std::size_t>(buckets.count));
    const offset_t first = block * dealing.block_size;
    source.each(first, std::min(source.entries(), first + dealing.block_size), [&](offset_t, column_t major, column_t) {
      ++counts[static_cast<std::size_t>(major >> buckets.shift)];
    });
    dealing.next[static_cast<std::size_t>(block)] = std::move(counts);
  });
  offset_t sum = 0;
  for (std::size_t bucket = 0; bucket < static_cast<std::size_t>(buckets.count); ++bucket) {
    dealing.starts.push_back(sum);
    for (auto& counts : dealing.next) sum += std::exchange(counts[bucket], sum);
  }
  dealing.starts.push_back(sum);
  return dealing;
}

/// The records of the buckets first to last - 1.
template <class Source>
void deal_out(int threads, const Source& source, const Buckets& buckets, Dealing& dealing, index_t first, index_t last,
              Record* records) {
  const offset_t start = dealing.starts[static_cast<std::size_t>(first)];
  for_blocks(threads, static_cast<index_t>(dealing.next.size()), [&](index_t block) {
    auto& next = dealing.next[static_cast<std::size_t>(block)];
    const offset_t from = block * dealing.block_size;
    source.each(from, std::min(source.entries(), from + dealing.block_size),
                [&](offset_t e, column_t major, column_t minor) {
                  const index_t bucket = major >> buckets.shift;
                  if (bucket < first || bucket >= last) return;
                  records[next[static_cast<std::size_t>(bucket)]++ - start] = {major, minor, e};
                });
  });
}

/// Entries whose records are there at a time, unless one bucket has more.
offset_t pass_entries(offset_t entries) { return std::max<offset_t>(1 << 20, block_count(entries, 8)); }

/// sorted = the records of one bucket by row, those of a row in their order. ends[i] becomes the number of those of row
/// i and of the rows before it.
void sort_by_row(const Record* first, const Record* last, index_t first_row, index_t last_row, offset_t* ends,
                 std::vector<Record>& sorted) {
  std::fill(ends + first_row, ends + last_row, offset_t{0});
  for (const Record* r = first; r < last; ++r) ++ends[r->major];
  offset_t sum = 0;
  for (index_t i = first_row; i < last_row; ++i) sum += std::exchange(ends[i], sum);
  sorted.resize(static_cast<std::size_t>(last - first));
  for (const Record* r = first; r < last; ++r) sorted[static_cast<std::size_t>(ends[r->major]++)] = *r;
}

/// Puts the entries of one bucket, which belong at `start` on, in their final places. `sorted` is scratch. The flaw is
/// the first pair of entries in one place.
template <class T>
Flaw sort_bucket(const T* values, const T* weights, const Record* first, const Record* last, offset_t start,
                 index_t first_row, index_t last_row, std::vector<Record>& sorted, Csr<T>& out) {
  offset_t* ends = out.offsets.data() + 1;  // ends[i]: where the next entry of row i goes, then its end
  sort_by_row(first, last, first_row, last_row, ends, sorted);

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
    out.values.data()[to] = values[r.entry];
    if (weights != nullptr) out.weights.data()[to] = weights[r.entry];
  }
  return {};
}

/// The places of one bucket's entries in their mode.
template <class T>
void place_bucket(const SparseTensorView<T>& entries, const std::vector<Record>& sorted, offset_t start,
                  ModeEntries<T>& out) {
  for (std::size_t n = 0; n < sorted.size(); ++n) {
    const offset_t e = sorted[n].entry, to = start + static_cast<offset_t>(n);
    for (std::size_t d = 0; d < static_cast<std::size_t>(entries.order); ++d)
      if (static_cast<int>(d) != out.mode) out.indices[d].data()[to] = entries.indices[d][e];
    out.values.data()[to] = entries.values[e];
    if (entries.weights != nullptr) out.weights.data()[to] = entries.weights[e];
  }
}

// 1. count     the entries of each bucket of neighbouring rows
// then, for as many buckets at a time as have an eighth of the entries or so:
// 2. deal out  their entries, keeping their order
// 3. sort      each bucket, small enough for the cache: sort_one(first, last, start, first_row, last_row, scratch) is
//              given its records, the place of its first entry and its rows
template <class Source, class SortOne>
Flaw sort_buckets(int threads, const Source& source, index_t rows, SortOne&& sort_one) {
  const Buckets buckets(rows);
  Dealing dealing = count_by_bucket(threads, source, buckets);
  const auto start_of = [&](index_t bucket) { return dealing.starts[static_cast<std::size_t>(bucket)]; };
  Buffer<Record> records;
  for (index_t first = 0, last = 0; first < buckets.count; first = last) {
    while (last < buckets.count &&
           (last == first || start_of(last + 1) - start_of(first) <= pass_entries(source.entries())))
      ++last;
    if (records.size() < start_of(last) - start_of(first)) {
      records = {};
      records = Buffer<Record>(start_of(last) - start_of(first));
    }
    deal_out(threads, source, buckets, dealing, first, last, records.data());
    std::vector<Flaw> flaws(static_cast<std::size_t>(last - first));
    for_blocks(
        threads, last - first, [] { return std::vector<Record>(); },
        [&](std::vector<Record>& sorted, index_t n) {
          const index_t bucket = first + n;
          const Record* const from = records.data() - start_of(first);
          flaws[static_cast<std::size_t>(n)] =
              sort_one(from + start_of(bucket), from + start_of(bucket + 1), start_of(bucket),
                       std::min(rows, bucket << buckets.shift), std::min(rows, (bucket + 1) << buckets.shift), sorted);
        });
    for (const Flaw& flaw : flaws)
      if (flaw.kind != Flaw::Kind::none) return flaw;
  }
  return {};
}

/// By row and column.
template <class T, class Source>
Flaw sort_entries(int threads, const Source& source, Csr<T>& out) {
  out.offsets.data()[0] = 0;
  return sort_buckets(threads, source, out.rows,
                      [&](const Record* first, const Record* last, offset_t start, index_t first_row, index_t last_row,
                          std::vector<Record>& sorted) {
                        return sort_bucket(source.values(), source.weights(), first, last, start, first_row, last_row,
                                           sorted, out);
                      });
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
  return sort_entries(threads, FromEntries<T>{entries}, out);
}

template <class T>
void by_mode(int threads, const SparseTensorView<T>& entries, ModeEntries<T>& out) {
  const auto own = static_cast<std::size_t>(out.mode);
  out.offsets.data()[0] = 0;
  offset_t* ends = out.offsets.data() + 1;
  sort_buckets(threads, FromMode<T>{entries, entries.indices[own]}, entries.shape[own],
               [&](const Record* first, const Record* last, offset_t start, index_t first_row, index_t last_row,
                   std::vector<Record>& sorted) -> Flaw {
                 sort_by_row(first, last, first_row, last_row, ends, sorted);
                 for (index_t i = first_row; i < last_row; ++i) ends[i] += start;
                 place_bucket(entries, sorted, start, out);
                 return {};
               });
}

template <class T>
void transpose(int threads, CsrView<T> matrix, Csr<T>& out) {
  sort_entries(threads, FromRows<T>{matrix}, out);
}

// The records of a pass, or of the fullest bucket, whose rows may all be full; each thread's bucket; the counts.
double transpose_workspace(int threads, index_t rows, index_t cols, offset_t entries) {
  const Buckets buckets(rows);
  const auto size = static_cast<double>(entries);
  const double bucket = std::min(size, static_cast<double>(index_t{1} << buckets.shift) * static_cast<double>(cols));
  const double records = std::min(size, std::max(static_cast<double>(pass_entries(entries)), bucket));
  const double counts = kMostCountedBlocks * static_cast<double>(buckets.count) * sizeof(offset_t);
  return (records + std::min(size, threads * bucket)) * sizeof(Record) + counts;
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
template void by_mode(int, const SparseTensorView<float>&, ModeEntries<float>&);
template void by_mode(int, const SparseTensorView<double>&, ModeEntries<double>&);
template void transpose(int, CsrView<float>, Csr<float>&);
template void transpose(int, CsrView<double>, Csr<double>&);
template Flaw check(int, CsrView<float>);
template Flaw check(int, CsrView<double>);

}  // namespace seesaw::cpu
