#include "tensor_entries.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>

#include "chunks.hpp"
#include "duplicates.hpp"
#include "fields.hpp"
#include "numbers.hpp"
#include "parallel.hpp"
#include "quick_line.hpp"

namespace seesaw::io {
namespace {

constexpr index_t kMostSize = std::numeric_limits<column_t>::max();

/// What the lines of one chunk held.
struct ChunkEntries {
  offset_t first = 0;  ///< of its entries among all
  offset_t entries = 0;
  bool zero = false;                          ///< an index 0 occurs
  std::array<column_t, kMaxOrder> largest{};  ///< of the indices in each mode, as the file has them
};

/// The reading of one text. Entries are stored as if indices began at `assumed`; as lines that are comments leave
/// holes, those of a chunk begin where its lines do.
template <class T>
struct Reading {
  const std::string& path;
  const TensorLayout& layout;
  std::vector<Chunk> chunks;
  std::vector<ChunkEntries> found;
  column_t assumed;
  std::array<Buffer<column_t>, kMaxOrder> indices;
  Buffer<T> values;

  std::size_t order() const { return static_cast<std::size_t>(layout.order); }
  /// The largest size that a mode may have.
  index_t limit(std::size_t mode) const { return layout.size[mode] > 0 ? layout.size[mode] : kMostSize; }
};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string of_mode(std::size_t mode) { return " of mode " + std::to_string(mode); }

template <class T>
class ChunkReader {
 public:
  ChunkReader(Reading<T>& reading, std::size_t chunk)
      : reading_(reading),
        chunk_(reading.chunks[chunk]),
        found_(reading.found[chunk]),
        order_(reading.order()),
        at_(std::min(chunk_.first_entry, reading.values.size())) {
    for (std::size_t d = 0; d < order_; ++d) {
      indices_[d] = reading.indices[d].data();
      limits_[d] = static_cast<column_t>(reading.limit(d) - (reading.layout.base == IndexBase::zero ? 1 : 0));
    }
  }

  void read() {
    const char* at = chunk_.text.data();
    const char* const end = at + chunk_.text.size();
    const offset_t last = std::min(chunk_.first_entry + chunk_.entries, reading_.values.size());
    for (offset_t line = chunk_.first_entry; line < last; ++line) {
      const char* const next = std::endian::native == std::endian::little ? read_quickly(at, end) : nullptr;
      at = next != nullptr ? next
                           : chunk_.text.data() + read_line(line, static_cast<std::size_t>(at - chunk_.text.data()));
    }
    found_.entries = at_ - std::min(chunk_.first_entry, reading_.values.size());
  }

 private:
  /// Where the next line begins; null where this one is not of the usual kind, right or wrong: one to eight digits
  /// for each index, none of them 0 or beyond the size, and a number.
  const char* read_quickly(const char* at, const char* end) {
    std::array<column_t, kMaxOrder> index;
    for (std::size_t d = 0; d < order_; ++d) {
      if (end - at < kMostTaken) return nullptr;
      at = take_id(at, index[d]);
      if (at == nullptr || !is_blank(*at) || index[d] < 1 || index[d] > limits_[d]) return nullptr;
      do ++at;
      while (at != end && is_blank(*at));
    }
    if (end - at < kMostTaken) return nullptr;
    T value = 0;
    const char* behind = take_number(at, value);
    if (behind == nullptr || (*behind != '\n' && *behind != '\r' && !is_blank(*behind))) {
      behind = at;
      while (behind != end && *behind != '\n' && *behind != '\r' && !is_blank(*behind)) ++behind;
      if (parse_number({at, static_cast<std::size_t>(behind - at)}, value) != NumberFault::none) return nullptr;
    }
    while (behind != end && is_blank(*behind)) ++behind;
    if (behind != end && *behind == '\r') ++behind;
    if (behind == end || *behind != '\n') return nullptr;
    store(index, value);
    return behind + 1;
  }

  /// Where the next line begins, in the chunk's text.
  std::size_t read_line(offset_t number, std::size_t at) {
    const Line line = line_at(chunk_.text, at);
    line_ = line.text;
    number_ = reading_.layout.first_line + number;
    if (is_comment(reading_.layout, line_)) return line.next;
    std::array<std::string_view, kMaxOrder + 1> fields;
    const int count = split(line_, Whitespace{}, fields.data(), static_cast<int>(fields.size()), false);
    if (count == 0) fail("an empty line");
    if (count != reading_.layout.order + 1)
      fail("expected " + numbered_fields(reading_.layout.order + 1) + " but found " + numbered_fields(count));
    std::array<column_t, kMaxOrder> index{};
    for (std::size_t d = 0; d < order_; ++d) index[d] = read_index(fields[d], d);
    T value = 0;
    const NumberFault fault = parse_number(fields[order_], value);
    if (fault != NumberFault::none) fail("the value " + quoted(fields[order_]) + text_of<T>(fault));
    store(index, value);
    return line.next;
  }

  column_t read_index(std::string_view text, std::size_t mode) {
    std::int64_t index = 0;
    const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
    const bool long_number = digits && text.front() != '0' && text.size() >= 19;
    if (!parse_canonical(text, index) && !long_number)
      fail("the index " + quoted(text) + of_mode(mode) + " is not a plain integer");
    const std::string subject = "the index " + std::string(text) + of_mode(mode);
    if (index < 0) fail(subject + " is negative");
    if (index == 0 && !long_number && reading_.layout.base == IndexBase::one)
      fail(subject + ", but the first one is 1");
    const index_t most = reading_.limit(mode) - (reading_.layout.base == IndexBase::zero ? 1 : 0);
    if (long_number || index > most) fail(subject + " is too large, at most " + std::to_string(most) + " is allowed");
    found_.zero = found_.zero || index == 0;
    return static_cast<column_t>(index);
  }

  void store(const std::array<column_t, kMaxOrder>& index, T value) {
    for (std::size_t d = 0; d < order_; ++d) {
      indices_[d][at_] = index[d] - reading_.assumed;
      found_.largest[d] = std::max(found_.largest[d], index[d]);
    }
    reading_.values.data()[at_++] = value;
  }

  [[noreturn]] void fail(const std::string& message) const { throw line_error(reading_.path, number_, message, line_); }

  Reading<T>& reading_;
  const Chunk& chunk_;
  ChunkEntries& found_;
  const std::size_t order_;
  offset_t at_;  ///< where the next entry goes
  std::array<column_t*, kMaxOrder> indices_{};
  std::array<column_t, kMaxOrder> limits_{};
  std::string_view line_;
  index_t number_ = 0;
};

template <class T>
Reading<T> read_lines(const std::string& path, const TensorLayout& layout, const FileText& file, int threads) {
  Reading<T> reading{path, layout, make_chunks(file, layout.data, threads), {}, 0, {}, {}};
  const offset_t lines = line_count(reading.chunks);
  const offset_t size = layout.stated_entries < 0 ? lines : std::min(lines, layout.stated_entries);
  reading.assumed = layout.base == IndexBase::zero ? 0 : 1;
  reading.found.resize(reading.chunks.size());
  reading.values = Buffer<T>(size);
  for (std::size_t d = 0; d < reading.order(); ++d) reading.indices[d] = Buffer<column_t>(size);
  parallel_for(threads, static_cast<index_t>(reading.chunks.size()), [&](index_t i) {
    ChunkReader<T>(reading, static_cast<std::size_t>(i)).read();
    file.release(reading.chunks[static_cast<std::size_t>(i)].text);
  });
  check_line_count(path, layout.first_line, layout.data, layout.stated_entries, lines);
  return reading;
}

// ---- what is done once all lines are read

/// Closes the holes that comments left between the entries.
template <class T, class E>
Buffer<E> closed(const Reading<T>& reading, const Buffer<E>& all, offset_t size) {
  Buffer<E> rest(size);
  for (std::size_t c = 0; c < reading.chunks.size(); ++c)
    std::copy_n(all.data() + reading.chunks[c].first_entry, reading.found[c].entries,
                rest.data() + reading.found[c].first);
  return rest;
}

template <class T>
void close_holes(Reading<T>& reading) {
  offset_t size = 0;
  for (ChunkEntries& found : reading.found) {
    found.first = size;
    size += found.entries;
  }
  if (size == reading.values.size()) return;
  reading.values = closed(reading, reading.values, size);
  for (std::size_t d = 0; d < reading.order(); ++d) reading.indices[d] = closed(reading, reading.indices[d], size);
}

/// A line of the file and its number.
struct NumberedLine {
  index_t number;
  std::string_view text;
};

template <class T>
NumberedLine line_of(const Reading<T>& reading, offset_t entry) {
  std::size_t c = 0;
  while (entry >= reading.found[c].first + reading.found[c].entries) ++c;
  const Chunk& chunk = reading.chunks[c];
  index_t number = reading.layout.first_line + chunk.first_entry;
  Line line = line_at(chunk.text, 0);
  for (offset_t left = entry - reading.found[c].first;; ++number, line = line_at(chunk.text, line.next))
    if (!is_comment(reading.layout, line.text) && left-- == 0) return {number, line.text};
}

template <class T>
ParseError entry_error(const Reading<T>& reading, offset_t entry, const std::string& message) {
  const NumberedLine line = line_of(reading, entry);
  return line_error(reading.path, line.number, message, line.text);
}

/// 0 where the layout or, if it leaves that open, an entry says so; else 1. Indices become those from 0.
template <class T>
index_t settle_base(Reading<T>& reading, int threads) {
  const bool zero = std::any_of(reading.found.begin(), reading.found.end(), [](const auto& f) { return f.zero; });
  const index_t base = reading.layout.base == IndexBase::one || (reading.assumed == 1 && !zero) ? 1 : 0;
  if (base == reading.assumed) return base;
  constexpr index_t kParts = 64;
  parallel_for(threads, kParts, [&](index_t part) {
    const Range range = part_of(reading.values.size(), part, kParts);
    for (std::size_t d = 0; d < reading.order(); ++d)
      for (offset_t e = range.first; e < range.last; ++e) ++reading.indices[d].data()[e];
  });
  return base;
}

/// Throws ParseError where an index is as large as a size because indices begin at 0.
template <class T>
std::array<index_t, kMaxOrder> shape_of(const Reading<T>& reading, index_t base) {
  std::array<index_t, kMaxOrder> shape{};
  bool beyond = false;
  for (std::size_t d = 0; d < reading.order(); ++d) {
    for (const ChunkEntries& found : reading.found) shape[d] = std::max<index_t>(shape[d], found.largest[d]);
    shape[d] += 1 - base;
    beyond = beyond || shape[d] > reading.limit(d);
    if (reading.layout.size[d] > 0) shape[d] = reading.layout.size[d];
  }
  for (offset_t e = 0; beyond && e < reading.values.size(); ++e)
    for (std::size_t d = 0; d < reading.order(); ++d)
      if (const index_t index = reading.indices[d].data()[e], most = reading.limit(d) - 1; index > most)
        throw entry_error(reading, e,
                          "the index " + std::to_string(index) + of_mode(d) + " is too large, at most " +
                              std::to_string(most) + " is allowed where indices begin at 0");
  return shape;
}

/// How many numbers from 0 to size - 1 do not occur.
index_t missing_numbers(const Buffer<column_t>& numbers, index_t size, int threads) {
  constexpr index_t kSparse = 64;  // more bits for each number than the number itself takes
  if (size > kSparse * numbers.size()) {
    std::vector<column_t> sorted(numbers.data(), numbers.data() + numbers.size());
    std::sort(sorted.begin(), sorted.end());
    return size - (std::unique(sorted.begin(), sorted.end()) - sorted.begin());
  }
  std::vector<std::uint64_t> seen(static_cast<std::size_t>(size) / 64 + 1);
  constexpr index_t kParts = 64;
  parallel_for(threads, kParts, [&](index_t part) {
    const Range range = part_of(numbers.size(), part, kParts);
    for (offset_t e = range.first; e < range.last; ++e) {
      const auto number = static_cast<std::uint32_t>(numbers.data()[e]);
      const std::uint64_t bit = std::uint64_t{1} << (number % 64);
      const std::atomic_ref<std::uint64_t> word(seen[number / 64]);
      if ((word.load(std::memory_order_relaxed) & bit) == 0) word.fetch_or(bit, std::memory_order_relaxed);
    }
  });
  index_t missing = size;
  for (const std::uint64_t word : seen) missing -= std::popcount(word);
  return missing;
}

template <class T>
std::string place_name(const Reading<T>& reading, offset_t entry, index_t base) {
  std::string name = "the place (";
  for (std::size_t d = 0; d < reading.order(); ++d)
    name += (d > 0 ? ", " : "") + std::to_string(reading.indices[d].data()[entry] + base);
  return name + ")";
}

/// How many entries went into others.
template <class T>
offset_t merge_duplicates(Reading<T>& reading, const std::array<index_t, kMaxOrder>& shape, index_t base,
                          Duplicates policy, int threads) {
  std::array<const column_t*, kMaxOrder> indices{};
  for (std::size_t d = 0; d < reading.order(); ++d) indices[d] = reading.indices[d].data();
  const auto repeats = find_repeats(reading.layout.order, indices, shape, reading.values.size(), threads);
  if (repeats.empty()) return 0;
  if (policy == Duplicates::error) {
    const auto [first, again] = repeats.front();
    throw entry_error(reading, again,
                      place_name(reading, again, base) + " has an entry already, on line " +
                          std::to_string(line_of(reading, first).number));
  }
  merge_repeats(repeats, policy, reading.values.data());
  std::vector<offset_t> gone;
  for (const Repeat& repeat : repeats) {
    if (!std::isfinite(reading.values.data()[repeat.first]))
      throw entry_error(reading, repeat.first,
                        "the values of " + place_name(reading, repeat.first, base) + " exceed the range together");
    gone.push_back(repeat.again);
  }
  reading.values = without(reading.values, gone);
  for (std::size_t d = 0; d < reading.order(); ++d) reading.indices[d] = without(reading.indices[d], gone);
  return static_cast<offset_t>(gone.size());
}

}  // namespace

template <class T>
TensorEntries<T> parse_tensor_entries(const std::string& path, const TensorLayout& layout, const FileText& file,
                                      Duplicates duplicates, int threads) {
  Reading<T> reading = read_lines<T>(path, layout, file, threads);
  close_holes(reading);
  TensorEntries<T> entries;
  entries.base = settle_base(reading, threads);
  entries.tensor.order = layout.order;
  entries.tensor.shape = shape_of(reading, entries.base);
  entries.merged = merge_duplicates(reading, entries.tensor.shape, entries.base, duplicates, threads);
  for (std::size_t d = 0; d < reading.order(); ++d)
    entries.empty_slices[d] = missing_numbers(reading.indices[d], entries.tensor.shape[d], threads);
  entries.tensor.indices = std::move(reading.indices);
  entries.tensor.values = std::move(reading.values);
  return entries;
}

template TensorEntries<float> parse_tensor_entries<float>(const std::string&, const TensorLayout&, const FileText&,
                                                          Duplicates, int);
template TensorEntries<double> parse_tensor_entries<double>(const std::string&, const TensorLayout&, const FileText&,
                                                            Duplicates, int);

}  // namespace seesaw::io
