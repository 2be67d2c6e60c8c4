#include "npy.hpp"

#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "lines.hpp"
#include "mode_order.hpp"
#include "numbers.hpp"
#include "parallel.hpp"
#include "tensor_layout.hpp"

// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
namespace seesaw::io {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kBeforeLength = 8;  // magic and two bytes of version
constexpr char kNativeOrder = std::endian::native == std::endian::little ? '<' : '>';

[[noreturn]] void fail(const std::string& path, const std::string& what) { throw ParseError(path + ": " + what); }

struct NpyHeader {
  std::string type;  ///< "<f8"
  bool fortran = false;
  std::vector<index_t> shape;
  std::size_t end = 0;  ///< where the elements begin
};

/// Reads the header's text, a dictionary as Python writes it.
class Dictionary {
 public:
  Dictionary(const std::string& path, std::string_view text) : path_(path), text_(text), whole_(text) {}

  void read(NpyHeader& header) {
    expect('{');
    int known = 0;
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr") {
        header.type = type();
      } else if (key == "fortran_order") {
        header.fortran = boolean();
      } else if (key == "shape") {
        header.shape = sizes();
      } else {
        fail_at("has the key " + quoted(key) + ", which is none of descr, fortran_order and shape");
      }
      ++known;
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (known != 3) fail_at("lacks one of descr, fortran_order and shape");
  }

 private:
  [[noreturn]] void fail_at(const std::string& what) const {
    fail(path_, "the header " + what + ": " + quoted(whole_));
  }
  void skip_blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\n"), text_.size())); }
  bool accept(char c) {
    skip_blanks();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail_at(std::string("lacks a '") + c + "'");
  }
  std::string string() {
    skip_blanks();
    const char quote = text_.empty() ? '\0' : text_.front();
    const std::size_t end = quote == '\'' || quote == '"' ? text_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) fail_at("lacks a string");
    std::string value(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return value;
  }
  std::string type() {
    skip_blanks();
    if (!text_.empty() && text_.front() == '[') fail_at("has a structured type, expected a number's");
    return string();
  }
  bool boolean() {
    skip_blanks();
    for (const std::string_view word : {"True", "False"})
      if (text_.substr(0, word.size()) == word) {
        text_.remove_prefix(word.size());
        return word == "True";
      }
    fail_at("has a fortran_order that is neither True nor False");
  }
  /// (), (3,), (3, 4) or, as Python 2 wrote them, (3L, 4L).
  std::vector<index_t> sizes() {
    expect('(');
    std::vector<index_t> list;
    while (!accept(')')) {
      skip_blanks();
      const std::string_view digits = text_.substr(0, std::min(text_.find_first_not_of("0123456789"), text_.size()));
      index_t size = 0;
      if (!parse_canonical(digits, size)) fail_at("has a shape that is no tuple of sizes");
      text_.remove_prefix(digits.size());
      if (!text_.empty() && text_.front() == 'L') text_.remove_prefix(1);
      list.push_back(size);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return list;
  }

  const std::string& path_;
  std::string_view text_;
  std::string_view whole_;
};

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

NpyHeader read_header(const std::string& path, std::string_view bytes) {
  if (!is_npy(bytes)) fail(path, "not a .npy file, it does not begin with \\x93NUMPY");
  if (bytes.size() < kBeforeLength) fail(path, "the .npy header is truncated");
  const int version = static_cast<unsigned char>(bytes[kMagic.size()]);
  if (version < 1 || version > 3) fail(path, "the .npy version is " + std::to_string(version) + ", expected 1 to 3");
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  const std::size_t begin = kBeforeLength + length_bytes;
  if (bytes.size() < begin) fail(path, "the .npy header is truncated");
  const std::size_t length = little_endian(bytes.substr(kBeforeLength, length_bytes));
  if (bytes.size() - begin < length) fail(path, "the .npy header is truncated");
  NpyHeader header;
  Dictionary(path, bytes.substr(begin, length)).read(header);
  header.end = begin + length;
  return header;
}

/// An element that may stand at any address.
template <class E>
E element_at(const char* bytes, bool swapped) {
  std::array<char, sizeof(E)> raw;
  std::memcpy(raw.data(), bytes, sizeof(E));
  if (swapped) std::reverse(raw.begin(), raw.end());
  E element;
  std::memcpy(&element, raw.data(), sizeof(E));
  return element;
}

std::string index_text(int order, const Shape& shape, index_t position) {
  Shape index{};
  for (auto d = static_cast<std::size_t>(order); d-- > 0; position /= shape[d]) index[d] = position % shape[d];
  std::string text = "(";
  for (std::size_t d = 0; d < static_cast<std::size_t>(order); ++d)
    text += (d > 0 ? ", " : "") + std::to_string(index[d]);
  return text + ")";
}

/// Elements of type E; the first that is no finite T is an error.
template <class T, class E>
void read_elements(const std::string& path, const NpyHeader& header, std::string_view bytes, int threads,
                   DenseTensor<T>& tensor) {
  const index_t elements = element_count(tensor.order, tensor.shape);
  if (elements < 0 || static_cast<std::size_t>(elements) != bytes.size() / sizeof(E) || bytes.size() % sizeof(E) != 0)
    fail(path, "the shape needs " + (elements < 0 ? "more than 2^63" : std::to_string(elements)) + " elements of " +
                   std::to_string(sizeof(E)) + " bytes, but the file has " + std::to_string(bytes.size()) +
                   " bytes of them");
  tensor.values = Buffer<T>(elements);
  const bool swapped = header.type[0] != '|' && header.type[0] != kNativeOrder;
  std::atomic<bool> bad{false};
  T* const to = tensor.values.data();
  const auto copy = [&](index_t element, index_t position) {
    to[position] = static_cast<T>(element_at<E>(bytes.data() + static_cast<std::size_t>(element) * sizeof(E), swapped));
    if (!std::isfinite(to[position])) bad.store(true, std::memory_order_relaxed);
  };
  if (header.fortran) {
    for_both_orders(tensor.order, tensor.shape, threads, copy);
  } else {
    constexpr index_t kTogether = 1 << 16;
    const index_t parts = (tensor.values.size() + kTogether - 1) / kTogether;
    parallel_for(threads, parts, [&](index_t part) {
      const Range range = part_of(tensor.values.size(), part, parts);
      for (index_t n = range.first; n < range.last; ++n) copy(n, n);
    });
  }
  if (!bad) return;
  index_t n = 0;
  while (std::isfinite(to[n])) ++n;
  fail(path, "element " + index_text(tensor.order, tensor.shape, n) + " is not finite" +
                 (sizeof(T) < sizeof(E) ? " in float" : ""));
}

}  // namespace

bool is_npy(std::string_view bytes) { return bytes.substr(0, kMagic.size()) == kMagic; }

template <class T>
DenseTensor<T> parse_npy(const std::string& path, const FileText& file, int threads) {
  const NpyHeader header = read_header(path, file.view());
  if (header.shape.size() < 2 || header.shape.size() > kMaxOrder)
    fail(path, "the array has the order " + std::to_string(header.shape.size()) + ", expected 2 to 8");
  DenseTensor<T> tensor;
  tensor.order = static_cast<int>(header.shape.size());
  std::copy(header.shape.begin(), header.shape.end(), tensor.shape.begin());
  if (std::find(header.shape.begin(), header.shape.end(), 0) != header.shape.end())
    fail(path, "the array has no elements, one of its sizes is 0");
  const auto read = [&]<class E>(E) {
    read_elements<T, E>(path, header, file.view().substr(header.end), threads, tensor);
  };
  const std::string& type = header.type;
  const bool ordered = type.size() == 3 && (type[0] == '<' || type[0] == '>' || type[0] == '|');
  const std::string kind = ordered ? type.substr(1) : "";
  if (kind == "f8")
    read(double{});
  else if (kind == "f4")
    read(float{});
  else if (kind == "i8")
    read(std::int64_t{});
  else if (kind == "u8")
    read(std::uint64_t{});
  else if (kind == "i4")
    read(std::int32_t{});
  else if (kind == "u4")
    read(std::uint32_t{});
  else if (kind == "i2")
    read(std::int16_t{});
  else if (kind == "u2")
    read(std::uint16_t{});
  else if (kind == "i1")
    read(std::int8_t{});
  else if (kind == "u1")
    read(std::uint8_t{});
  else
    fail(path, "the type " + quoted(type) + " is not supported, expected f4, f8 or an integer's, as in \"<f8\"");
  return tensor;
}

template DenseTensor<float> parse_npy<float>(const std::string&, const FileText&, int);
template DenseTensor<double> parse_npy<double>(const std::string&, const FileText&, int);

std::string npy_header(int order, const std::array<index_t, kMaxOrder>& shape, const std::string& type) {
  constexpr std::size_t kAlignment = 64;
  std::string text = std::string("{'descr': '") + kNativeOrder + type + "', 'fortran_order': False, 'shape': (";
  for (std::size_t d = 0; d < static_cast<std::size_t>(order); ++d)
    text += (d > 0 ? ", " : "") + std::to_string(shape[d]);
  text += "), }";
  const std::size_t before = kBeforeLength + 2;
  text.append((kAlignment - (before + text.size() + 1) % kAlignment) % kAlignment, ' ');
  text += '\n';
  std::string header(kMagic);
  header.append({1, 0, static_cast<char>(text.size() % 256), static_cast<char>(text.size() / 256)});
  return header + text;
}

}  // namespace seesaw::io
