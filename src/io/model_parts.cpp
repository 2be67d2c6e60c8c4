#include "model_parts.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "file_text.hpp"
#include "seesaw/io/model.hpp"
#include "seesaw/version.hpp"

namespace seesaw::io {

constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";

// ---- the head

void write_head(hid_t file, const Schema& schema) {
  write_attribute(file, "schema", schema.name);
  write_attribute(file, "schema_version", std::int64_t{schema.version});
  write_attribute(file, "written_by", std::string_view(kVersion));
}

Hdf5Id open_model(const std::string& path, const Schema& expected) {
  {
    const FileText file(path);
    if (file.view().empty()) throw ParseError(path + ": the file is empty, expected a model");
    if (!file.view().starts_with(kSignature)) throw ParseError(path + ": not an HDF5 file, expected a model");
  }
  return reading(path, [&] {
    Hdf5Id file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "damaged or truncated");
    std::string schema;
    if (H5Aexists(file, "schema") > 0) read_attribute(file, "schema", schema);
    if (schema != expected.name)
      throw IoError("an HDF5 file, but not a model of this kind (its attribute \"schema\" is \"" + schema +
                    "\", not \"" + std::string(expected.name) + "\")");
    std::int64_t version = 0;
    read_attribute(file, "schema_version", version);
    std::string writer;
    read_attribute(file, "written_by", writer);
    if (version < 1 || version > expected.version)
      throw IoError("has version " + std::to_string(version) + " of the schema, written by Seesaw " + writer +
                    "; this is Seesaw " + kVersion + ", which reads up to " + std::to_string(expected.version));
    return file;
  });
}

// ---- numbers

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

// ---- factors

template <class T>
std::string first_not_finite(const Matrix<T>& matrix) {
  for (index_t i = 0; i < matrix.rows(); ++i)
    for (index_t j = 0; j < matrix.cols(); ++j)
      if (!std::isfinite(matrix(i, j))) return "(" + std::to_string(i) + ", " + std::to_string(j) + ")";
  return "";
}

template <class T>
void write_factor(hid_t file, const char* name, const Matrix<T>& factor) {
  const std::vector<hsize_t> dims{static_cast<hsize_t>(factor.rows()), static_cast<hsize_t>(factor.cols())};
  const Hdf5Id dataset = make_dataset(file, name, file_type<T>(), dims, Packing::plain);
  if (factor.rows() > 0) write_all(dataset, native_type<T>(), factor.view().data);
}

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

// ---- runs

Hdf5Id history_memory_type(const HistoryTable& table, const std::function<bool(const char*)>& wanted) {
  Hdf5Id type(H5Tcreate(H5T_COMPOUND, table.record_size), H5Tclose, "no HDF5 type for the history");
  for (const HistoryColumn& column : table.columns) {
    if (!wanted(column.name)) continue;
    const hid_t number = column.type == Number::int32   ? H5T_NATIVE_INT32
                         : column.type == Number::int64 ? H5T_NATIVE_INT64
                                                        : H5T_NATIVE_DOUBLE;
    check_hdf5(H5Tinsert(type, column.name, column.offset, number) >= 0, "no HDF5 type for the history");
  }
  return type;
}

Hdf5Id history_file_type(const HistoryTable& table) {
  const auto bytes = [](Number number) { return std::size_t{number == Number::int32 ? 4U : 8U}; };
  std::size_t size = 0;
  for (const HistoryColumn& column : table.columns) size += bytes(column.type);
  Hdf5Id type(H5Tcreate(H5T_COMPOUND, size), H5Tclose, "no HDF5 type for the history");
  std::size_t offset = 0;
  for (const HistoryColumn& column : table.columns) {
    const hid_t number = column.type == Number::int32   ? H5T_STD_I32LE
                         : column.type == Number::int64 ? H5T_STD_I64LE
                                                        : H5T_IEEE_F64LE;
    check_hdf5(H5Tinsert(type, column.name, offset, number) >= 0, "no HDF5 type for the history");
    offset += bytes(column.type);
  }
  return type;
}

StopReason stop_reason(const std::string& name) {
  for (const StopReason reason :
       {StopReason::sweeps, StopReason::tolerance, StopReason::time, StopReason::validation, StopReason::callback,
        StopReason::diverged, StopReason::gradient_norm, StopReason::gap, StopReason::stationary})
    if (name == to_string(reason)) return reason;
  throw IoError("attribute \"stopped\" is \"" + name + "\", which is no known reason");
}

hsize_t history_size(hid_t dataset, const HistoryTable& table, const std::string& run) {
  const auto dims = dims_of(dataset);
  if (dims.size() != 1 || class_of(dataset) != H5T_COMPOUND) throw IoError("run " + run + " is no table");
  const Hdf5Id type(H5Dget_type(dataset), H5Tclose, "run " + run);
  for (const HistoryColumn& column : table.columns)
    if (!column.optional && H5Tget_member_index(type, column.name) < 0)
      throw IoError("run " + run + " has no column \"" + column.name + "\"");
  return dims[0];
}

int read_best_run(hid_t group, int count) {
  const int best = read_int(group, "best_run", 0);
  if (best >= std::max(count, 1))
    throw IoError("attribute \"best_run\" is " + std::to_string(best) + " of " + std::to_string(count) + " runs");
  return best;
}

template std::string first_not_finite(const Matrix<float>&);
template std::string first_not_finite(const Matrix<double>&);
template void write_factor(hid_t, const char*, const Matrix<float>&);
template void write_factor(hid_t, const char*, const Matrix<double>&);
template Matrix<float> read_factor(hid_t, const char*);
template Matrix<double> read_factor(hid_t, const char*);

}  // namespace seesaw::io

bool seesaw::is_hdf5(const std::string& path) {
  std::string head(io::kSignature.size(), '\0');
  std::ifstream(path, std::ios::binary).read(head.data(), static_cast<std::streamsize>(head.size()));
  return head == io::kSignature;
}
