#pragma once
#include <array>
#include <string>
#include <string_view>

#include "seesaw/io/tensor.hpp"

namespace seesaw::io {

/// Where the entries of a sparse tensor, or the elements of a dense one, stand in a text.
struct TensorLayout {
  std::string_view data;                  ///< the lines of them and nothing else
  index_t first_line = 1;                 ///< number of the first of these in the file
  int order = 0;                          ///< 2 to 8
  std::array<index_t, kMaxOrder> size{};  ///< as stated; 0: not stated
  offset_t stated_entries = -1;           ///< -1: not stated
  IndexBase base = IndexBase::one;        ///< automatic: found out from the entries
  bool comments = false;                  ///< lines that begin with # are none
};

/// "sptensor", "tensor", or automatic where the text does not begin so.
TensorFormat stated_format(std::string_view text);

/// Reads headers, or for .tns as much of the text as tells the order. Throws ParseError; InvalidArgument where the
/// options' shape does not fit.
TensorLayout tns_layout(const std::string& path, std::string_view text, const TensorOptions& options);
TensorLayout sptensor_layout(const std::string& path, std::string_view text, const TensorOptions& options);
TensorLayout tensor_layout(const std::string& path, std::string_view text);

/// Whether the line is a comment where there may be some.
inline bool is_comment(const TensorLayout& layout, std::string_view line) {
  const std::size_t first = layout.comments ? line.find_first_not_of(" \t") : std::string_view::npos;
  return first != std::string_view::npos && line[first] == '#';
}

/// The product of the sizes; -1 where it exceeds 2^63 - 1.
inline index_t element_count(int order, const std::array<index_t, kMaxOrder>& shape) {
  index_t count = 1;
  for (std::size_t d = 0; d < static_cast<std::size_t>(order); ++d)
    if (__builtin_mul_overflow(count, shape[d], &count)) return -1;
  return count;
}

}  // namespace seesaw::io
