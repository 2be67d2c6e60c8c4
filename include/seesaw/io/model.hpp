#pragma once
#include <optional>
#include <string>
#include <vector>

#include "seesaw/complete.hpp"
#include "seesaw/io/ids.hpp"

namespace seesaw {

/// What a solver found and what it is about, in host memory: prediction(i, j) = mean + x_i . y_j for user rows.name(i)
/// and item cols.name(j).
template <class T>
struct Model {
  Matrix<T> x;  ///< m x k
  Matrix<T> y;  ///< n x k
  Ids rows;     ///< m
  Ids cols;     ///< n
  double mean = 0;
  CompletionOptions options;  ///< the callback is not stored
  std::vector<CompletionRun> runs;
  int best_run = 0;
  int best_sweep = 0;
  std::string solver = "als";  ///< which function of the library found it, as the tool calls it
  /// The solver's own, as far as it heeds them (named_options()); empty: not known, as in older files.
  std::optional<SolverOptions> solver_options = {};
};

/// What a model file holds, from its head alone.
struct ModelInfo {
  std::string precision;  ///< "float" or "double"
  index_t rows = 0;
  index_t cols = 0;
  index_t rank = 0;
  int schema_version = 0;
  std::string written_by;  ///< the library's version
};

/// Writes an HDF5 file as docs/model-format.md says. It appears under its name when it is whole; where anything fails,
/// or the process is killed, an older one stays as it was. One thread at a time may be inside HDF5.
/// Throws IoError with the reason; ShapeError where sizes do not fit; InvalidArgument for a number that is not finite.
void save_model(const std::string& path, const Model<float>& model);
void save_model(const std::string& path, const Model<double>& model);

/// T is float or double. A float model read as double is exact; a double model read as float is rounded to nearest, and
/// refused where a number exceeds float's range.
/// Throws IoError where the file cannot be read, ParseError ("file: what is wrong") where it is no model, of a newer
/// schema, damaged, or has numbers that are not finite.
template <class T>
Model<T> load_model(const std::string& path);

extern template Model<float> load_model<float>(const std::string&);
extern template Model<double> load_model<double>(const std::string&);

/// Throws as load_model does.
ModelInfo model_info(const std::string& path);

/// Whether the file begins as HDF5's do, as a model of any kind; false where it cannot be read.
bool is_hdf5(const std::string& path);

}  // namespace seesaw
