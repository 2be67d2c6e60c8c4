#include "seesaw/io/ratings_writer.hpp"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

#include "numbers.hpp"
#include "parallel.hpp"
#include "seesaw/errors.hpp"
#include "seesaw/io/atomic_file.hpp"

namespace seesaw {
namespace {

/// A whole gzip member, so that blocks can be packed at the same time and stand one after the other.
std::string packed(const std::string& text) {
  constexpr int kFast = 1, kGzip = 16, kMemory = 8;
  z_stream stream{};
  if (deflateInit2(&stream, kFast, Z_DEFLATED, kGzip + MAX_WBITS, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    throw OutOfMemory("no memory for writing gzip");
  std::string bytes(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  deflate(&stream, Z_FINISH);
  bytes.resize(bytes.size() - stream.avail_out);
  deflateEnd(&stream);
  return bytes;
}

void append_id(std::string& text, const Ids& ids, index_t index) {
  constexpr std::size_t kDigits = 24;
  if (ids.integral()) {
    char digits[kDigits];
    text.append(digits, std::to_chars(digits, digits + kDigits, ids.integer(index)).ptr);
    return;
  }
  const std::string_view id = ids.text(index);
  if (id.find_first_of("\r\n") != std::string_view::npos)
    throw InvalidArgument("id number " + std::to_string(index) + " has a line break, which a ratings file cannot hold");
  const bool plain = id.find_first_of(",\"") == std::string_view::npos && id.front() != ' ' && id.front() != '\t' &&
                     id.back() != ' ' && id.back() != '\t';
  if (plain) {
    text += id;
    return;
  }
  text += '"';
  for (const char c : id) text.append(c == '"' ? 2 : 1, c);
  text += '"';
}

/// What std::to_chars writes, sooner: for numbers of few digits, such as ratings are. Null for others.
template <class T>
char* write_short(char* to, T number) {
  constexpr T kMost = 9999;
  constexpr int kDecimals = 2;
  const T magnitude = std::abs(number);
  if (!(magnitude <= kMost) || magnitude == 0) return nullptr;
  std::int64_t power = 1;
  for (int decimals = 0; decimals <= kDecimals; ++decimals, power *= 10) {
    const auto digits = static_cast<std::int64_t>(magnitude * static_cast<T>(power) + T(0.5));
    if (io::exact_decimal<T>(digits, decimals, false) != magnitude) continue;
    if (number < 0) *to++ = '-';
    to = std::to_chars(to, to + 8, digits / power).ptr;
    if (decimals == 0) return to;
    *to++ = '.';
    if (decimals == 2) *to++ = static_cast<char>('0' + digits / 10 % 10);
    *to++ = static_cast<char>('0' + digits % 10);
    return to;
  }
  return nullptr;
}

template <class T>
void append_number(std::string& text, T number, offset_t entry) {
  if (!std::isfinite(number)) throw InvalidArgument("entry " + std::to_string(entry) + " is not finite");
  constexpr std::size_t kDigits = 32;
  char digits[kDigits];
  const char* end = write_short(digits, number);
  if (end == nullptr) end = std::to_chars(digits, digits + kDigits, number).ptr;
  text.append(digits, static_cast<std::size_t>(end - digits));
}

index_t checked(column_t index, const Ids& ids, const char* mode, offset_t entry) {
  if (index < 0 || index >= ids.size())
    throw InvalidArgument("entry " + std::to_string(entry) + " has the " + mode + " index " + std::to_string(index) +
                          ", expected 0.." + std::to_string(ids.size() - 1));
  return index;
}

}  // namespace

struct RatingsWriter::State {
  AtomicFile file;
  const Ids& rows;
  const Ids& cols;
  bool weights;
  int threads;
  bool gzip;

  template <class T>
  std::string block(const SparseTensorView<T>& entries, io::Range range) const {
    constexpr std::size_t kUsualLine = 32;
    std::string text;
    text.reserve(kUsualLine * static_cast<std::size_t>(range.last - range.first));
    for (offset_t e = range.first; e < range.last; ++e) {
      append_id(text, rows, checked(entries.indices[0][e], rows, "row", e));
      text += ',';
      append_id(text, cols, checked(entries.indices[1][e], cols, "column", e));
      text += ',';
      append_number(text, entries.values[e], e);
      if (weights) append_number(text += ',', entries.weights[e], e);
      text += '\n';
    }
    return gzip ? packed(text) : text;
  }

  /// A few blocks for each thread at a time, which bounds the memory.
  template <class T>
  void write(const SparseTensorView<T>& entries) {
    constexpr index_t kBlock = 1 << 16;
    if (entries.order != 2)
      throw ShapeError("entries have the order " + std::to_string(entries.order) + ", expected 2");
    if (weights != (entries.weights != nullptr) && entries.entries > 0)
      throw InvalidArgument(weights ? "entries have no weights, but the file has a column of them"
                                    : "entries have weights, but the file has no column for them");
    const index_t blocks = (entries.entries + kBlock - 1) / kBlock, together = 4 * static_cast<index_t>(threads);
    for (index_t done = 0; done < blocks; done += together) {
      std::vector<std::string> texts(static_cast<std::size_t>(std::min(together, blocks - done)));
      io::parallel_for(threads, static_cast<index_t>(texts.size()), [&](index_t i) {
        texts[static_cast<std::size_t>(i)] = block(entries, io::part_of(entries.entries, done + i, blocks));
      });
      for (const std::string& text : texts) file.write(text);
    }
  }
};

RatingsWriter::RatingsWriter(const std::string& path, const Ids& rows, const Ids& cols, bool weights, int threads) {
  const int team = io::thread_count(threads);
  state_ = std::unique_ptr<State>(new State{AtomicFile(path), rows, cols, weights, team, path.ends_with(".gz")});
  const std::string header = weights ? "user,item,rating,weight\n" : "user,item,rating\n";
  state_->file.write(state_->gzip ? packed(header) : header);
}

RatingsWriter::~RatingsWriter() = default;

void RatingsWriter::write(SparseTensorView<float> entries) { state_->write(entries); }
void RatingsWriter::write(SparseTensorView<double> entries) { state_->write(entries); }
void RatingsWriter::commit() { state_->file.commit(); }

namespace {

template <class T>
void write_all(const std::string& path, const Ratings<T>& ratings, int threads) {
  const SparseTensorView<T> entries = ratings.entries.view();
  RatingsWriter writer(path, ratings.rows, ratings.cols, entries.weights != nullptr, threads);
  writer.write(entries);
  writer.commit();
}

}  // namespace

void write_ratings(const std::string& path, const Ratings<float>& ratings, int threads) {
  write_all(path, ratings, threads);
}
void write_ratings(const std::string& path, const Ratings<double>& ratings, int threads) {
  write_all(path, ratings, threads);
}

}  // namespace seesaw
