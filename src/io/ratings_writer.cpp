#include "seesaw/io/ratings_writer.hpp"

#include <charconv>
#include <cmath>
#include <string_view>

#include "parallel.hpp"
#include "seesaw/errors.hpp"
#include "seesaw/io/atomic_file.hpp"
#include "text_output.hpp"

namespace seesaw {
namespace {

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

template <class T>
void append_rating(std::string& text, T number, offset_t entry) {
  if (!std::isfinite(number)) throw InvalidArgument("entry " + std::to_string(entry) + " is not finite");
  io::append_number(text, number);
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
      append_rating(text, entries.values[e], e);
      if (weights) append_rating(text += ',', entries.weights[e], e);
      text += '\n';
    }
    return text;
  }

  template <class T>
  void write(const SparseTensorView<T>& entries) {
    if (entries.order != 2)
      throw ShapeError("entries have the order " + std::to_string(entries.order) + ", expected 2");
    if (weights != (entries.weights != nullptr) && entries.entries > 0)
      throw InvalidArgument(weights ? "entries have no weights, but the file has a column of them"
                                    : "entries have weights, but the file has no column for them");
    io::write_blocks(file, gzip, threads, entries.entries, [&](io::Range range) { return block(entries, range); });
  }
};

RatingsWriter::RatingsWriter(const std::string& path, const Ids& rows, const Ids& cols, bool weights, int threads) {
  const int team = io::thread_count(threads);
  state_ = std::unique_ptr<State>(new State{AtomicFile(path), rows, cols, weights, team, path.ends_with(".gz")});
  const std::string header = weights ? "user,item,rating,weight\n" : "user,item,rating\n";
  state_->file.write(state_->gzip ? io::gzip_member(header) : header);
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
