#pragma once
#include <optional>
#include <string>
#include <vector>

#include "seesaw/complete_tensor.hpp"
#include "seesaw/cp_als.hpp"

namespace seesaw {

/// How complete_tensor() came to a model.
struct CpCompletion {
  double mean = 0;                  ///< T is about mean + sum_r weights[r] a_0r o a_1r o ...
  TensorCompletionOptions options;  ///< the callback is not stored
  std::string solver = "als";       ///< as the tool calls it
  SolverOptions own;                ///< of the solver's own, as far as it heeds them
  std::vector<CompletionRun> runs;
  int best_sweep = 0;
};

/// What cp_als() or complete_tensor() found, in host memory: T is about sum_r weights[r] a_0r o a_1r o ...
template <class T>
struct CpModel {
  std::vector<Matrix<T>> factors;  ///< of each mode, shape[n] x k
  std::vector<double> weights;     ///< k
  double fit = 0;                  ///< of a completed tensor over its known entries
  CpOptions options;               ///< callback and sorted_copies are not stored
  std::vector<CpRun> runs;
  int best_run = 0;
  CpDiagnostics diagnostics;
  /// Empty: by cp_als(). Else options, runs and diagnostics, which are those of cp_als(), are not stored.
  std::optional<CpCompletion> completion = {};
};

/// What a file of a CP model holds, from its head alone.
struct CpModelInfo {
  std::string precision;  ///< "float" or "double"
  std::vector<index_t> shape;
  index_t rank = 0;
  int schema_version = 0;
  std::string written_by;  ///< the library's version
};

/// Writes an HDF5 file as docs/model-format.md says. It appears under its name when it is whole; where anything fails,
/// or the process is killed, an older one stays as it was. One thread at a time may be inside HDF5.
/// Throws IoError with the reason; ShapeError for other than 2 to 8 factors or sizes that do not fit, options.rank and
/// the components of the diagnostics among them; InvalidArgument for a number that is not finite.
void save_cp_model(const std::string& path, const CpModel<float>& model);
void save_cp_model(const std::string& path, const CpModel<double>& model);

/// T is float or double, converted as load_model() does.
/// Throws IoError where the file cannot be read, ParseError ("file: what is wrong") where it is no CP model, of a newer
/// schema, damaged, or has numbers that are not finite.
template <class T>
CpModel<T> load_cp_model(const std::string& path);

extern template CpModel<float> load_cp_model<float>(const std::string&);
extern template CpModel<double> load_cp_model<double>(const std::string&);

/// Throws as load_cp_model does.
CpModelInfo cp_model_info(const std::string& path);

}  // namespace seesaw
