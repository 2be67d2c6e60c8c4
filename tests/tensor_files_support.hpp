#pragma once
#include <sstream>

#include "io_support.hpp"
#include "seesaw/io/tensor.hpp"

namespace seesaw::test {

/// "2 x 3 x 2"
inline std::string shape_text(int order, const std::array<index_t, kMaxOrder>& shape) {
  std::string text;
  for (std::size_t d = 0; d < static_cast<std::size_t>(order); ++d)
    text += (d > 0 ? " x " : "") + std::to_string(shape[d]);
  return text;
}

/// "2 x 3: 0 1 5; 1 2 -0.5", indices from 0, in the order of the entries.
template <class T>
std::string shown(const SparseTensor<T>& tensor) {
  std::ostringstream text;
  text.precision(std::numeric_limits<T>::max_digits10);
  text << shape_text(tensor.order, tensor.shape);
  for (offset_t e = 0; e < tensor.values.size(); ++e) {
    text << (e > 0 ? "; " : ": ");
    for (std::size_t d = 0; d < static_cast<std::size_t>(tensor.order); ++d) text << tensor.indices[d].data()[e] << ' ';
    text << tensor.values.data()[e];
  }
  return text.str();
}

/// "2 x 3: 1 2 3 4 5 6", row-major.
template <class T>
std::string shown(const DenseTensor<T>& tensor) {
  std::ostringstream text;
  text.precision(std::numeric_limits<T>::max_digits10);
  text << shape_text(tensor.order, tensor.shape) << ':';
  for (index_t n = 0; n < tensor.values.size(); ++n) text << ' ' << tensor.values.data()[n];
  return text.str();
}

/// The bytes of an array in host memory.
template <class E>
std::string bytes_of(const std::vector<E>& elements) {
  return {reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(E)};
}

/// A .npy file, put together by the format's description.
inline std::string npy(const std::string& dictionary, const std::string& elements, char version = 1) {
  std::string file = "\x93NUMPY";
  file += version;
  file += '\0';
  const std::size_t size = dictionary.size() + 1;
  for (std::size_t byte = 0; byte < (version == 1 ? 2U : 4U); ++byte)
    file += static_cast<char>(size >> 8 * byte & 0xff);
  return file + dictionary + "\n" + elements;
}

}  // namespace seesaw::test
