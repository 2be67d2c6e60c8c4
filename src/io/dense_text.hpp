#pragma once
#include "file_text.hpp"
#include "tensor_layout.hpp"

namespace seesaw::io {

/// The elements of `tensor` text. Throws ParseError where there are not as many as stated, or for the first bad one.
template <class T>
DenseTensor<T> parse_dense_text(const std::string& path, const TensorLayout& layout, const FileText& file, int threads);

extern template DenseTensor<float> parse_dense_text<float>(const std::string&, const TensorLayout&, const FileText&,
                                                           int);
extern template DenseTensor<double> parse_dense_text<double>(const std::string&, const TensorLayout&, const FileText&,
                                                             int);

}  // namespace seesaw::io
