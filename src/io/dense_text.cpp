#include "dense_text.hpp"

#include "chunks.hpp"
#include "lines.hpp"
#include "mode_order.hpp"
#include "numbers.hpp"
#include "parallel.hpp"

namespace seesaw::io {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Each begins where something else than space follows space.
index_t count_words(std::string_view text) {
  index_t words = text.empty() || is_space(text[0]) ? 0 : 1;
  for (std::size_t i = 1; i < text.size(); ++i)
    words += static_cast<index_t>(!is_space(text[i]) & is_space(text[i - 1]));
  return words;
}

/// Goes through the words of a text and counts the lines on its way.
class Words {
 public:
  Words(std::string_view text, index_t first_line) : text_(text), line_(first_line) {}
  /// False at the end.
  bool next(std::string_view& word) {
    while (at_ < text_.size() && is_space(text_[at_])) line_ += text_[at_++] == '\n' ? 1 : 0;
    const std::size_t start = at_;
    while (at_ < text_.size() && !is_space(text_[at_])) ++at_;
    word = text_.substr(start, at_ - start);
    return at_ > start;
  }
  index_t line() const { return line_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  index_t line_;
};

/// Element `count` of those that the text has beyond what is stated.
[[noreturn]] void fail_too_many(const std::string& path, const TensorLayout& layout) {
  Words words(layout.data, layout.first_line);
  std::string_view word;
  for (offset_t n = 0; n <= layout.stated_entries; ++n) words.next(word);
  throw line_error(path, words.line(),
                   "the sizes allow " + std::to_string(layout.stated_entries) + " values but the file has more", word);
}

}  // namespace

template <class T>
DenseTensor<T> parse_dense_text(const std::string& path, const TensorLayout& layout, const FileText& file,
                                int threads) {
  const auto chunks = make_chunks(file, layout.data, threads);
  const auto count = static_cast<index_t>(chunks.size());
  std::vector<index_t> first(chunks.size() + 1, 0);
  parallel_for(threads, count, [&](index_t c) {
    first[static_cast<std::size_t>(c) + 1] = count_words(chunks[static_cast<std::size_t>(c)].text);
  });
  for (std::size_t c = 0; c < chunks.size(); ++c) first[c + 1] += first[c];
  if (first.back() < layout.stated_entries)
    throw line_error(path, layout.first_line + std::max<index_t>(line_count(chunks), 1) - 1,
                     "the sizes need " + std::to_string(layout.stated_entries) + " values but the file has " +
                         std::to_string(first.back()));
  if (first.back() > layout.stated_entries) fail_too_many(path, layout);
  DenseTensor<T> tensor{layout.order, layout.size, Buffer<T>(layout.stated_entries)};
  parallel_for(threads, count, [&](index_t i) {
    const auto c = static_cast<std::size_t>(i);
    Words words(chunks[c].text, layout.first_line + chunks[c].first_entry);
    FirstModeFastest at(layout.order, layout.size, first[c]);
    for (std::string_view word; words.next(word); at.next()) {
      T value = 0;
      const NumberFault fault = parse_number(word, value);
      if (fault != NumberFault::none)
        throw line_error(path, words.line(), "the value " + quoted(word) + text_of<T>(fault));
      tensor.values.data()[at.position()] = value;
    }
    file.release(chunks[c].text);
  });
  return tensor;
}

template DenseTensor<float> parse_dense_text<float>(const std::string&, const TensorLayout&, const FileText&, int);
template DenseTensor<double> parse_dense_text<double>(const std::string&, const TensorLayout&, const FileText&, int);

}  // namespace seesaw::io
