#pragma once
#include "file_text.hpp"
#include "tensor_layout.hpp"

namespace seesaw::io {

/// The entries of .tns and sptensor. Throws ParseError for the first bad line.
template <class T>
TensorEntries<T> parse_tensor_entries(const std::string& path, const TensorLayout& layout, const FileText& file,
                                      Duplicates duplicates, int threads);

extern template TensorEntries<float> parse_tensor_entries<float>(const std::string&, const TensorLayout&,
                                                                 const FileText&, Duplicates, int);
extern template TensorEntries<double> parse_tensor_entries<double>(const std::string&, const TensorLayout&,
                                                                   const FileText&, Duplicates, int);

}  // namespace seesaw::io
