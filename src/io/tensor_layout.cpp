#include "tensor_layout.hpp"

#include <limits>

#include "fields.hpp"
#include "numbers.hpp"

namespace seesaw::io {
namespace {

constexpr index_t kMostSize = std::numeric_limits<column_t>::max();

/// Goes through the lines of a header.
class Header {
 public:
  Header(const std::string& path, std::string_view text) : path_(path), text_(text) {}

  /// Throws ParseError where the text ends before.
  void next(const char* expected) {
    if (at_ == text_.size()) fail_end(expected);
    const Line line = line_at(text_, at_);
    line_ = line.text;
    at_ = line.next;
    ++number_;
  }
  /// The integers of the line, `count` of them from `least` to `most`.
  std::vector<std::int64_t> integers(std::size_t count, std::int64_t least, std::int64_t most, const char* expected) {
    next(expected);
    const auto words = words_of(line_, count);
    std::vector<std::int64_t> numbers(count);
    bool good = words.size() == count;
    for (std::size_t i = 0; good && i < count; ++i)
      good = parse_canonical(words[i], numbers[i]) && numbers[i] >= least && numbers[i] <= most;
    if (!good) fail(std::string("expected ") + expected);
    return numbers;
  }
  [[noreturn]] void fail(const std::string& what) const { throw line_error(path_, number_, what, line_); }

  std::string_view line() const { return line_; }
  index_t number() const { return number_; }
  std::string_view rest() const { return text_.substr(at_); }

 private:
  [[noreturn]] void fail_end(const char* expected) const {
    throw line_error(path_, number_, std::string("the file ends before ") + expected, line_);
  }

  const std::string& path_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view line_;
  index_t number_ = 0;
};

/// The word that names the format, the order and the sizes.
TensorLayout read_header(Header& header, const char* name, index_t most_size, const char* sizes_expected) {
  header.next("the name of the format");
  if (lower_case(trimmed(header.line())) != name) header.fail(std::string("expected ") + name);
  TensorLayout layout;
  layout.order = static_cast<int>(header.integers(1, 2, kMaxOrder, "the order, 2 to 8")[0]);
  const auto sizes = header.integers(static_cast<std::size_t>(layout.order), 1, most_size, sizes_expected);
  std::copy(sizes.begin(), sizes.end(), layout.size.begin());
  return layout;
}

TensorLayout behind(const Header& header, TensorLayout layout) {
  layout.data = header.rest();
  layout.first_line = header.number() + 1;
  return layout;
}

void state_shape(const std::string& path, const std::vector<index_t>& shape, TensorLayout& layout) {
  if (shape.empty()) return;
  if (shape.size() != static_cast<std::size_t>(layout.order))
    throw InvalidArgument(path + ": shape has " + std::to_string(shape.size()) +
                          " sizes, but the file's entries have " + std::to_string(layout.order) + " indices");
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (shape[d] < 1 || shape[d] > kMostSize)
      throw InvalidArgument("shape[" + std::to_string(d) + "] is " + std::to_string(shape[d]) +
                            ", expected 1 to 2^31 - 1");
  std::copy(shape.begin(), shape.end(), layout.size.begin());
}

}  // namespace

TensorFormat stated_format(std::string_view text) {
  const std::string name = lower_case(trimmed(line_at(text, 0).text));
  return name == "sptensor" ? TensorFormat::sptensor
         : name == "tensor" ? TensorFormat::tensor
                            : TensorFormat::automatic;
}

TensorLayout tns_layout(const std::string& path, std::string_view text, const TensorOptions& options) {
  TensorLayout layout;
  layout.comments = true;
  layout.base = options.base;
  std::size_t at = 0;
  Line line = line_at(text, 0);
  while (is_comment(layout, line.text)) {
    if (line.next == text.size()) throw line_error(path, layout.first_line, "only comments, no entries", line.text);
    at = line.next;
    line = line_at(text, at);
    ++layout.first_line;
  }
  const auto fail = [&](const std::string& what) { throw line_error(path, layout.first_line, what, line.text); };
  const auto words = words_of(line.text, kMaxOrder + 1);
  if (words.empty()) fail("an empty line");
  const char first = words[0][0];
  if ((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z'))
    fail(quoted(words[0]) + " is not supported, expected sptensor, tensor, or lines of indices and a value");
  if (words.size() < 3 || words.size() > kMaxOrder + 1)
    fail("expected 2 to 8 indices and a value but found " +
         (words.size() > kMaxOrder + 1 ? std::string("more") : numbered_fields(static_cast<int>(words.size()))));
  layout.order = static_cast<int>(words.size()) - 1;
  layout.data = text.substr(at);
  state_shape(path, options.shape, layout);
  return layout;
}

TensorLayout sptensor_layout(const std::string& path, std::string_view text, const TensorOptions& options) {
  Header header(path, text);
  TensorLayout layout = read_header(header, "sptensor", kMostSize, "the size of each mode, 1 to 2^31 - 1");
  layout.stated_entries =
      header.integers(1, 1, std::numeric_limits<std::int64_t>::max(), "the number of entries, at least 1")[0];
  layout.base = options.base;
  return behind(header, layout);
}

TensorLayout tensor_layout(const std::string& path, std::string_view text) {
  Header header(path, text);
  TensorLayout layout =
      read_header(header, "tensor", std::numeric_limits<index_t>::max(), "the size of each mode, at least 1");
  layout.stated_entries = element_count(layout.order, layout.size);
  if (layout.stated_entries < 0) header.fail("more than 2^63 elements");
  return behind(header, layout);
}

}  // namespace seesaw::io
