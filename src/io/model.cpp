#include "seesaw/io/model.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <new>

#include "file_text.hpp"
#include "hdf5_file.hpp"
#include "own_options.hpp"
#include "seesaw/errors.hpp"
#include "seesaw/io/atomic_file.hpp"
#include "seesaw/version.hpp"

namespace seesaw {
namespace io {
namespace {

constexpr std::string_view kSchema = "seesaw-model";
constexpr int kSchemaVersion = 1;
constexpr hsize_t kIdsTogether = 1 << 16;

template <class T>
hid_t native_type() {
  return sizeof(T) == sizeof(float) ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
}
template <class T>
hid_t file_type() {
  return sizeof(T) == sizeof(float) ? H5T_IEEE_F32LE : H5T_IEEE_F64LE;
}

/// Where the first number stands that is not finite, as "(row, column)"; empty where all are.
template <class T>
std::string first_not_finite(const Matrix<T>& matrix) {
  for (index_t i = 0; i < matrix.rows(); ++i)
    for (index_t j = 0; j < matrix.cols(); ++j)
      if (!std::isfinite(matrix(i, j))) return "(" + std::to_string(i) + ", " + std::to_string(j) + ")";
  return "";
}

// ---- writing

template <class T>
void check_side(const char* name, const Matrix<T>& factor, const Ids& ids, index_t rank) {
  if (factor.rows() != ids.size() || factor.cols() != rank)
    throw ShapeError(std::string(name) + " is " + std::to_string(factor.rows()) + " x " +
                     std::to_string(factor.cols()) + ", expected " + std::to_string(ids.size()) + " x " +
                     std::to_string(rank));
  const std::string where = first_not_finite(factor);
  if (!where.empty()) throw InvalidArgument(name + where + " is not finite");
}

template <class T>
void write_factor(hid_t file, const char* name, const Matrix<T>& factor) {
  const std::vector<hsize_t> dims{static_cast<hsize_t>(factor.rows()), static_cast<hsize_t>(factor.cols())};
  const Hdf5Id dataset = make_dataset(file, name, file_type<T>(), dims, Packing::plain);
  if (factor.rows() > 0) write_all(dataset, native_type<T>(), factor.view().data);
}

void write_ids(hid_t file, const char* name, const Ids& ids) {
  const auto size = static_cast<hsize_t>(ids.size());
  if (ids.integral()) {
    const Hdf5Id dataset = make_dataset(file, name, H5T_STD_I64LE, {size}, Packing::deflated);
    std::vector<std::int64_t> part;
    for (hsize_t first = 0; first < size; first += part.size()) {
      part.clear();
      for (hsize_t i = first; i < std::min(size, first + kIdsTogether); ++i)
        part.push_back(ids.integer(static_cast<index_t>(i)));
      write_part(dataset, H5T_NATIVE_INT64, first, part.size(), part.data());
    }
    return;
  }
  std::size_t longest = 1;
  for (index_t i = 0; i < ids.size(); ++i) longest = std::max(longest, ids.text(i).size());
  const Hdf5Id type = string_type(longest);
  const Hdf5Id dataset = make_dataset(file, name, type, {size}, Packing::deflated);
  for (hsize_t first = 0; first < size; first += kIdsTogether) {
    const hsize_t count = std::min(size - first, kIdsTogether);
    std::string part(count * longest, '\0');
    for (hsize_t i = 0; i < count; ++i) {
      const std::string_view text = ids.text(static_cast<index_t>(first + i));
      std::memcpy(part.data() + i * longest, text.data(), text.size());
    }
    write_part(dataset, type, first, count, part.data());
  }
}

template <class T>
void write_options(hid_t file, const Model<T>& model) {
  const CompletionOptions& options = model.options;
  const Hdf5Id group = make_group(file, "options");
  write_attribute(group, "solver", std::string_view(model.solver));
  if (model.solver_options) write_own_options(group, model.solver, *model.solver_options);
  write_attribute(group, "rank", options.rank);
  write_attribute(group, "lambda_x", options.lambda_x);
  write_attribute(group, "lambda_y", options.lambda_y);
  write_attribute(group, "weighting", std::string_view(options.weighting == Weighting::plain ? "plain" : "by_count"));
  write_attribute(group, "exponent", options.exponent);
  write_attribute(group, "centre", static_cast<std::int64_t>(options.centre));
  if (options.implicit) {
    write_attribute(group, "alpha", options.implicit->alpha);
    write_attribute(group, "confidences", static_cast<std::int64_t>(options.implicit->confidences));
    write_attribute(group, "unobserved", options.implicit->unobserved);
    write_attribute(group, "cg_steps", static_cast<std::int64_t>(options.implicit->cg_steps));
  }
  write_attribute(group, "seed", options.seed);
  write_attribute(group, "restarts", static_cast<std::int64_t>(options.restarts));
  write_attribute(group, "sweeps", static_cast<std::int64_t>(options.stopping.sweeps));
  write_attribute(group, "tolerance", options.stopping.tolerance);
  write_attribute(group, "seconds", options.stopping.seconds);
  write_attribute(group, "patience", static_cast<std::int64_t>(options.stopping.patience));
  write_attribute(group, "gradient_norm", options.stopping.gradient_norm);
  write_attribute(group, "gap", options.stopping.gap);
}

enum class Number { int32, int64, float64 };
struct HistoryColumn {
  const char* name;
  std::size_t offset;
  Number type;
  bool optional;  ///< the first Seesaws did not write it; where it is missing a SweepRecord's default stands
};
constexpr HistoryColumn kHistory[] = {
    {"sweep", offsetof(SweepRecord, sweep), Number::int32, false},
    {"objective", offsetof(SweepRecord, objective), Number::float64, false},
    {"train_rmse", offsetof(SweepRecord, train_rmse), Number::float64, false},
    {"validation_rmse", offsetof(SweepRecord, validation_rmse), Number::float64, false},
    {"seconds", offsetof(SweepRecord, seconds), Number::float64, false},
    {"gradient_norm", offsetof(SweepRecord, gradient_norm), Number::float64, true},
    {"gap", offsetof(SweepRecord, gap), Number::float64, true},
    {"products", offsetof(SweepRecord, products), Number::int64, true}};

/// Of the columns for which wanted(name) holds.
template <class Wanted>
Hdf5Id history_memory_type(const Wanted& wanted) {
  Hdf5Id type(H5Tcreate(H5T_COMPOUND, sizeof(SweepRecord)), H5Tclose, "no HDF5 type for the history");
  for (const HistoryColumn& column : kHistory) {
    if (!wanted(column.name)) continue;
    const hid_t number = column.type == Number::int32   ? H5T_NATIVE_INT32
                         : column.type == Number::int64 ? H5T_NATIVE_INT64
                                                        : H5T_NATIVE_DOUBLE;
    check_hdf5(H5Tinsert(type, column.name, column.offset, number) >= 0, "no HDF5 type for the history");
  }
  return type;
}

Hdf5Id history_file_type() {
  const auto bytes = [](Number number) { return std::size_t{number == Number::int32 ? 4U : 8U}; };
  std::size_t size = 0;
  for (const HistoryColumn& column : kHistory) size += bytes(column.type);
  Hdf5Id type(H5Tcreate(H5T_COMPOUND, size), H5Tclose, "no HDF5 type for the history");
  std::size_t offset = 0;
  for (const HistoryColumn& column : kHistory) {
    const hid_t number = column.type == Number::int32   ? H5T_STD_I32LE
                         : column.type == Number::int64 ? H5T_STD_I64LE
                                                        : H5T_IEEE_F64LE;
    check_hdf5(H5Tinsert(type, column.name, offset, number) >= 0, "no HDF5 type for the history");
    offset += bytes(column.type);
  }
  return type;
}

template <class T>
void write_runs(hid_t file, const Model<T>& model) {
  const Hdf5Id group = make_group(file, "runs");
  write_attribute(group, "count", static_cast<std::int64_t>(model.runs.size()));
  write_attribute(group, "best_run", static_cast<std::int64_t>(model.best_run));
  write_attribute(group, "best_sweep", static_cast<std::int64_t>(model.best_sweep));
  const Hdf5Id in_file = history_file_type(), in_memory = history_memory_type([](const char*) { return true; });
  for (std::size_t i = 0; i < model.runs.size(); ++i) {
    const CompletionRun& run = model.runs[i];
    const Hdf5Id dataset =
        make_dataset(group, std::to_string(i).c_str(), in_file, {run.history.size()}, Packing::plain);
    if (!run.history.empty()) write_all(dataset, in_memory, run.history.data());
    write_attribute(dataset, "seed", run.seed);
    write_attribute(dataset, "stopped", std::string_view(to_string(run.stopped)));
  }
}

template <class T>
void save(const std::string& path, const Model<T>& model) {
  check_side("x", model.x, model.rows, model.x.cols());
  check_side("y", model.y, model.cols, model.x.cols());
  if (model.x.cols() < 1) throw ShapeError("x has no columns, expected the rank of the model");
  if (!std::isfinite(model.mean)) throw InvalidArgument("mean is not finite");
  AtomicFile file(path);
  const QuietHdf5 quiet;
  Hdf5Image image;
  write_attribute(image.id(), "schema", kSchema);
  write_attribute(image.id(), "schema_version", std::int64_t{kSchemaVersion});
  write_attribute(image.id(), "written_by", std::string_view(kVersion));
  write_attribute(image.id(), "mean", model.mean);
  write_factor(image.id(), "x", model.x);
  write_factor(image.id(), "y", model.y);
  write_ids(image.id(), "row_ids", model.rows);
  write_ids(image.id(), "col_ids", model.cols);
  write_options(image.id(), model);
  write_runs(image.id(), model);
  file.write(image.bytes());
  file.commit();
}

// ---- reading

/// Says of everything that goes wrong inside in which file it did.
template <class Work>
auto reading(const std::string& path, const Work& work) {
  try {
    return work();
  } catch (const ParseError&) {
    throw;
  } catch (const IoError& error) {
    throw ParseError(path + ": " + error.what());
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(path + ": not enough host memory to read it");
  }
}

/// An HDF5 file, or a plain answer why not.
Hdf5Id open_model(const std::string& path) {
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  {
    const FileText file(path);
    if (file.view().empty()) throw ParseError(path + ": the file is empty, expected a model");
    if (file.view().substr(0, kSignature.size()) != kSignature)
      throw ParseError(path + ": not an HDF5 file, expected a model");
  }
  return reading(path, [&] {
    Hdf5Id file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "damaged or truncated");
    std::string schema;
    if (H5Aexists(file, "schema") > 0) read_attribute(file, "schema", schema);
    if (schema != kSchema)
      throw IoError("an HDF5 file, but not a model (its attribute \"schema\" is not \"seesaw-model\")");
    std::int64_t version = 0;
    read_attribute(file, "schema_version", version);
    std::string writer;
    read_attribute(file, "written_by", writer);
    if (version < 1 || version > kSchemaVersion)
      throw IoError("has version " + std::to_string(version) + " of the schema, written by Seesaw " + writer +
                    "; this is Seesaw " + kVersion + ", which reads up to " + std::to_string(kSchemaVersion));
    return file;
  });
}

struct FactorShape {
  index_t rows;
  index_t cols;
};

FactorShape factor_shape(hid_t dataset, const std::string& name) {
  const auto dims = dims_of(dataset);
  if (dims.size() != 2) throw IoError(name + " has " + std::to_string(dims.size()) + " dimensions, expected 2");
  if (class_of(dataset) != H5T_FLOAT || element_size_of(dataset) > sizeof(double))
    throw IoError(name + " does not hold floating-point numbers of 32 or 64 bits");
  constexpr hsize_t kMost = std::numeric_limits<column_t>::max();
  if (dims[0] > kMost || dims[1] < 1 || dims[1] > kMost)
    throw IoError(name + " is " + std::to_string(dims[0]) + " x " + std::to_string(dims[1]));
  return {static_cast<index_t>(dims[0]), static_cast<index_t>(dims[1])};
}

template <class T>
Matrix<T> read_factor(hid_t file, const char* name) {
  const Hdf5Id dataset = open_dataset(file, name);
  const FactorShape shape = factor_shape(dataset, name);
  Matrix<T> factor(shape.rows, shape.cols);
  if (shape.rows > 0) read_all(dataset, native_type<T>(), factor.view().data, name);
  const std::string where = first_not_finite(factor);
  if (!where.empty())
    throw IoError(name + where + " is not finite" +
                  (element_size_of(dataset) > sizeof(T) ? ", or exceeds the range of float" : ""));
  return factor;
}

Ids read_integers(hid_t dataset, hsize_t size, const char* name) {
  std::vector<std::int64_t> ids(size);
  if (size > 0) read_all(dataset, H5T_NATIVE_INT64, ids.data(), name);
  return Ids::integers(std::move(ids));
}

Ids read_strings(hid_t dataset, hsize_t size) {
  const std::size_t longest = element_size_of(dataset);
  const Hdf5Id type = string_type(longest);
  std::string text;
  std::vector<std::size_t> ends;
  for (hsize_t first = 0; first < size; first += kIdsTogether) {
    const hsize_t count = std::min(size - first, kIdsTogether);
    std::string part(count * longest, '\0');
    read_part(dataset, type, first, count, part.data());
    for (hsize_t i = 0; i < count; ++i) {
      const std::string_view padded = std::string_view(part).substr(i * longest, longest);
      text += padded.substr(0, padded.find_last_not_of('\0') + 1);
      ends.push_back(text.size());
    }
  }
  std::vector<std::string_view> ids;
  for (std::size_t i = 0, start = 0; i < ends.size(); start = ends[i++])
    ids.push_back(std::string_view(text).substr(start, ends[i] - start));
  return Ids::strings(ids);
}

Ids read_ids(hid_t file, const char* name, index_t rows) {
  const Hdf5Id dataset = open_dataset(file, name);
  const auto dims = dims_of(dataset);
  if (dims.size() != 1 || dims[0] != static_cast<hsize_t>(rows))
    throw IoError(std::string(name) + " does not have one id for each of the " + std::to_string(rows) + " rows");
  const H5T_class_t type_class = class_of(dataset);
  const Hdf5Id type(H5Dget_type(dataset), H5Tclose, name);
  if (type_class != H5T_INTEGER && (type_class != H5T_STRING || H5Tis_variable_str(type) != 0))
    throw IoError(std::string(name) + " holds neither integers nor strings of fixed length");
  try {
    return type_class == H5T_INTEGER ? read_integers(dataset, dims[0], name) : read_strings(dataset, dims[0]);
  } catch (const InvalidArgument& error) {
    throw IoError(std::string(name) + ": " + error.what());
  }
}

int read_int(hid_t at, const char* name, int least) {
  std::int64_t value = 0;
  read_attribute(at, name, value);
  if (value < least || value > std::numeric_limits<int>::max())
    throw IoError("attribute \"" + std::string(name) + "\" is " + std::to_string(value) + ", expected at least " +
                  std::to_string(least));
  return static_cast<int>(value);
}

double read_number(hid_t at, const char* name) {
  double value = 0;
  read_attribute(at, name, value);
  if (std::isnan(value)) throw IoError("attribute \"" + std::string(name) + "\" is not a number");
  return value;
}

CompletionOptions read_options(hid_t file) {
  const Hdf5Id group = open_group(file, "options");
  CompletionOptions options;
  options.rank = read_int(group, "rank", 1);
  options.lambda_x = read_number(group, "lambda_x");
  options.lambda_y = read_number(group, "lambda_y");
  std::string weighting;
  read_attribute(group, "weighting", weighting);
  if (weighting != "plain" && weighting != "by_count")
    throw IoError("attribute \"weighting\" is \"" + weighting + "\", expected \"plain\" or \"by_count\"");
  options.weighting = weighting == "plain" ? Weighting::plain : Weighting::by_count;
  if (has_attribute(group, "exponent")) options.exponent = read_number(group, "exponent");
  options.centre = read_int(group, "centre", 0) != 0;
  if (has_attribute(group, "alpha"))
    options.implicit = {.alpha = read_number(group, "alpha"),
                        .confidences = read_int(group, "confidences", 0) != 0,
                        .unobserved = read_number(group, "unobserved"),
                        .cg_steps = read_int(group, "cg_steps", 0)};
  read_attribute(group, "seed", options.seed);
  options.restarts = read_int(group, "restarts", 1);
  options.stopping.sweeps = read_int(group, "sweeps", 1);
  options.stopping.tolerance = read_number(group, "tolerance");
  options.stopping.seconds = read_number(group, "seconds");
  options.stopping.patience = read_int(group, "patience", 0);
  if (has_attribute(group, "gradient_norm")) options.stopping.gradient_norm = read_number(group, "gradient_norm");
  if (has_attribute(group, "gap")) options.stopping.gap = read_number(group, "gap");
  return options;
}

/// The first Seesaws had als() alone and did not name it.
std::string read_solver(hid_t file) {
  const Hdf5Id group = open_group(file, "options");
  std::string solver = "als";
  if (has_attribute(group, "solver")) read_attribute(group, "solver", solver);
  return solver;
}

StopReason stop_reason(const std::string& name) {
  for (const StopReason reason :
       {StopReason::sweeps, StopReason::tolerance, StopReason::time, StopReason::validation, StopReason::callback,
        StopReason::diverged, StopReason::gradient_norm, StopReason::gap, StopReason::stationary})
    if (name == to_string(reason)) return reason;
  throw IoError("attribute \"stopped\" is \"" + name + "\", which is no known reason");
}

CompletionRun read_run(hid_t group, const std::string& name) {
  const Hdf5Id dataset = open_dataset(group, name.c_str());
  CompletionRun run;
  read_attribute(dataset, "seed", run.seed);
  std::string stopped;
  read_attribute(dataset, "stopped", stopped);
  run.stopped = stop_reason(stopped);
  const auto dims = dims_of(dataset);
  if (dims.size() != 1 || class_of(dataset) != H5T_COMPOUND) throw IoError("run " + name + " is no table");
  const Hdf5Id type(H5Dget_type(dataset), H5Tclose, "run " + name);
  const auto is_there = [&](const char* column) { return H5Tget_member_index(type, column) >= 0; };
  for (const HistoryColumn& column : kHistory)
    if (!column.optional && !is_there(column.name))
      throw IoError("run " + name + " has no column \"" + column.name + "\"");
  run.history.resize(dims[0]);
  if (dims[0] > 0) read_all(dataset, history_memory_type(is_there), run.history.data(), "run " + name);
  for (std::size_t s = 0; s < run.history.size(); ++s)
    if (run.history[s].sweep != static_cast<int>(s) + 1)
      throw IoError("run " + name + " does not count its sweeps from 1");
  return run;
}

template <class T>
void read_runs(hid_t file, Model<T>& model) {
  const Hdf5Id group = open_group(file, "runs");
  const int count = read_int(group, "count", 0);
  for (int i = 0; i < count; ++i) model.runs.push_back(read_run(group, std::to_string(i)));
  model.best_run = read_int(group, "best_run", 0);
  model.best_sweep = read_int(group, "best_sweep", 0);
  if (model.best_run >= std::max(count, 1))
    throw IoError("attribute \"best_run\" is " + std::to_string(model.best_run) + " of " + std::to_string(count) +
                  " runs");
}

template <class T>
Model<T> load(const std::string& path) {
  const QuietHdf5 quiet;
  const Hdf5Id file = open_model(path);
  return reading(path, [&] {
    Model<T> model;
    model.x = read_factor<T>(file, "x");
    model.y = read_factor<T>(file, "y");
    if (model.x.cols() != model.y.cols())
      throw IoError("x has " + std::to_string(model.x.cols()) + " columns and y has " + std::to_string(model.y.cols()));
    model.rows = read_ids(file, "row_ids", model.x.rows());
    model.cols = read_ids(file, "col_ids", model.y.rows());
    model.mean = read_number(file, "mean");
    if (!std::isfinite(model.mean)) throw IoError("attribute \"mean\" is not finite");
    model.options = read_options(file);
    model.solver = read_solver(file);
    model.solver_options = read_own_options(open_group(file, "options"), model.solver);
    read_runs(file, model);
    return model;
  });
}

}  // namespace
}  // namespace io

void save_model(const std::string& path, const Model<float>& model) { io::save(path, model); }
void save_model(const std::string& path, const Model<double>& model) { io::save(path, model); }

template <class T>
Model<T> load_model(const std::string& path) {
  return io::load<T>(path);
}
template Model<float> load_model<float>(const std::string&);
template Model<double> load_model<double>(const std::string&);

ModelInfo model_info(const std::string& path) {
  const io::QuietHdf5 quiet;
  const io::Hdf5Id file = io::open_model(path);
  return io::reading(path, [&] {
    ModelInfo info;
    const io::Hdf5Id x = io::open_dataset(file, "x"), y = io::open_dataset(file, "y");
    const io::FactorShape of_x = io::factor_shape(x, "x"), of_y = io::factor_shape(y, "y");
    info.precision = io::element_size_of(x) == sizeof(float) ? "float" : "double";
    info.rows = of_x.rows;
    info.cols = of_y.rows;
    info.rank = of_x.cols;
    std::int64_t version = 0;
    io::read_attribute(file, "schema_version", version);
    info.schema_version = static_cast<int>(version);
    io::read_attribute(file, "written_by", info.written_by);
    return info;
  });
}

}  // namespace seesaw
