#pragma once
#include <CLI/CLI.hpp>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "backend.hpp"
#include "checks.hpp"
#include "json.hpp"
#include "progress.hpp"
#include "seesaw/io/cp_model.hpp"
#include "seesaw/io/figure.hpp"
#include "seesaw/io/tensor.hpp"

// What the commands of `seesaw cp` share. For the users of the tool modes, components and starts are numbered from 1.
namespace seesaw::cli {

void add_cp_fit(CLI::App& cp);
void add_cp_info(CLI::App& cp);
void add_cp_convert(CLI::App& cp);
void add_cp_generate(CLI::App& cp);

// ---- tensors

/// How a tensor stands in a file.
void add_tensor_format(CLI::App& command, TensorOptions& format);
/// `--to`: in which format a tensor is written.
void add_output_format(CLI::App& command, TensorFormat& format);
/// `--precision` with double as the default: the normal equations of CP square the condition of the factors.
CLI::Option* add_cp_precision(CLI::App& command, Precision& precision);

/// What can be said of a tensor without its numbers.
struct TensorFacts {
  std::string path;
  bool sparse = false;
  int order = 0;
  std::array<index_t, kMaxOrder> shape{};
  offset_t entries = 0;                           ///< elements of a dense one
  std::array<index_t, kMaxOrder> empty_slices{};  ///< of a sparse one
  index_t base = 1;
  offset_t merged = 0;
};

template <class T>
TensorFacts facts_of(const std::string& path, const AnyTensor<T>& tensor);

/// Bytes of the tensor in memory; 2^63 - 1 where there are more.
std::int64_t tensor_bytes(const TensorFacts& facts, std::int64_t element);
/// Of the numbers as a vector.
template <class T>
double norm_of(const Buffer<T>& values) {
  double squares = 0;
  for (index_t e = 0; e < values.size(); ++e) {
    const auto value = static_cast<double>(values.data()[e]);
    squares += value * value;
  }
  return std::sqrt(squares);
}
/// Every place of the tensor's shape, in double for there may be more than 2^63.
double places_of(const TensorFacts& facts);

/// "5 x 201 x 61".
std::string shape_text(const std::vector<index_t>& shape);
std::vector<index_t> shape_of(const TensorFacts& facts);
/// "sparse, 5 x 201 x 61, 61305 entries"; and of empty slices and merged duplicates, where there are some.
std::string facts_text(const TensorFacts& facts);
Json json_of(const TensorFacts& facts);

/// The format in which `path` is to be written: `format`, or else what its name ends in, before a .gz. UsageError where
/// that tells nothing.
TensorFormat output_format(const std::string& path, TensorFormat format);
bool is_sparse(TensorFormat format);

template <class T>
void write_any(const std::string& path, TensorFormat format, const SparseTensorView<T>& tensor, int threads) {
  format == TensorFormat::tns ? write_tns(path, tensor, threads) : write_sptensor(path, tensor, threads);
}
template <class T>
void write_any(const std::string& path, TensorFormat format, const DenseTensorView<T>& tensor, int threads) {
  format == TensorFormat::npy ? write_npy(path, tensor, threads) : write_tensor(path, tensor, threads);
}

// ---- fits

/// The words for starts, as options and files have them: "range-finder", where the library says range_finder.
std::string word_for(CpStart start);
std::vector<std::pair<std::string, CpStart>> start_words();
CLI::Option* add_start(CLI::App& command, CpStart& start, const std::string& description);

/// 2^63 - 1 where it is more.
std::int64_t bytes_together(std::int64_t one, std::int64_t other);
/// A fit's size with that of the tensor.
CpSize size_of(const TensorFacts& facts, CpSize fit);
/// Bytes of the tensor and of what cp_als() takes besides where the fit is of that size but for the tensor's; 2^63 - 1
/// where there are more.
std::int64_t fit_bytes(const Context& context, const TensorFacts& facts, CpSize fit);

/// The library's message, which counts modes from 0, as the tool counts them.
std::string modes_from_one(std::string message);
/// What work() returns. The arguments that the library refuses there are told as the tool counts modes.
template <class Work>
auto counting_from_one(const Work& work) {
  try {
    return work();
  } catch (const ShapeError& error) {
    throw ShapeError(modes_from_one(error.what()));
  } catch (const InvalidArgument& error) {
    throw InvalidArgument(modes_from_one(error.what()));
  }
}

/// cp_als() of a tensor of either kind.
template <class T>
CpResult<T> decompose(Context& context, const AnyTensor<T>& tensor, const CpOptions& options,
                      const FactorViews<T>& start = {}) {
  return counting_from_one([&] {
    if (const auto* const sparse = std::get_if<TensorEntries<T>>(&tensor))
      return cp_als(context, sparse->tensor.view(), options, start);
    return cp_als(context, std::get<DenseTensor<T>>(tensor).view(), options, start);
  });
}

// ---- models

Json json_of(const CpOptions& options, int order);
Json json_of(const CpRun& run);
Json json_of(const CpDiagnostics& diagnostics);

/// Of a completed tensor: the sweep that was kept and its errors, the mean and the weights.
template <class T>
std::string completed_text(const CpModel<T>& model);
/// How it was completed, and what came of it.
template <class T>
Json completed_json(const CpModel<T>& model);

/// Lines on the diagnostics, with degeneracy and swamps in words.
std::string diagnostics_text(const CpDiagnostics& diagnostics, const CpRun& best);
/// A table of the starts; empty where there is only one.
std::string starts_text(const std::vector<CpRun>& runs, int best_run);
/// "the fit changed by less than 1e-06": why the run ended.
std::string ending_text(const CpRun& run, const CpStopping& stopping);

/// A panel for each mode, a curve for each component.
template <class T>
CurvesFigure components_figure(const std::string& title, const CpModel<T>& model);

extern template TensorFacts facts_of(const std::string&, const AnyTensor<float>&);
extern template TensorFacts facts_of(const std::string&, const AnyTensor<double>&);
extern template std::string completed_text(const CpModel<float>&);
extern template std::string completed_text(const CpModel<double>&);
extern template Json completed_json(const CpModel<float>&);
extern template Json completed_json(const CpModel<double>&);
extern template CurvesFigure components_figure(const std::string&, const CpModel<float>&);
extern template CurvesFigure components_figure(const std::string&, const CpModel<double>&);

}  // namespace seesaw::cli
