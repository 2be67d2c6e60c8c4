#include "entries.hpp"

#include <algorithm>
#include <atomic>
#include <limits>

#include "fields.hpp"
#include "numbers.hpp"
#include "parallel.hpp"
#include "quick_line.hpp"

namespace seesaw::io {
namespace {

constexpr std::array<Role, 2> kIdRoles{kUser, kItem};

/// One reading of the whole text with the columns' kinds as they are.
template <class T>
struct Reading {
  const std::string& path;
  const Layout& layout;
  Entries<T>& entries;
  std::array<std::atomic<IdKind>, 2> needed;  ///< kinds that the ids turned out to need
  std::atomic<bool> given_up{false};          ///< a column needs another kind, so all has to be read once more
};

template <class T>
class ChunkReader {
 public:
  ChunkReader(Reading<T>& reading, std::size_t chunk)
      : reading_(reading),
        layout_(reading.layout),
        entries_(reading.entries),
        chunk_(chunk),
        text_(reading.entries.chunks[chunk].text),
        quick_(reading.layout) {
    for (const int field : layout_.field) capacity_ = std::max(capacity_, field + 1);
    fields_.resize(static_cast<std::size_t>(capacity_));
  }

  template <class Separator>
  void read(Separator separator) {
    const Chunk& chunk = entries_.chunks[chunk_];
    const offset_t last = std::min(chunk.first_entry + chunk.entries, entries_.size());
    const bool usual =
        quick_.possible() && entries_.ids[0].kind == IdKind::small && entries_.ids[1].kind == IdKind::small;
    std::size_t at = 0;
    for (entry_ = chunk.first_entry; entry_ < last && !reading_.given_up.load(std::memory_order_relaxed); ++entry_) {
      const std::size_t next = usual ? read_quickly(at, separator) : at;
      at = next > at ? next : read_line(at, separator);
    }
  }

 private:
  /// Where the next line begins; `at` where this one is not of the usual kind.
  template <class Separator>
  std::size_t read_quickly(std::size_t at, Separator separator) {
    LineNumbers<T> numbers{};
    const char* const next = quick_.read(text_.data() + at, text_.data() + text_.size(), separator, numbers);
    if (next == nullptr || numbers.weight < 0) return at;
    for (const Role role : kIdRoles) index(role) = numbers.ids[role];
    entries_.values.data()[entry_] = numbers.rating;
    if (layout_.field[kWeight] >= 0) entries_.weights.data()[entry_] = numbers.weight;
    return static_cast<std::size_t>(next - text_.data());
  }

  /// Where the next line begins.
  template <class Separator>
  std::size_t read_line(std::size_t at, Separator separator) {
    const Line line = line_at(text_, at);
    line_ = line.text;
    const int count = split(line_, separator, fields_.data(), capacity_);
    if (count != layout_.fields) fail_fields(count);
    for (const Role role : kIdRoles)
      if (layout_.field[role] >= 0) read_id(role);
    if (layout_.symmetric && index(kUser) < index(kItem)) fail("a symmetric matrix is given by its lower triangle");
    entries_.values.data()[entry_] = read_number(kRating);
    if (layout_.field[kWeight] >= 0) entries_.weights.data()[entry_] = read_weight();
    return line.next;
  }

  [[noreturn]] void fail(const std::string& message) const {
    throw line_error(reading_.path, layout_.first_line + entry_, message, line_);
  }

  [[noreturn]] void fail_fields(int count) const {
    if (trimmed(line_).empty()) fail("an empty line");
    if (count == kUnclosedQuote) fail("a quotation mark is not closed");
    if (count == kTextAfterQuote) fail("text after a closing quotation mark");
    fail("expected " + numbered_fields(layout_.fields) + " but found " + numbered_fields(count));
  }

  std::string_view field(Role role) const { return fields_[static_cast<std::size_t>(layout_.field[role])]; }

  column_t& index(Role role) { return entries_.ids[role].index.data()[entry_]; }

  T read_number(Role role) {
    T value = 0;
    std::string_view text = field(role);
    if (!text.empty() && text.front() == '"') text = without_quotes(text);
    const NumberFault fault = parse_number<T>(text, value);
    if (fault == NumberFault::none) return value;
    fail(std::string("the ") + role_name(role) + " " + quoted(text) + text_of<T>(fault));
  }

  T read_weight() {
    const T weight = read_number(kWeight);
    if (weight < 0) fail("the weight " + quoted(field(kWeight)) + " is negative");
    return weight;
  }

  void read_id(Role role) {
    IdColumn& column = entries_.ids[role];
    std::string_view id = field(role);
    if (!id.empty() && id.front() == '"') id = without_quotes(id);
    column_t& index = this->index(role);
    if (column.kind == IdKind::text) {
      index = text_id(role, id);
      return;
    }
    std::int64_t number = 0;
    const bool integer = parse_canonical(id, number);
    if (column.kind == IdKind::stated) {
      index = stated_id(role, integer, number);
    } else if (!integer) {
      give_up(role, IdKind::text);
    } else if (column.kind == IdKind::wide) {
      index = column.chunk_ids[chunk_].wide.add(number);
    } else if (number < 0 || number > std::numeric_limits<column_t>::max()) {
      give_up(role, IdKind::wide);
    } else {
      index = static_cast<column_t>(number);
    }
  }

  std::string_view without_quotes(std::string_view id) {
    const std::string_view inside = id.substr(1, id.size() - 2);
    if (inside.find('"') == std::string_view::npos) return inside;
    unescaped_ = unquoted(id);
    return unescaped_;
  }

  column_t stated_id(Role role, bool integer, std::int64_t number) const {
    const index_t size = layout_.size[role];
    const std::string what = role == kUser ? "row" : "column";
    if (!integer) fail("the " + what + " index " + quoted(field(role)) + " is not an integer");
    if (number < 1 || number > size)
      fail("the " + what + " index " + std::to_string(number) + " is not in 1.." + std::to_string(size));
    return static_cast<column_t>(number - 1);
  }

  column_t text_id(Role role, std::string_view id) {
    constexpr std::size_t kLongest = 4096;
    ChunkIds& ids = entries_.ids[role].chunk_ids[chunk_];
    if (id.empty()) fail(std::string("the ") + role_name(role) + " is empty");
    if (id.size() > kLongest)
      fail(std::string("the ") + role_name(role) + " has " + std::to_string(id.size()) + " bytes, at most " +
           std::to_string(kLongest) + " are allowed");
    if (id.data() == unescaped_.data()) id = ids.unescaped.emplace_back(id);
    const std::size_t known = ids.text.keys().size();
    const column_t index = ids.text.add(id);
    if (ids.text.keys().size() > known && id.find('\0') != std::string_view::npos)
      fail(std::string("the ") + role_name(role) + " has a NUL byte");
    return index;
  }

  void give_up(Role role, IdKind kind) {
    IdKind before = reading_.needed[role].load();
    while (before < kind && !reading_.needed[role].compare_exchange_weak(before, kind)) {
    }
    reading_.given_up.store(true);
  }

  Reading<T>& reading_;
  const Layout& layout_;
  Entries<T>& entries_;
  const std::size_t chunk_;
  const std::string_view text_;
  const QuickLine quick_;
  int capacity_ = 0;
  std::vector<std::string_view> fields_;
  offset_t entry_ = 0;
  std::string_view line_;
  std::string unescaped_;  ///< an id that does not stand in the file as it is
};

/// False where a column needs another kind, which is then set.
template <class T>
bool read_once(const std::string& path, const Layout& layout, const FileText& file, Entries<T>& entries, int threads) {
  Reading<T> reading{path, layout, entries, {entries.ids[0].kind, entries.ids[1].kind}};
  for (IdColumn& column : entries.ids) {
    column.chunk_ids.clear();
    column.chunk_ids.resize(entries.chunks.size());
  }
  const auto thrown = parallel_attempts(threads, static_cast<index_t>(entries.chunks.size()), [&](index_t chunk) {
    with_separator(layout.separator,
                   [&](auto separator) { ChunkReader<T>(reading, static_cast<std::size_t>(chunk)).read(separator); });
    file.release(entries.chunks[static_cast<std::size_t>(chunk)].text);
  });
  for (const Role role : kIdRoles) entries.ids[role].kind = reading.needed[role];
  if (reading.given_up) return false;
  rethrow_first(thrown);
  return true;
}

}  // namespace

template <class T>
Entries<T> parse_entries(const std::string& path, const Layout& layout, const FileText& file, int threads) {
  Entries<T> entries;
  entries.chunks = make_chunks(file, layout.data, threads);
  const offset_t lines = line_count(entries.chunks);
  const offset_t size = layout.stated_entries < 0 ? lines : std::min(lines, layout.stated_entries);
  entries.values = Buffer<T>(size);
  if (layout.field[kWeight] >= 0) entries.weights = Buffer<T>(size);
  for (const Role role : kIdRoles) {
    entries.ids[role].kind = layout.size[role] >= 0 ? IdKind::stated : IdKind::small;
    entries.ids[role].index = Buffer<column_t>(size);
  }
  while (!read_once(path, layout, file, entries, threads)) {
  }
  check_line_count(path, layout.first_line, layout.data, layout.stated_entries, lines);
  return entries;
}

template Entries<float> parse_entries<float>(const std::string&, const Layout&, const FileText&, int);
template Entries<double> parse_entries<double>(const std::string&, const Layout&, const FileText&, int);

}  // namespace seesaw::io
