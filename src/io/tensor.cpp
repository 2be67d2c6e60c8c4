#include "seesaw/io/tensor.hpp"

#include <new>

#include "dense_text.hpp"
#include "file_text.hpp"
#include "lines.hpp"
#include "npy.hpp"
#include "parallel.hpp"
#include "tensor_entries.hpp"
#include "tensor_layout.hpp"

namespace seesaw {
namespace io {
namespace {

TensorFormat format_of(const std::string& path, const FileText& file, const TensorOptions& options) {
  if (options.format != TensorFormat::automatic) return options.format;
  if (is_npy(file.view()) || path.ends_with(".npy") || path.ends_with(".npy.gz")) return TensorFormat::npy;
  const TensorFormat stated = stated_format(checked_text(path, file.view()));
  return stated == TensorFormat::automatic ? TensorFormat::tns : stated;
}

bool is_sparse(TensorFormat format) { return format == TensorFormat::tns || format == TensorFormat::sptensor; }

void check_options(const std::string& path, TensorFormat format, const TensorOptions& options) {
  if (!options.shape.empty() && format != TensorFormat::tns)
    throw InvalidArgument(path + ": shape is given, but the file states its own; it is for .tns");
  if (options.base != IndexBase::automatic && !is_sparse(format))
    throw InvalidArgument(path + ": base is given, but a dense tensor has no indices");
}

/// One file, of which it is known whether it is sparse before it is read.
template <class T>
class Reader {
 public:
  Reader(const std::string& path, const TensorOptions& options)
      : path_(path),
        options_(options),
        threads_(thread_count(options.threads)),
        file_(path),
        format_(format_of(path, file_, options)) {
    check_options(path, format_, options);
  }
  bool sparse() const { return is_sparse(format_); }

  TensorEntries<T> entries() const {
    const std::string_view text = checked_text(path_, file_.view());
    const TensorLayout layout =
        format_ == TensorFormat::tns ? tns_layout(path_, text, options_) : sptensor_layout(path_, text, options_);
    return parse_tensor_entries<T>(path_, layout, file_, options_.duplicates, threads_);
  }
  DenseTensor<T> dense() const {
    if (format_ == TensorFormat::npy) return parse_npy<T>(path_, file_, threads_);
    return parse_dense_text<T>(path_, tensor_layout(path_, checked_text(path_, file_.view())), file_, threads_);
  }

 private:
  const std::string& path_;
  const TensorOptions& options_;
  const int threads_;
  const FileText file_;
  const TensorFormat format_;
};

/// work(reader), which may run out of memory.
template <class T, class Work>
auto read(const std::string& path, const TensorOptions& options, const Work& work) {
  try {
    return work(Reader<T>(path, options));
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(path + ": not enough host memory to read it");
  }
}

}  // namespace
}  // namespace io

template <class T>
AnyTensor<T> read_tensor(const std::string& path, const TensorOptions& options) {
  return io::read<T>(path, options, [](const auto& reader) -> AnyTensor<T> {
    if (reader.sparse()) return reader.entries();
    return reader.dense();
  });
}

template <class T>
TensorEntries<T> read_sparse_tensor(const std::string& path, const TensorOptions& options) {
  return io::read<T>(path, options, [&](const auto& reader) {
    if (!reader.sparse()) throw ParseError(path + ": a dense tensor, expected a sparse one");
    return reader.entries();
  });
}

template <class T>
DenseTensor<T> read_dense_tensor(const std::string& path, const TensorOptions& options) {
  return io::read<T>(path, options, [&](const auto& reader) {
    if (reader.sparse()) throw ParseError(path + ": a sparse tensor, expected a dense one");
    return reader.dense();
  });
}

template AnyTensor<float> read_tensor<float>(const std::string&, const TensorOptions&);
template AnyTensor<double> read_tensor<double>(const std::string&, const TensorOptions&);
template TensorEntries<float> read_sparse_tensor<float>(const std::string&, const TensorOptions&);
template TensorEntries<double> read_sparse_tensor<double>(const std::string&, const TensorOptions&);
template DenseTensor<float> read_dense_tensor<float>(const std::string&, const TensorOptions&);
template DenseTensor<double> read_dense_tensor<double>(const std::string&, const TensorOptions&);

}  // namespace seesaw
