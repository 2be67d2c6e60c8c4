#pragma once
#include <string>
#include <variant>
#include <vector>

#include "seesaw/io/ratings.hpp"
#include "seesaw/tensor.hpp"

namespace seesaw {

/// tns: FROSTT's text, a line for each entry. sptensor, tensor: text of the Tensor Toolbox and GenTen, sparse and
/// dense. npy: NumPy's array.
enum class TensorFormat { automatic, tns, sptensor, tensor, npy };

/// Which index comes first in a file. automatic: 0 where some index is 0, else 1.
enum class IndexBase { automatic, zero, one };

struct TensorOptions {
  TensorFormat format = TensorFormat::automatic;  ///< told by the contents, and .npy by its name
  std::vector<index_t> shape = {};                ///< of a .tns; empty: the largest index of each mode
  IndexBase base = IndexBase::automatic;          ///< of .tns and sptensor
  Duplicates duplicates = Duplicates::error;      ///< entries in one place of .tns and sptensor
  int threads = 0;                                ///< 0: as many as OpenMP would take
};

/// A sparse tensor in host memory, in the order of the file, no two entries in one place.
template <class T>
struct TensorEntries {
  SparseTensor<T> tensor;
  std::array<index_t, kMaxOrder> empty_slices{};  ///< of each mode: indices that no entry has
  index_t base = 1;                               ///< the first index in the file, 0 or 1
  offset_t merged = 0;                            ///< entries that went into an earlier one of the same place
};

template <class T>
using AnyTensor = std::variant<TensorEntries<T>, DenseTensor<T>>;

/// Reads a sparse or a dense tensor of order 2 to 8, plain or gzip. T is float or double; every number is rounded to
/// the nearest T. The formats are described in docs/tensor-format.md. The result is the same for any number of
/// threads. A file must not be truncated by others while it is read.
///
/// Throws IoError where the file cannot be read (also a damaged gzip), ParseError ("file:line: what is wrong" and the
/// text of the line, always the first bad one; .npy has no lines) for its contents, among them numbers that are not
/// finite and a sparse tensor without entries; InvalidArgument for options that make no sense or do not fit the format,
/// OutOfMemory.
template <class T>
AnyTensor<T> read_tensor(const std::string& path, const TensorOptions& options = {});

/// The same for files that must hold a sparse tensor (.tns, sptensor) or a dense one (tensor, .npy); ParseError for the
/// other.
template <class T>
TensorEntries<T> read_sparse_tensor(const std::string& path, const TensorOptions& options = {});
template <class T>
DenseTensor<T> read_dense_tensor(const std::string& path, const TensorOptions& options = {});

/// Write a tensor in host memory, through gzip where the name ends in ".gz"; the first index is 1. Numbers are the
/// shortest that read back the same; .npy has the type of T. .tns does not tell the shape: empty slices at the end of a
/// mode are lost unless the reader is given it. The file appears under its name when it is complete; where anything
/// fails an older one stays as it was.
/// Throw IoError; ShapeError for an order outside 2 to 8 or sizes out of range, InvalidArgument for an index outside
/// the shape, a number that is not finite, weights, and a sparse tensor without entries.
void write_tns(const std::string& path, SparseTensorView<float> tensor, int threads = 0);
void write_tns(const std::string& path, SparseTensorView<double> tensor, int threads = 0);
void write_sptensor(const std::string& path, SparseTensorView<float> tensor, int threads = 0);
void write_sptensor(const std::string& path, SparseTensorView<double> tensor, int threads = 0);
void write_tensor(const std::string& path, DenseTensorView<float> tensor, int threads = 0);
void write_tensor(const std::string& path, DenseTensorView<double> tensor, int threads = 0);
void write_npy(const std::string& path, DenseTensorView<float> tensor, int threads = 0);
void write_npy(const std::string& path, DenseTensorView<double> tensor, int threads = 0);

extern template AnyTensor<float> read_tensor<float>(const std::string&, const TensorOptions&);
extern template AnyTensor<double> read_tensor<double>(const std::string&, const TensorOptions&);
extern template TensorEntries<float> read_sparse_tensor<float>(const std::string&, const TensorOptions&);
extern template TensorEntries<double> read_sparse_tensor<double>(const std::string&, const TensorOptions&);
extern template DenseTensor<float> read_dense_tensor<float>(const std::string&, const TensorOptions&);
extern template DenseTensor<double> read_dense_tensor<double>(const std::string&, const TensorOptions&);

}  // namespace seesaw
