#include "seesaw/io/cp_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "completion_parts.hpp"
#include "hdf5_file.hpp"
#include "seesaw/errors.hpp"
#include "seesaw/io/atomic_file.hpp"

namespace seesaw {
namespace io {
namespace {

constexpr Schema kSchema{"seesaw-cp-model", 1};

std::string factor_name(std::size_t mode) { return "factor_" + std::to_string(mode + 1); }

HistoryTable history_table() {
  return {{{"sweep", offsetof(CpSweep, sweep), Number::int32, false},
           {"fit", offsetof(CpSweep, fit), Number::float64, false},
           {"objective", offsetof(CpSweep, objective), Number::float64, false},
           {"seconds", offsetof(CpSweep, seconds), Number::float64, false}},
          sizeof(CpSweep)};
}

/// Two components, from 0, of so many; 0 and 0 where there are no two.
bool are_components(int first, int second, index_t rank) {
  return (first == 0 && second == 0) || (first >= 0 && first < second && second < rank);
}

// ---- writing

template <class T>
void check(const CpModel<T>& model) {
  const std::size_t order = model.factors.size();
  if (order < 2 || order > kMaxOrder)
    throw ShapeError("the model has " + std::to_string(order) + " factors, expected 2 to " + std::to_string(kMaxOrder));
  const auto rank = static_cast<index_t>(model.weights.size());
  if (rank < 1) throw ShapeError("the model has no weights, expected one for each component");
  if (!model.completion && model.options.rank != rank)
    throw ShapeError("options.rank is " + std::to_string(model.options.rank) + ", but there are " +
                     std::to_string(rank) + " weights");
  const CpDiagnostics& pair = model.diagnostics;
  if (!model.completion && !are_components(pair.first, pair.second, rank))
    throw ShapeError("diagnostics has the components " + std::to_string(pair.first) + " and " +
                     std::to_string(pair.second) + " of " + std::to_string(rank));
  for (std::size_t n = 0; n < order; ++n) {
    const Matrix<T>& factor = model.factors[n];
    if (factor.rows() < 1 || factor.cols() != rank)
      throw ShapeError(factor_name(n) + " is " + std::to_string(factor.rows()) + " x " + std::to_string(factor.cols()) +
                       ", expected rows and " + std::to_string(rank) + " columns");
    const std::string where = first_not_finite(factor);
    if (!where.empty()) throw InvalidArgument(factor_name(n) + where + " is not finite");
  }
  for (index_t r = 0; r < rank; ++r)
    if (!std::isfinite(model.weights[static_cast<std::size_t>(r)]))
      throw InvalidArgument("weights[" + std::to_string(r) + "] is not finite");
  if (!std::isfinite(model.fit)) throw InvalidArgument("fit is not finite");
  if (model.completion && !std::isfinite(model.completion->mean)) throw InvalidArgument("mean is not finite");
}

void write_numbers(hid_t at, const char* name, const std::vector<double>& numbers) {
  const Hdf5Id dataset = make_dataset(at, name, H5T_IEEE_F64LE, {numbers.size()}, Packing::plain);
  if (!numbers.empty()) write_all(dataset, H5T_NATIVE_DOUBLE, numbers.data());
}

void write_integers(hid_t at, const char* name, const std::vector<std::int64_t>& numbers) {
  const Hdf5Id dataset = make_dataset(at, name, H5T_STD_I64LE, {numbers.size()}, Packing::plain);
  if (!numbers.empty()) write_all(dataset, H5T_NATIVE_INT64, numbers.data());
}

CpStart start_of(const std::string& name) {
  std::string all;
  for (const CpStart start : all_cp_starts()) {
    if (name == to_string(start)) return start;
    all += (all.empty() ? "" : ", ") + std::string(to_string(start));
  }
  throw IoError("attribute \"start\" is \"" + name + "\", expected one of " + all);
}

void write_options(hid_t file, const CpOptions& options, std::size_t order) {
  const Hdf5Id group = make_group(file, "options");
  std::vector<double> ridge;
  std::vector<std::int64_t> nonnegative, fixed, solved;
  for (std::size_t n = 0; n < order; ++n) {
    ridge.push_back(options.modes[n].ridge);
    nonnegative.push_back(options.modes[n].nonnegative ? 1 : 0);
    fixed.push_back(options.modes[n].fixed ? 1 : 0);
  }
  for (const int mode : options.order) solved.push_back(mode + 1);
  write_attribute(group, "rank", options.rank);
  write_numbers(group, "ridge", ridge);
  write_integers(group, "nonnegative", nonnegative);
  write_integers(group, "fixed", fixed);
  write_integers(group, "order", solved);
  write_attribute(group, "start", std::string_view(to_string(options.start)));
  write_attribute(group, "seed", options.seed);
  write_attribute(group, "starts", static_cast<std::int64_t>(options.starts));
  write_attribute(group, "sweeps", static_cast<std::int64_t>(options.stopping.sweeps));
  write_attribute(group, "fit_change", options.stopping.fit_change);
  write_attribute(group, "relative_error", options.stopping.relative_error);
  write_attribute(group, "seconds", options.stopping.seconds);
}

void write_diagnostics(hid_t file, const CpDiagnostics& diagnostics) {
  const Hdf5Id group = make_group(file, "diagnostics");
  write_attribute(group, "core_consistency", diagnostics.core_consistency);
  write_numbers(group, "gram_condition", diagnostics.gram_condition);
  write_attribute(group, "first", static_cast<std::int64_t>(diagnostics.first + 1));
  write_attribute(group, "second", static_cast<std::int64_t>(diagnostics.second + 1));
  write_attribute(group, "cosine", diagnostics.cosine);
  write_attribute(group, "degenerate", static_cast<std::int64_t>(diagnostics.degenerate));
}

template <class T>
void write_runs(hid_t file, const CpModel<T>& model) {
  const Hdf5Id group = make_group(file, "runs");
  write_attribute(group, "count", static_cast<std::int64_t>(model.runs.size()));
  write_attribute(group, "best_run", static_cast<std::int64_t>(model.best_run));
  for (std::size_t i = 0; i < model.runs.size(); ++i) {
    const Hdf5Id table = write_run(group, std::to_string(i), history_table(), model.runs[i]);
    write_attribute(table, "swamp_sweeps", static_cast<std::int64_t>(model.runs[i].swamp_sweeps));
    write_attribute(table, "match", model.runs[i].match);
  }
}

/// The options are named as those of a completed matrix are.
void write_completion(hid_t file, const CpCompletion& completion, std::size_t order, int best_run) {
  write_attribute(file, "mean", completion.mean);
  const Hdf5Id group = make_group(file, "options");
  write_attribute(group, "solver", std::string_view(completion.solver));
  write_own_options(group, completion.solver, completion.own);
  write_completion_options(group, completion.options);
  const auto& lambda = completion.options.lambda;
  write_numbers(group, "lambda", {lambda.begin(), lambda.begin() + static_cast<std::ptrdiff_t>(order)});
  write_completion_runs(file, completion.runs, best_run, completion.best_sweep);
}

template <class T>
void save(const std::string& path, const CpModel<T>& model) {
  check(model);
  AtomicFile file(path);
  const QuietHdf5 quiet;
  Hdf5Image image;
  write_head(image.id(), kSchema);
  write_attribute(image.id(), "modes", static_cast<std::int64_t>(model.factors.size()));
  write_attribute(image.id(), "fit", model.fit);
  for (std::size_t n = 0; n < model.factors.size(); ++n)
    write_factor(image.id(), factor_name(n).c_str(), model.factors[n]);
  write_numbers(image.id(), "weights", model.weights);
  if (model.completion) {
    write_completion(image.id(), *model.completion, model.factors.size(), model.best_run);
  } else {
    write_options(image.id(), model.options, model.factors.size());
    write_diagnostics(image.id(), model.diagnostics);
    write_runs(image.id(), model);
  }
  file.write(image.bytes());
  file.commit();
}

// ---- reading

std::size_t read_size(hid_t dataset, const char* name, H5T_class_t expected, const char* what) {
  const auto dims = dims_of(dataset);
  if (dims.size() != 1 || class_of(dataset) != expected) throw IoError(std::string(name) + " is no list of " + what);
  return dims[0];
}

std::vector<double> read_numbers(hid_t at, const char* name) {
  const Hdf5Id dataset = open_dataset(at, name);
  std::vector<double> numbers(read_size(dataset, name, H5T_FLOAT, "numbers"));
  if (!numbers.empty()) read_all(dataset, H5T_NATIVE_DOUBLE, numbers.data(), name);
  return numbers;
}

/// Each from least to most.
std::vector<std::int64_t> read_integers(hid_t at, const char* name, std::int64_t least, std::int64_t most) {
  const Hdf5Id dataset = open_dataset(at, name);
  std::vector<std::int64_t> numbers(read_size(dataset, name, H5T_INTEGER, "integers"));
  if (!numbers.empty()) read_all(dataset, H5T_NATIVE_INT64, numbers.data(), name);
  for (const std::int64_t number : numbers)
    if (number < least || number > most)
      throw IoError(std::string(name) + " holds " + std::to_string(number) + ", expected " + std::to_string(least) +
                    " to " + std::to_string(most));
  return numbers;
}

void require_count(const char* name, std::size_t count, std::size_t expected) {
  if (count != expected)
    throw IoError(std::string(name) + " has " + std::to_string(count) + " numbers, expected " +
                  std::to_string(expected));
}

int read_order(hid_t file) {
  const int order = read_int(file, "modes", 2);
  if (order > kMaxOrder)
    throw IoError("attribute \"modes\" is " + std::to_string(order) + ", expected at most " +
                  std::to_string(kMaxOrder));
  return order;
}

CpOptions read_options(hid_t file, std::size_t order, index_t rank) {
  const Hdf5Id group = open_group(file, "options");
  CpOptions options;
  options.rank = read_int(group, "rank", 1);
  if (options.rank != rank)
    throw IoError("attribute \"rank\" is " + std::to_string(options.rank) + ", but there are " + std::to_string(rank) +
                  " weights");
  const auto ridge = read_numbers(group, "ridge");
  const auto nonnegative = read_integers(group, "nonnegative", 0, 1), fixed = read_integers(group, "fixed", 0, 1);
  require_count("ridge", ridge.size(), order);
  require_count("nonnegative", nonnegative.size(), order);
  require_count("fixed", fixed.size(), order);
  for (std::size_t n = 0; n < order; ++n) options.modes[n] = {ridge[n], nonnegative[n] == 1, fixed[n] == 1};
  for (const std::int64_t mode : read_integers(group, "order", 1, static_cast<std::int64_t>(order)))
    options.order.push_back(static_cast<int>(mode) - 1);
  std::string start;
  read_attribute(group, "start", start);
  options.start = start_of(start);
  read_attribute(group, "seed", options.seed);
  options.starts = read_int(group, "starts", 1);
  options.stopping.sweeps = read_int(group, "sweeps", 1);
  options.stopping.fit_change = read_number(group, "fit_change");
  options.stopping.relative_error = read_number(group, "relative_error");
  options.stopping.seconds = read_number(group, "seconds");
  return options;
}

CpDiagnostics read_diagnostics(hid_t file, std::size_t order, index_t rank) {
  const Hdf5Id group = open_group(file, "diagnostics");
  CpDiagnostics diagnostics;
  read_attribute(group, "core_consistency", diagnostics.core_consistency);  // NaN where it was not worked out
  diagnostics.gram_condition = read_numbers(group, "gram_condition");
  if (!diagnostics.gram_condition.empty()) require_count("gram_condition", diagnostics.gram_condition.size(), order);
  diagnostics.first = read_int(group, "first", 1) - 1;
  diagnostics.second = read_int(group, "second", 1) - 1;
  if (!are_components(diagnostics.first, diagnostics.second, rank))
    throw IoError("attributes \"first\" and \"second\" are " + std::to_string(diagnostics.first + 1) + " and " +
                  std::to_string(diagnostics.second + 1) + ", expected two of the " + std::to_string(rank) +
                  " components");
  diagnostics.cosine = read_number(group, "cosine");
  diagnostics.degenerate = read_int(group, "degenerate", 0) != 0;
  return diagnostics;
}

template <class T>
void read_runs(hid_t file, CpModel<T>& model) {
  const Hdf5Id group = open_group(file, "runs");
  const int count = read_int(group, "count", 0);
  for (int i = 0; i < count; ++i) {
    CpRun& run = model.runs.emplace_back();
    const Hdf5Id table = read_run(group, std::to_string(i), history_table(), run);
    run.swamp_sweeps = read_int(table, "swamp_sweeps", 0);
    run.match = read_number(table, "match");
  }
  model.best_run = read_best_run(group, count);
}

CpCompletion read_completion(hid_t file, std::size_t order, index_t rank, int& best_run) {
  CpCompletion completion;
  completion.mean = read_number(file, "mean");
  if (!std::isfinite(completion.mean)) throw IoError("attribute \"mean\" is not finite");
  const Hdf5Id group = open_group(file, "options");
  read_attribute(group, "solver", completion.solver);
  completion.own = read_own_options(group, completion.solver).value_or(SolverOptions{});
  read_completion_options(group, completion.options);
  const auto lambda = read_numbers(group, "lambda");
  require_count("lambda", lambda.size(), order);
  std::copy(lambda.begin(), lambda.end(), completion.options.lambda.begin());
  read_completion_runs(file, completion.runs, best_run, completion.best_sweep);
  if (completion.options.rank != rank)
    throw IoError("attribute \"rank\" is " + std::to_string(completion.options.rank) + ", but there are " +
                  std::to_string(rank) + " weights");
  const auto last =
      completion.runs.empty() ? 0 : std::ssize(completion.runs[static_cast<std::size_t>(best_run)].history);
  if (completion.best_sweep > last)
    throw IoError("attribute \"best_sweep\" is " + std::to_string(completion.best_sweep) + ", but the best run has " +
                  std::to_string(last) + " sweeps");
  return completion;
}

template <class T>
CpModel<T> load(const std::string& path) {
  const QuietHdf5 quiet;
  const Hdf5Id file = open_model(path, kSchema);
  return reading(path, [&] {
    CpModel<T> model;
    const auto order = static_cast<std::size_t>(read_order(file));
    model.weights = read_numbers(file, "weights");
    for (std::size_t r = 0; r < model.weights.size(); ++r)
      if (!std::isfinite(model.weights[r])) throw IoError("weights(" + std::to_string(r) + ") is not finite");
    for (std::size_t n = 0; n < order; ++n) {
      model.factors.push_back(read_factor<T>(file, factor_name(n).c_str()));
      const Matrix<T>& factor = model.factors.back();
      if (factor.rows() < 1) throw IoError(factor_name(n) + " has no rows");
      if (factor.cols() != static_cast<index_t>(model.weights.size()))
        throw IoError(factor_name(n) + " has " + std::to_string(factor.cols()) + " columns, but there are " +
                      std::to_string(model.weights.size()) + " weights");
    }
    model.fit = read_number(file, "fit");
    const auto rank = static_cast<index_t>(model.weights.size());
    if (has_attribute(open_group(file, "options"), "solver")) {
      model.completion = read_completion(file, order, rank, model.best_run);
      return model;
    }
    model.options = read_options(file, order, rank);
    model.diagnostics = read_diagnostics(file, order, rank);
    read_runs(file, model);
    return model;
  });
}

}  // namespace
}  // namespace io

void save_cp_model(const std::string& path, const CpModel<float>& model) { io::save(path, model); }
void save_cp_model(const std::string& path, const CpModel<double>& model) { io::save(path, model); }

template <class T>
CpModel<T> load_cp_model(const std::string& path) {
  return io::load<T>(path);
}
template CpModel<float> load_cp_model<float>(const std::string&);
template CpModel<double> load_cp_model<double>(const std::string&);

CpModelInfo cp_model_info(const std::string& path) {
  const io::QuietHdf5 quiet;
  const io::Hdf5Id file = io::open_model(path, io::kSchema);
  return io::reading(path, [&] {
    CpModelInfo info;
    const auto order = static_cast<std::size_t>(io::read_order(file));
    for (std::size_t n = 0; n < order; ++n) {
      const std::string name = io::factor_name(n);
      const io::Hdf5Id factor = io::open_dataset(file, name.c_str());
      const io::FactorShape shape = io::factor_shape(factor, name);
      info.shape.push_back(shape.rows);
      info.rank = shape.cols;
      info.precision = io::element_size_of(factor) == sizeof(float) ? "float" : "double";
    }
    info.schema_version = io::read_int(file, "schema_version", 1);
    io::read_attribute(file, "written_by", info.written_by);
    return info;
  });
}

}  // namespace seesaw
