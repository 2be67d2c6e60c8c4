#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "mode_order.hpp"
#include "npy.hpp"
#include "parallel.hpp"
#include "seesaw/errors.hpp"
#include "seesaw/io/atomic_file.hpp"
#include "seesaw/io/tensor.hpp"
#include "tensor_layout.hpp"
#include "text_output.hpp"

namespace seesaw {
namespace {

using io::Range;

void require_shape(int order, const std::array<index_t, kMaxOrder>& shape, index_t most, const char* expected) {
  if (order < 2 || order > kMaxOrder)
    throw ShapeError("the tensor has the order " + std::to_string(order) + ", expected 2 to 8");
  for (std::size_t d = 0; d < static_cast<std::size_t>(order); ++d)
    if (shape[d] < 1 || shape[d] > most)
      throw ShapeError("shape[" + std::to_string(d) + "] is " + std::to_string(shape[d]) + ", expected " + expected);
}

template <class T>
void require_entries(const SparseTensorView<T>& tensor) {
  require_shape(tensor.order, tensor.shape, std::numeric_limits<column_t>::max(), "1 to 2^31 - 1");
  if (tensor.entries < 1) throw InvalidArgument("the tensor has no entries");
  if (tensor.weights != nullptr) throw InvalidArgument("the tensor has weights, which the file cannot hold");
}

void append_integer(std::string& text, index_t number) {
  constexpr std::size_t kDigits = 24;
  char digits[kDigits];
  text.append(digits, std::to_chars(digits, digits + kDigits, number).ptr);
}

std::string header(const char* name, int order, const std::array<index_t, kMaxOrder>& shape) {
  std::string text = std::string(name) + "\n" + std::to_string(order) + "\n";
  for (std::size_t d = 0; d < static_cast<std::size_t>(order); ++d)
    text += (d > 0 ? " " : "") + std::to_string(shape[d]);
  return text + "\n";
}

/// "1 2 3 0.5", a line for each entry.
template <class T>
std::string entry_lines(const SparseTensorView<T>& tensor, Range range) {
  constexpr std::size_t kUsualLine = 32;
  std::string text;
  text.reserve(kUsualLine * static_cast<std::size_t>(range.last - range.first));
  for (offset_t e = range.first; e < range.last; ++e) {
    for (std::size_t d = 0; d < static_cast<std::size_t>(tensor.order); ++d) {
      const column_t index = tensor.indices[d][e];
      if (index < 0 || index >= tensor.shape[d])
        throw InvalidArgument("entry " + std::to_string(e) + " has the index " + std::to_string(index) + " of mode " +
                              std::to_string(d) + ", expected 0.." + std::to_string(tensor.shape[d] - 1));
      append_integer(text, index_t{index} + 1);
      text += ' ';
    }
    if (!std::isfinite(tensor.values[e])) throw InvalidArgument("entry " + std::to_string(e) + " is not finite");
    io::append_number(text, tensor.values[e]);
    text += '\n';
  }
  return text;
}

/// The head, and behind it what text_of(range) gives for the parts of 0..size-1.
template <class TextOf>
void write_file(const std::string& path, const std::string& head, index_t size, int threads, const TextOf& text_of) {
  const int team = io::thread_count(threads);
  const bool gzip = path.ends_with(".gz");
  AtomicFile file(path);
  if (!head.empty()) file.write(gzip ? io::gzip_member(head) : head);
  io::write_blocks(file, gzip, team, size, text_of);
  file.commit();
}

template <class T>
void write_entries(const std::string& path, const std::string& head, const SparseTensorView<T>& tensor, int threads) {
  write_file(path, head, tensor.entries, threads, [&](Range range) { return entry_lines(tensor, range); });
}

template <class T>
void tns(const std::string& path, const SparseTensorView<T>& tensor, int threads) {
  require_entries(tensor);
  write_entries(path, "", tensor, threads);
}

template <class T>
void sptensor(const std::string& path, const SparseTensorView<T>& tensor, int threads) {
  require_entries(tensor);
  write_entries(path, header("sptensor", tensor.order, tensor.shape) + std::to_string(tensor.entries) + "\n", tensor,
                threads);
}

template <class T>
index_t checked_count(const DenseTensorView<T>& tensor) {
  require_shape(tensor.order, tensor.shape, std::numeric_limits<index_t>::max(), "at least 1");
  const index_t count = io::element_count(tensor.order, tensor.shape);
  if (count < 0) throw ShapeError("the tensor's shape allows more than 2^63 elements");
  return count;
}

template <class T>
void require_finite(T value, index_t position) {
  if (!std::isfinite(value)) throw InvalidArgument("data[" + std::to_string(position) + "] is not finite");
}

template <class T>
void tensor_text(const std::string& path, const DenseTensorView<T>& tensor, int threads) {
  const index_t count = checked_count(tensor);
  write_file(path, header("tensor", tensor.order, tensor.shape), count, threads, [&](Range range) {
    std::string text;
    io::FirstModeFastest at(tensor.order, tensor.shape, range.first);
    for (index_t n = range.first; n < range.last; ++n, at.next()) {
      require_finite(tensor.data[at.position()], at.position());
      io::append_number(text, tensor.data[at.position()]);
      text += '\n';
    }
    return text;
  });
}

template <class T>
void npy(const std::string& path, const DenseTensorView<T>& tensor, int threads) {
  const index_t count = checked_count(tensor);
  const std::string head = io::npy_header(tensor.order, tensor.shape, sizeof(T) == sizeof(float) ? "f4" : "f8");
  write_file(path, head, count, threads, [&](Range range) {
    for (index_t n = range.first; n < range.last; ++n) require_finite(tensor.data[n], n);
    std::string bytes(static_cast<std::size_t>(range.last - range.first) * sizeof(T), '\0');
    std::memcpy(bytes.data(), tensor.data + range.first, bytes.size());
    return bytes;
  });
}

}  // namespace

void write_tns(const std::string& path, SparseTensorView<float> tensor, int threads) { tns(path, tensor, threads); }
void write_tns(const std::string& path, SparseTensorView<double> tensor, int threads) { tns(path, tensor, threads); }
void write_sptensor(const std::string& path, SparseTensorView<float> tensor, int threads) {
  sptensor(path, tensor, threads);
}
void write_sptensor(const std::string& path, SparseTensorView<double> tensor, int threads) {
  sptensor(path, tensor, threads);
}
void write_tensor(const std::string& path, DenseTensorView<float> tensor, int threads) {
  tensor_text(path, tensor, threads);
}
void write_tensor(const std::string& path, DenseTensorView<double> tensor, int threads) {
  tensor_text(path, tensor, threads);
}
void write_npy(const std::string& path, DenseTensorView<float> tensor, int threads) { npy(path, tensor, threads); }
void write_npy(const std::string& path, DenseTensorView<double> tensor, int threads) { npy(path, tensor, threads); }

}  // namespace seesaw
