#pragma once
#include "file_text.hpp"
#include "seesaw/tensor.hpp"

namespace seesaw::io {

bool is_npy(std::string_view bytes);

/// Throws ParseError.
template <class T>
DenseTensor<T> parse_npy(const std::string& path, const FileText& file, int threads);

extern template DenseTensor<float> parse_npy<float>(const std::string&, const FileText&, int);
extern template DenseTensor<double> parse_npy<double>(const std::string&, const FileText&, int);

/// What a .npy file of the array begins with; `type` as in "f8".
std::string npy_header(int order, const std::array<index_t, kMaxOrder>& shape, const std::string& type);

}  // namespace seesaw::io
