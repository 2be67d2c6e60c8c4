#include <fmt/format.h>

#include <limits>

#include "arguments.hpp"
#include "cp.hpp"
#include "output.hpp"

namespace seesaw::cli {
namespace {

/// The words for the formats, which names of files end in too.
const std::vector<std::pair<std::string, TensorFormat>> kFormats = {{"auto", TensorFormat::automatic},
                                                                    {"tns", TensorFormat::tns},
                                                                    {"sptensor", TensorFormat::sptensor},
                                                                    {"tensor", TensorFormat::tensor},
                                                                    {"npy", TensorFormat::npy}};

}  // namespace

void add_tensor_format(CLI::App& command, TensorOptions& format) {
  const std::string group = "File format";
  add_choice<TensorFormat>(command, "--format", format.format, kFormats,
                           "Of the file that is read; auto tells it by the contents")
      ->group(group);
  command.add_option("--shape", format.shape, "Sizes of a .tns, which tells only its largest indices")
      ->type_name("N,N,...")
      ->delimiter(',')
      ->check(between(1, kMostRows))
      ->group(group);
  add_choice<IndexBase>(command, "--index-base", format.base,
                        {{"auto", IndexBase::automatic}, {"0", IndexBase::zero}, {"1", IndexBase::one}},
                        "The first index of a sparse tensor; auto is 0 where some index is 0, else 1")
      ->group(group);
  add_choice<Duplicates>(
      command, "--duplicates", format.duplicates,
      {{"error", Duplicates::error}, {"last", Duplicates::last}, {"mean", Duplicates::mean}, {"sum", Duplicates::sum}},
      "What stands for two entries in one place")
      ->group(group);
}

void add_output_format(CLI::App& command, TensorFormat& format) {
  add_choice<TensorFormat>(command, "--to", format, kFormats, "Format of the output; auto tells it by its name");
}

CLI::Option* add_cp_precision(CLI::App& command, Precision& precision) {
  return add_choice<Precision>(command, "--precision", precision,
                               {{"double", Precision::twice}, {"float", Precision::single}}, "Numbers to compute with");
}

template <class T>
TensorFacts facts_of(const std::string& path, const AnyTensor<T>& tensor) {
  TensorFacts facts;
  facts.path = path;
  if (const auto* const sparse = std::get_if<TensorEntries<T>>(&tensor)) {
    facts.sparse = true;
    facts.order = sparse->tensor.order;
    facts.shape = sparse->tensor.shape;
    facts.entries = sparse->tensor.values.size();
    facts.empty_slices = sparse->empty_slices;
    facts.base = sparse->base;
    facts.merged = sparse->merged;
  } else {
    const auto& dense = std::get<DenseTensor<T>>(tensor);
    facts.order = dense.order;
    facts.shape = dense.shape;
    facts.entries = dense.values.size();
  }
  return facts;
}

std::int64_t tensor_bytes(const TensorFacts& facts, std::int64_t element) {
  const std::int64_t places = facts.sparse ? facts.order * static_cast<std::int64_t>(sizeof(column_t)) : 0;
  std::int64_t bytes = 0;
  return __builtin_mul_overflow(facts.entries, element + places, &bytes) ? std::numeric_limits<std::int64_t>::max()
                                                                         : bytes;
}

double places_of(const TensorFacts& facts) {
  double places = 1;
  for (const index_t size : shape_of(facts)) places *= static_cast<double>(size);
  return places;
}

std::string shape_text(const std::vector<index_t>& shape) { return fmt::format("{}", fmt::join(shape, " x ")); }

std::vector<index_t> shape_of(const TensorFacts& facts) {
  return {facts.shape.begin(), facts.shape.begin() + facts.order};
}

std::string facts_text(const TensorFacts& facts) {
  const std::string count = facts.sparse ? fmt::format("{} {}", facts.entries, facts.entries == 1 ? "entry" : "entries")
                                         : counted(facts.entries, "element");
  std::string text = fmt::format("{}, {}, {}", facts.sparse ? "sparse" : "dense", shape_text(shape_of(facts)), count);
  std::string empty;
  for (std::size_t n = 0; n < static_cast<std::size_t>(facts.order); ++n)
    if (facts.empty_slices[n] > 0)
      empty += fmt::format("{}{} of mode {}", empty.empty() ? "" : ", ", facts.empty_slices[n], n + 1);
  if (!empty.empty()) text += "; empty slices: " + empty;
  if (facts.merged > 0) text += fmt::format("; {} merged into others", counted(facts.merged, "duplicate"));
  return text;
}

Json json_of(const TensorFacts& facts) {
  Json document = {{"path", facts.path},
                   {"kind", facts.sparse ? "sparse" : "dense"},
                   {"order", facts.order},
                   {"shape", shape_of(facts)},
                   {facts.sparse ? "entries" : "elements", facts.entries}};
  if (!facts.sparse) return document;
  document["empty_slices"] = std::vector<index_t>(facts.empty_slices.begin(), facts.empty_slices.begin() + facts.order);
  document["first_index"] = facts.base;
  document["merged"] = facts.merged;
  return document;
}

TensorFormat output_format(const std::string& path, TensorFormat format) {
  if (format != TensorFormat::automatic) return format;
  const std::string name = path.ends_with(".gz") ? path.substr(0, path.size() - 3) : path;
  for (const auto& [ending, kind] : kFormats)
    if (kind != TensorFormat::automatic && name.ends_with("." + ending)) return kind;
  throw UsageError(fmt::format(
      "the name of {} does not tell its format: end it in .tns, .sptensor, .tensor or .npy, or give --to", path));
}

bool is_sparse(TensorFormat format) { return format == TensorFormat::tns || format == TensorFormat::sptensor; }

template TensorFacts facts_of(const std::string&, const AnyTensor<float>&);
template TensorFacts facts_of(const std::string&, const AnyTensor<double>&);

}  // namespace seesaw::cli
