#include "seesaw/io/model.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "completion_parts.hpp"
#include "hdf5_file.hpp"
#include "seesaw/errors.hpp"
#include "seesaw/io/atomic_file.hpp"

namespace seesaw {
namespace io {
namespace {

constexpr Schema kSchema{"seesaw-model", 1};
constexpr hsize_t kIdsTogether = 1 << 16;

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
  write_completion_options(group, options);
  write_attribute(group, "lambda_x", options.lambda_x);
  write_attribute(group, "lambda_y", options.lambda_y);
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
  write_head(image.id(), kSchema);
  write_attribute(image.id(), "mean", model.mean);
  write_factor(image.id(), "x", model.x);
  write_factor(image.id(), "y", model.y);
  write_ids(image.id(), "row_ids", model.rows);
  write_ids(image.id(), "col_ids", model.cols);
  write_options(image.id(), model);
  write_completion_runs(image.id(), model.runs, model.best_run, model.best_sweep);
  file.write(image.bytes());
  file.commit();
}

// ---- reading

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

CompletionOptions read_options(hid_t file) {
  const Hdf5Id group = open_group(file, "options");
  CompletionOptions options;
  read_completion_options(group, options);
  options.lambda_x = read_number(group, "lambda_x");
  options.lambda_y = read_number(group, "lambda_y");
  return options;
}

/// The first Seesaws had als() alone and did not name it.
std::string read_solver(hid_t file) {
  const Hdf5Id group = open_group(file, "options");
  std::string solver = "als";
  if (has_attribute(group, "solver")) read_attribute(group, "solver", solver);
  return solver;
}

template <class T>
Model<T> load(const std::string& path) {
  const QuietHdf5 quiet;
  const Hdf5Id file = open_model(path, kSchema);
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
    read_completion_runs(file, model.runs, model.best_run, model.best_sweep);
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
  const io::Hdf5Id file = io::open_model(path, io::kSchema);
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
