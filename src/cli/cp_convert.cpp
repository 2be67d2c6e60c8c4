#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "arguments.hpp"
#include "cp.hpp"
#include "output.hpp"
#include "seesaw/memory.hpp"

namespace seesaw::cli {
namespace {

struct CpConvertOptions {
  std::string input, output;
  TensorOptions format;
  TensorFormat to = TensorFormat::automatic;
  Precision precision = Precision::twice;
  ProgressStyle progress = ProgressStyle::automatic;
  bool json = false;
};

/// All places, those without an entry 0.
template <class T>
DenseTensor<T> dense_of(const TensorFacts& facts, const SparseTensor<T>& sparse) {
  const double bytes = places_of(facts) * sizeof(T);
  const std::int64_t free = host_memory()->available();
  if (bytes > static_cast<double>(free))
    throw OutOfMemory(
        fmt::format("{} as a dense tensor takes {:.3g} bytes, {} are free", facts.path, bytes, bytes_text(free)));
  DenseTensor<T> dense{sparse.order, sparse.shape, Buffer<T>(host_memory(), static_cast<index_t>(places_of(facts)))};
  std::fill_n(dense.values.data(), dense.values.size(), T{0});
  for (offset_t e = 0; e < sparse.values.size(); ++e) {
    offset_t place = 0;
    for (std::size_t n = 0; n < static_cast<std::size_t>(sparse.order); ++n)
      place = place * sparse.shape[n] + sparse.indices[n].data()[e];
    dense.values.data()[place] = sparse.values.data()[e];
  }
  return dense;
}

/// The elements other than 0.
template <class T>
SparseTensor<T> sparse_of(const TensorFacts& facts, const DenseTensor<T>& dense) {
  const T* const first = dense.values.data();
  const offset_t entries = std::count_if(first, first + dense.values.size(), [](T value) { return value != T{0}; });
  if (entries == 0) throw Error(facts.path + ": every element is 0: a sparse tensor of it has no entries");
  SparseTensor<T> sparse;
  sparse.order = dense.order;
  sparse.shape = dense.shape;
  sparse.values = Buffer<T>(host_memory(), entries);
  const auto order = static_cast<std::size_t>(dense.order);
  for (std::size_t n = 0; n < order; ++n) sparse.indices[n] = Buffer<column_t>(host_memory(), entries);
  offset_t e = 0;
  for (offset_t place = 0; place < dense.values.size(); ++place) {
    if (first[place] == T{0}) continue;
    offset_t rest = place;
    for (std::size_t n = order; n-- > 0; rest /= dense.shape[n])
      sparse.indices[n].data()[e] = static_cast<column_t>(rest % dense.shape[n]);
    sparse.values.data()[e++] = first[place];
  }
  return sparse;
}

template <class T>
TensorFacts convert(const CpConvertOptions& options) {
  const AnyTensor<T> tensor = read_tensor<T>(options.input, options.format);
  const TensorFacts facts = facts_of<T>(options.input, tensor);
  const int threads = options.format.threads;
  const auto* const sparse = std::get_if<TensorEntries<T>>(&tensor);
  if (sparse != nullptr && is_sparse(options.to)) {
    write_any(options.output, options.to, sparse->tensor.view(), threads);
  } else if (sparse != nullptr) {
    write_any(options.output, options.to, dense_of(facts, sparse->tensor).view(), threads);
  } else if (is_sparse(options.to)) {
    write_any(options.output, options.to, sparse_of(facts, std::get<DenseTensor<T>>(tensor)).view(), threads);
  } else {
    write_any(options.output, options.to, std::get<DenseTensor<T>>(tensor).view(), threads);
  }
  return facts;
}

void convert_file(CpConvertOptions& options) {
  options.to = output_format(options.output, options.to);
  require_readable(options.input);
  require_writable(options.output, {options.input});
  Progress progress(options.json ? ProgressStyle::none : options.progress);
  progress.status("reading " + options.input);
  const TensorFacts facts =
      with_precision(options.precision, [&](auto number) { return convert<decltype(number)>(options); });
  progress.end();
  Output output;
  output.write(options.json
                   ? to_text({{"command", "cp convert"}, {"tensor", json_of(facts)}, {"output", options.output}})
                   : fmt::format("{}: {}\n", options.output, facts_text(facts)));
  output.finish();
}

}  // namespace

void add_cp_convert(CLI::App& cp) {
  const auto options = std::make_shared<CpConvertOptions>();
  CLI::App& command = *cp.add_subcommand("convert", "Write a tensor in another format");
  command.add_option("TENSOR", options->input, "FROSTT's .tns, sptensor or tensor text, or .npy, plain or gzip")
      ->required();
  command.add_option("-o,--output", options->output, "Indices begin at 1; gzip where the name ends in .gz")
      ->type_name("FILE")
      ->required();
  add_output_format(command, options->to);
  add_cp_precision(command, options->precision)->description("Numbers to read and write");
  add_threads(command, options->format.threads);
  add_tensor_format(command, options->format);
  add_progress(command, options->progress);
  add_json(command, options->json);
  command.footer(
      "A sparse tensor as a dense one has 0 where it has no entry; a dense one as a sparse one has the elements other\n"
      "than 0. A .tns does not tell the shape: sptensor keeps it where the last slices of a mode are empty.\n\n"
      "Examples:\n"
      "  seesaw cp convert uber.tns.gz -o uber.sptensor\n"
      "  seesaw cp convert aminoacids.txt -o aminoacids.npy --precision float");
  command.callback([options] { convert_file(*options); });
}

}  // namespace seesaw::cli
