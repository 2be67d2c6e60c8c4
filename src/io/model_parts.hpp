#pragma once
#include <cstddef>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "hdf5_file.hpp"
#include "seesaw/errors.hpp"
#include "seesaw/iteration.hpp"
#include "seesaw/matrix.hpp"

// What the model files of all kinds share: a head, factors, and the runs with their tables. All throw IoError with the
// reason and without the file's name unless it is said otherwise.
namespace seesaw::io {

template <class T>
hid_t native_type() {
  return sizeof(T) == sizeof(float) ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
}
template <class T>
hid_t file_type() {
  return sizeof(T) == sizeof(float) ? H5T_IEEE_F32LE : H5T_IEEE_F64LE;
}

// ---- the head

/// A kind of model file, and the newest version of its schema that is known.
struct Schema {
  std::string_view name;
  int version;
};

void write_head(hid_t file, const Schema& schema);

/// An HDF5 file of the schema, or a plain answer why not, as ParseError with the file's name.
Hdf5Id open_model(const std::string& path, const Schema& schema);

/// Says of everything that goes wrong inside in which file it did: ParseError, OutOfMemory.
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

// ---- numbers

int read_int(hid_t at, const char* name, int least);
double read_number(hid_t at, const char* name);

// ---- factors

/// Where the first number stands that is not finite, as "(row, column)"; empty where all are.
template <class T>
std::string first_not_finite(const Matrix<T>& matrix);

template <class T>
void write_factor(hid_t file, const char* name, const Matrix<T>& factor);

struct FactorShape {
  index_t rows;
  index_t cols;
};
FactorShape factor_shape(hid_t dataset, const std::string& name);

template <class T>
Matrix<T> read_factor(hid_t file, const char* name);

// ---- runs: a table for each, with a row for each sweep

enum class Number { int32, int64, float64 };
struct HistoryColumn {
  const char* name;
  std::size_t offset;  ///< in the record
  Number type;
  bool optional;  ///< the first Seesaws did not write it; where it is missing the record's default stands
};
struct HistoryTable {
  std::vector<HistoryColumn> columns;
  std::size_t record_size;
};

/// Of the columns for which wanted(name) holds.
Hdf5Id history_memory_type(const HistoryTable& table, const std::function<bool(const char*)>& wanted);
Hdf5Id history_file_type(const HistoryTable& table);

/// How many rows the table has, which must have every column that is not optional.
hsize_t history_size(hid_t dataset, const HistoryTable& table, const std::string& run);
StopReason stop_reason(const std::string& name);

/// Run has a seed, a history and a reason why it stopped. Returns the table.
template <class Run>
Hdf5Id write_run(hid_t group, const std::string& name, const HistoryTable& table, const Run& run) {
  Hdf5Id dataset = make_dataset(group, name.c_str(), history_file_type(table), {run.history.size()}, Packing::plain);
  const Hdf5Id in_memory = history_memory_type(table, [](const char*) { return true; });
  if (!run.history.empty()) write_all(dataset, in_memory, run.history.data());
  write_attribute(dataset, "seed", run.seed);
  write_attribute(dataset, "stopped", std::string_view(to_string(run.stopped)));
  return dataset;
}

template <class Run>
Hdf5Id read_run(hid_t group, const std::string& name, const HistoryTable& table, Run& run) {
  Hdf5Id dataset = open_dataset(group, name.c_str());
  read_attribute(dataset, "seed", run.seed);
  std::string stopped;
  read_attribute(dataset, "stopped", stopped);
  run.stopped = stop_reason(stopped);
  run.history.resize(history_size(dataset, table, name));
  const Hdf5Id type(H5Dget_type(dataset), H5Tclose, "run " + name);
  const auto is_there = [&](const char* column) { return H5Tget_member_index(type, column) >= 0; };
  if (!run.history.empty()) read_all(dataset, history_memory_type(table, is_there), run.history.data(), "run " + name);
  for (std::size_t s = 0; s < run.history.size(); ++s)
    if (run.history[s].sweep != static_cast<int>(s) + 1)
      throw IoError("run " + name + " does not count its sweeps from 1");
  return dataset;
}

/// Attribute `best_run` of `count` runs.
int read_best_run(hid_t group, int count);

extern template std::string first_not_finite(const Matrix<float>&);
extern template std::string first_not_finite(const Matrix<double>&);
extern template void write_factor(hid_t, const char*, const Matrix<float>&);
extern template void write_factor(hid_t, const char*, const Matrix<double>&);
extern template Matrix<float> read_factor(hid_t, const char*);
extern template Matrix<double> read_factor(hid_t, const char*);

}  // namespace seesaw::io
