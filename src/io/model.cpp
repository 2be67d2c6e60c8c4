#include "seesaw/io/model.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "hdf5_file.hpp"
#include "model_parts.hpp"
#include "own_options.hpp"
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

HistoryTable history_table() {
  return {{{"sweep", offsetof(SweepRecord, sweep), Number::int32, false},
           {"objective", offsetof(SweepRecord, objective), Number::float64, false},
           {"train_rmse", offsetof(SweepRecord, train_rmse), Number::float64, false},
           {"validation_rmse", offsetof(SweepRecord, validation_rmse), Number::float64, false},
           {"seconds", offsetof(SweepRecord, seconds), Number::float64, false},
           {"gradient_norm", offsetof(SweepRecord, gradient_norm), Number::float64, true},
           {"gap", offsetof(SweepRecord, gap), Number::float64, true},
           {"products", offsetof(SweepRecord, products), Number::int64, true}},
          sizeof(SweepRecord)};
}

template <class T>
void write_runs(hid_t file, const Model<T>& model) {
  const Hdf5Id group = make_group(file, "runs");
  write_attribute(group, "count", static_cast<std::int64_t>(model.runs.size()));
  write_attribute(group, "best_run", static_cast<std::int64_t>(model.best_run));
  write_attribute(group, "best_sweep", static_cast<std::int64_t>(model.best_sweep));
  for (std::size_t i = 0; i < model.runs.size(); ++i)
    write_run(group, std::to_string(i), history_table(), model.runs[i]);
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
  write_runs(image.id(), model);
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

template <class T>
void read_runs(hid_t file, Model<T>& model) {
  const Hdf5Id group = open_group(file, "runs");
  const int count = read_int(group, "count", 0);
  for (int i = 0; i < count; ++i) read_run(group, std::to_string(i), history_table(), model.runs.emplace_back());
  model.best_run = read_best_run(group, count);
  model.best_sweep = read_int(group, "best_sweep", 0);
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
