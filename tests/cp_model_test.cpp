#include "seesaw/io/cp_model.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "completion_support.hpp"
#include "hdf5_support.hpp"
#include "io_support.hpp"
#include "seesaw/version.hpp"
#include "support.hpp"

namespace seesaw::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class T>
CpModel<T> small_model() {
  CpModel<T> model;
  model.factors.push_back(matrix_of<T>(3, 2, {1, -2, 0.1, 4, 1e-30, 6}));
  model.factors.push_back(matrix_of<T>(1, 2, {7, 8}));
  model.factors.push_back(matrix_of<T>(2, 2, {0.25, 0.5, 9, 1.0 / 3}));
  model.weights = {3.5, 0.125};
  model.fit = 0.75;
  model.options.rank = 2;
  model.options.modes[0].ridge = 0.5;
  model.options.modes[1].nonnegative = true;
  model.options.modes[2].fixed = true;
  model.options.order = {1, 0};
  model.options.start = CpStart::range_finder;
  model.options.seed = ~std::uint64_t{0};
  model.options.starts = 2;
  model.options.stopping = {9, 1e-5, 0.25, 3.5};
  model.runs.resize(2);
  model.runs[0] = {41, {{1, 0.5, 10.5, 0.001}, {2, 0.625, 9.25, 0.002}}, StopReason::tolerance, 7, 0.875};
  model.runs[1] = {42, {}, StopReason::callback, 0, 1};
  model.best_run = 1;
  model.diagnostics = {99.5, {1, std::numeric_limits<double>::infinity(), 2}, 0, 1, -0.95, true};
  return model;
}

/// Of a completed tensor.
template <class T>
CpModel<T> completed_model() {
  CpModel<T> model = small_model<T>();
  model.options = {};
  model.diagnostics = {};
  model.runs.clear();
  CpCompletion& completion = model.completion.emplace();
  completion.mean = -2.5;
  completion.options.rank = 2;
  completion.options.lambda = {0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1};
  completion.options.weighting = Weighting::plain;
  completion.options.exponent = 0.5;
  completion.options.centre = false;
  completion.options.seed = 77;
  completion.options.restarts = 2;
  completion.options.stopping = {.sweeps = 30, .tolerance = 1e-4, .seconds = 2.5, .patience = 3, .gradient_norm = 0.01};
  completion.options.implicit = {.alpha = 2.5, .confidences = true, .unobserved = 0.5, .cg_steps = 3};
  completion.solver = "lbfgs";
  completion.own.lbfgs.history = 9;
  completion.runs.resize(2);
  completion.runs[0] = {77, {{1, 3.5, 0.25, 0.5, 0.001, 2, kNaN, 4}, {2, 3, 0.2, 0.6, 0.002}}, StopReason::validation};
  completion.runs[1] = {78, {{1, 2.5, 0.3, kNaN, 0.003}}, StopReason::sweeps};
  completion.best_sweep = 1;
  return model;
}

void expect_same(const CpCompletion& a, const CpCompletion& b, std::size_t order) {
  EXPECT_EQ(a.mean, b.mean);
  for (std::size_t n = 0; n < order; ++n) EXPECT_EQ(a.options.lambda[n], b.options.lambda[n]);
  expect_same_options(a.options, b.options);
  EXPECT_EQ(a.solver, b.solver);
  EXPECT_EQ(named_options(Solver::lbfgs, a.own), named_options(Solver::lbfgs, b.own));
  EXPECT_EQ(a.best_sweep, b.best_sweep);
  expect_same_runs(a.runs, b.runs);
}

template <class T>
void expect_same(const CpModel<T>& a, const CpModel<T>& b) {
  ASSERT_EQ(a.factors.size(), b.factors.size());
  for (std::size_t n = 0; n < a.factors.size(); ++n) EXPECT_TRUE(same_bits(a.factors[n], b.factors[n])) << n;
  EXPECT_EQ(a.weights, b.weights);
  EXPECT_EQ(a.fit, b.fit);
  EXPECT_EQ(a.options.rank, b.options.rank);
  for (std::size_t n = 0; n < a.factors.size(); ++n) {
    EXPECT_EQ(a.options.modes[n].ridge, b.options.modes[n].ridge);
    EXPECT_EQ(a.options.modes[n].nonnegative, b.options.modes[n].nonnegative);
    EXPECT_EQ(a.options.modes[n].fixed, b.options.modes[n].fixed);
  }
  EXPECT_EQ(a.options.order, b.options.order);
  EXPECT_EQ(a.options.start, b.options.start);
  EXPECT_EQ(a.options.seed, b.options.seed);
  EXPECT_EQ(a.options.starts, b.options.starts);
  EXPECT_EQ(a.options.stopping.sweeps, b.options.stopping.sweeps);
  EXPECT_EQ(a.options.stopping.fit_change, b.options.stopping.fit_change);
  EXPECT_EQ(a.options.stopping.relative_error, b.options.stopping.relative_error);
  EXPECT_EQ(a.options.stopping.seconds, b.options.stopping.seconds);
  EXPECT_EQ(a.best_run, b.best_run);
  ASSERT_EQ(a.runs.size(), b.runs.size());
  for (std::size_t r = 0; r < a.runs.size(); ++r) {
    EXPECT_EQ(a.runs[r].seed, b.runs[r].seed);
    EXPECT_EQ(a.runs[r].stopped, b.runs[r].stopped);
    EXPECT_EQ(a.runs[r].swamp_sweeps, b.runs[r].swamp_sweeps);
    EXPECT_EQ(a.runs[r].match, b.runs[r].match);
    ASSERT_EQ(a.runs[r].history.size(), b.runs[r].history.size());
    for (std::size_t s = 0; s < a.runs[r].history.size(); ++s) {
      const CpSweep &one = a.runs[r].history[s], &other = b.runs[r].history[s];
      EXPECT_EQ(one.sweep, other.sweep);
      EXPECT_EQ(one.fit, other.fit);
      EXPECT_EQ(one.objective, other.objective);
      EXPECT_EQ(one.seconds, other.seconds);
    }
  }
  const CpDiagnostics &one = a.diagnostics, &other = b.diagnostics;
  EXPECT_TRUE(one.core_consistency == other.core_consistency ||
              (std::isnan(one.core_consistency) && std::isnan(other.core_consistency)));
  EXPECT_EQ(one.gram_condition, other.gram_condition);
  EXPECT_EQ(one.first, other.first);
  EXPECT_EQ(one.second, other.second);
  EXPECT_EQ(one.cosine, other.cosine);
  EXPECT_EQ(one.degenerate, other.degenerate);
}

class CpModels : public InFolder {
 protected:
  template <class T>
  std::string saved(const CpModel<T>& model) const {
    save_cp_model(path("m"), model);
    return path("m");
  }
  /// Why the file is refused, without its name.
  std::string wrong(const std::string& file) const {
    return message_of<ParseError>([&] { load_cp_model<double>(file); }).substr(file.size() + 2);
  }
};

TEST_F(CpModels, ComeBackAsTheyWere) {
  expect_same(load_cp_model<double>(saved(small_model<double>())), small_model<double>());
  expect_same(load_cp_model<float>(saved(small_model<float>())), small_model<float>());
  CpModel<double> bare = small_model<double>();
  bare.runs.clear();
  bare.best_run = 0;
  bare.options = {};
  bare.options.rank = 2;
  bare.diagnostics = {};
  expect_same(load_cp_model<double>(saved(bare)), bare);
}

TEST_F(CpModels, OfCompletedTensorsComeBackAsTheyWere) {
  const CpModel<double> model = completed_model<double>();
  const CpModel<double> loaded = load_cp_model<double>(saved(model));
  expect_same(loaded, model);
  ASSERT_TRUE(loaded.completion.has_value());
  expect_same(*loaded.completion, *model.completion, 3);
  EXPECT_FALSE(load_cp_model<double>(saved(small_model<double>())).completion.has_value());
}

TEST_F(CpModels, ChangePrecisionAsStated) {
  const auto twice = load_cp_model<double>(saved(small_model<float>()));
  EXPECT_EQ(twice.factors[0](1, 0), static_cast<double>(0.1F));
  const auto single = load_cp_model<float>(saved(small_model<double>()));
  EXPECT_EQ(single.factors[0](1, 0), 0.1F);
  CpModel<double> large = small_model<double>();
  large.factors[0](0, 0) = 1e39;
  EXPECT_NE(message_of<ParseError>([&] { load_cp_model<float>(saved(large)); }).find("float"), std::string::npos);
}

TEST_F(CpModels, TellTheirShape) {
  const CpModelInfo info = cp_model_info(saved(small_model<float>()));
  EXPECT_EQ(info.precision, "float");
  EXPECT_EQ(info.shape, (std::vector<index_t>{3, 1, 2}));
  EXPECT_EQ(info.rank, 2);
  EXPECT_EQ(info.schema_version, 1);
  EXPECT_EQ(info.written_by, kVersion);
}

TEST_F(CpModels, AreRefusedWhereTheyDoNotFit) {
  const auto message = [&](const std::function<void(CpModel<double>&)>& change) {
    CpModel<double> model = small_model<double>();
    change(model);
    return [&, model = std::move(model)] { save_cp_model(path("m"), model); };
  };
  EXPECT_EQ(message_of<ShapeError>(message([](auto& m) { m.factors.resize(1); })),
            "the model has 1 factors, expected 2 to 8");
  EXPECT_EQ(message_of<ShapeError>(message([](auto& m) { m.weights.clear(); })),
            "the model has no weights, expected one for each component");
  EXPECT_EQ(message_of<ShapeError>(message([](auto& m) { m.options.rank = 3; })),
            "options.rank is 3, but there are 2 weights");
  EXPECT_EQ(message_of<ShapeError>(message([](auto& m) { m.diagnostics.second = 2; })),
            "diagnostics has the components 0 and 2 of 2");
  EXPECT_EQ(message_of<ShapeError>(message([](auto& m) {
              m.weights.push_back(1);
              m.options.rank = 3;
            })),
            "factor_1 is 3 x 2, expected rows and 3 columns");
  EXPECT_EQ(message_of<InvalidArgument>(message([](auto& m) { m.factors[2](1, 0) = kNaN; })),
            "factor_3(1, 0) is not finite");
  EXPECT_EQ(message_of<InvalidArgument>(message([](auto& m) { m.weights[1] = kNaN; })), "weights[1] is not finite");
  EXPECT_EQ(message_of<InvalidArgument>(message([](auto& m) { m.fit = kNaN; })), "fit is not finite");
  EXPECT_EQ(message_of<InvalidArgument>(message([](auto& m) {
              m = completed_model<double>();
              m.completion->mean = kNaN;
            })),
            "mean is not finite");
  EXPECT_TRUE(names().empty());
}

TEST_F(CpModels, TruncatedAnywhereAreRefused) {
  const std::string whole = contents_of(saved(small_model<double>()));
  for (std::size_t size = 8; size < whole.size(); size += 1 + size / 20)
    EXPECT_EQ(wrong(file("short", whole.substr(0, size))).substr(0, 20), "damaged or truncated") << size;
}

TEST_F(CpModels, DamagedNumbersAreRefused) {
  const auto model = small_model<double>();
  std::string damaged = contents_of(saved(model));
  const std::size_t at = damaged.find({reinterpret_cast<const char*>(model.factors[0].view().data), sizeof(double)});
  ASSERT_NE(at, std::string::npos);
  damaged[at] = static_cast<char>(damaged[at] ^ 1);
  const std::string name = file("damaged", damaged);
  EXPECT_THROW(load_cp_model<double>(name), IoError);
}

TEST_F(CpModels, NumbersThatContradictEachOtherAreRefused) {
  using Numbers = std::vector<std::pair<const char*, std::int64_t>>;
  const auto after = [&](const char* group, const Numbers& numbers, bool completed = false) {
    const std::string name = saved(completed ? completed_model<double>() : small_model<double>());
    change_file(name, [&](hid_t id) {
      const hid_t at = H5Gopen2(id, group, H5P_DEFAULT);
      for (const auto& [attribute, number] : numbers) replace_attribute(at, attribute, H5T_NATIVE_INT64, number);
      H5Gclose(at);
    });
    return name;
  };
  EXPECT_EQ(wrong(after("options", {{"rank", 3}})), "attribute \"rank\" is 3, but there are 2 weights");
  const auto pair = [&](std::int64_t first, std::int64_t second) {
    return after("diagnostics", {{"first", first}, {"second", second}});
  };
  for (const auto& [first, second] : {std::pair{1, 3}, {2, 1}, {2, 2}, {3, 4}})
    EXPECT_EQ(wrong(pair(first, second)), "attributes \"first\" and \"second\" are " + std::to_string(first) + " and " +
                                              std::to_string(second) + ", expected two of the 2 components");
  EXPECT_EQ(wrong(pair(0, 2)), "attribute \"first\" is 0, expected at least 1");
  EXPECT_EQ(load_cp_model<double>(pair(1, 2)).diagnostics.second, 1);
  EXPECT_EQ(load_cp_model<double>(pair(1, 1)).diagnostics.second, 0);
  EXPECT_EQ(wrong(after("runs", {{"best_run", 2}})), "attribute \"best_run\" is 2 of 2 runs");
  EXPECT_EQ(wrong(after("options", {{"starts", 0}})), "attribute \"starts\" is 0, expected at least 1");
  EXPECT_EQ(wrong(after("options", {{"rank", 3}}, true)), "attribute \"rank\" is 3, but there are 2 weights");
  EXPECT_EQ(wrong(after("runs", {{"best_sweep", 999}}, true)).substr(0, 27), "attribute \"best_sweep\" is 9");
}

TEST_F(CpModels, AFullDiskLeavesTheOldModel) {
  const std::string name = saved(small_model<double>());
  CpModel<double> large = small_model<double>();
  large.factors[0] = Matrix<double>(20000, 2);
  std::memset(large.factors[0].view().data, 0, 40000 * sizeof(double));
  {
    const FileSizeLimit limit(10000);
    message_of<IoError>([&] { save_cp_model(name, large); });
  }
  expect_same(load_cp_model<double>(name), small_model<double>());
  EXPECT_EQ(names().size(), 1U);
}

}  // namespace
}  // namespace seesaw::test
