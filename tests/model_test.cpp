#include "seesaw/io/model.hpp"

#include <sys/wait.h>

#include <cmath>
#include <functional>
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
Model<T> small_model() {
  Model<T> model;
  model.x = matrix_of<T>(3, 2, {1, -2, 0.1, 4, 1e-30, 6});
  model.y = matrix_of<T>(2, 2, {7, 8, 9, 1.0 / 3});
  model.rows = Ids::integers({-7, 2, 9'000'000'000});
  model.cols = Ids::strings({"Amélie (2001)", "a"});
  model.mean = 3.528350;
  model.options = {.rank = 2, .lambda_x = 0.25, .lambda_y = 0, .weighting = Weighting::plain, .centre = false};
  model.options.seed = ~std::uint64_t{0};
  model.options.restarts = 2;
  model.options.stopping = {.sweeps = 9, .tolerance = 1e-5, .patience = 3, .gradient_norm = 1e-6, .gap = 0.01};
  model.solver = "newton";
  model.solver_options.emplace();
  model.solver_options->newton = {.damping = 0.25, .forcing = 0.125, .cg_steps = 77, .decrease = 0.01, .shrink = 0.75};
  model.runs.resize(2);
  model.runs[0] = {
      41, {{1, 10.5, 0.9, kNaN, 0.001, 7.5, 3.25, 9'000'000'000}, {2, 9.25, 0.8, kNaN, 0.002}}, StopReason::tolerance};
  model.runs[1] = {42, {}, StopReason::diverged};
  model.best_run = 1;
  model.best_sweep = 2;
  return model;
}

/// The same of implicit feedback.
template <class T>
Model<T> implicit_model() {
  Model<T> model = small_model<T>();
  model.options.weighting = Weighting::by_count;
  model.options.exponent = 0.75;
  model.options.implicit = {.alpha = 40, .confidences = true, .unobserved = 0.125, .cg_steps = 3};
  return model;
}

template <class T, class U>
void expect_same_factors(const Model<T>& a, const Model<U>& b) {
  const auto same = [](const Matrix<T>& m, const Matrix<U>& n) {
    ASSERT_EQ(m.rows(), n.rows());
    ASSERT_EQ(m.cols(), n.cols());
    for (index_t i = 0; i < m.rows(); ++i)
      for (index_t j = 0; j < m.cols(); ++j) EXPECT_EQ(m(i, j), static_cast<T>(n(i, j))) << i << ", " << j;
  };
  same(a.x, b.x);
  same(a.y, b.y);
}

template <class T>
void expect_same(const Model<T>& a, const Model<T>& b) {
  expect_same_factors(a, b);
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.cols, b.cols);
  EXPECT_EQ(a.mean, b.mean);
  EXPECT_EQ(a.options.lambda_x, b.options.lambda_x);
  EXPECT_EQ(a.options.lambda_y, b.options.lambda_y);
  expect_same_options(a.options, b.options);
  EXPECT_EQ(a.solver, b.solver);
  ASSERT_EQ(a.solver_options.has_value(), b.solver_options.has_value());
  if (const auto solver = find_solver(a.solver); solver && a.solver_options) {
    EXPECT_EQ(named_options(*solver, *a.solver_options), named_options(*solver, *b.solver_options));
  }
  EXPECT_EQ(a.best_run, b.best_run);
  EXPECT_EQ(a.best_sweep, b.best_sweep);
  expect_same_runs(a.runs, b.runs);
}

class Models : public InFolder {
 protected:
  template <class T>
  std::string saved(const std::string& name, const Model<T>& model) const {
    save_model(path(name), model);
    return path(name);
  }
  /// What load_model says of the file, without its name.
  std::string wrong(const std::string& at) const {
    const std::string text = message_of<ParseError>([&] { load_model<double>(at); });
    EXPECT_EQ(text.substr(0, at.size() + 2), at + ": ");
    return text.substr(std::min(text.size(), at.size() + 2));
  }
  /// A model changed through HDF5, as another program might.
  std::string changed(const std::function<void(hid_t)>& change) const {
    const std::string at = saved("changed", small_model<double>());
    change_file(at, change);
    return at;
  }
};

/// In a process of its own, that ends without clean-up: HDF5 1.10.8 does not free what it had read of damaged metadata,
/// and says so on stderr in exit().
template <class Work>
void in_child(const Work& work) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    work();
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << "the child process failed or crashed";
}

TEST_F(Models, ComeBackAsTheyWere) {
  expect_same(load_model<float>(saved("f", small_model<float>())), small_model<float>());
  expect_same(load_model<double>(saved("d", small_model<double>())), small_model<double>());
  expect_same(load_model<float>(saved("i", implicit_model<float>())), implicit_model<float>());
}

/// Every option of every solver, with a value that is not its default.
TEST_F(Models, KeepTheSolversOwnOptions) {
  for (const Solver solver : all_solvers()) {
    SolverOptions own;
    for (NamedOption option : named_options(solver, own)) {
      if (auto* const flag = std::get_if<bool>(&option.value)) *flag = !*flag;
      if (auto* const count = std::get_if<std::int64_t>(&option.value)) *count += 5;
      if (auto* const number = std::get_if<double>(&option.value)) *number += 0.1;
      if (auto* const word = std::get_if<std::string>(&option.value))
        *word = option.name == "momentum" ? "nesterov" : option.name == "step" ? "harmonic" : "armijo";
      set_option(solver, own, option);
    }
    auto model = small_model<float>();
    model.solver = to_string(solver);
    model.solver_options = own;
    expect_same(load_model<float>(saved("m", model)), model);
  }
}

TEST_F(Models, NameTheSolversOwnOptions) {
  auto model = small_model<double>();
  model.solver = "frank-wolfe";
  model.solver_options->frank_wolfe = {.radius = 20, .step = FrankWolfeStep::harmonic};
  const std::string at = saved("m", model);
  const hid_t id = H5Fopen(at.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t group = H5Gopen2(id, "options/solver_options", H5P_DEFAULT);
  std::vector<std::string> names;
  H5Aiterate2(
      group, H5_INDEX_NAME, H5_ITER_INC, nullptr,
      [](hid_t, const char* name, const H5A_info_t*, void* all) {
        static_cast<std::vector<std::string>*>(all)->push_back(name);
        return herr_t{0};
      },
      &names);
  EXPECT_EQ(names, (std::vector<std::string>{"accuracy", "lanczos_steps", "radius", "step"}));
  double radius = 0;
  const hid_t attribute = H5Aopen(group, "radius", H5P_DEFAULT);
  H5Aread(attribute, H5T_NATIVE_DOUBLE, &radius);
  EXPECT_EQ(radius, 20);
  H5Aclose(attribute);
  H5Gclose(group);
  H5Fclose(id);
}

TEST_F(Models, WithoutOneOfTheSolversOptionsHaveItsDefault) {
  const std::string path = changed([](hid_t id) {
    const hid_t own = H5Gopen2(id, "options/solver_options", H5P_DEFAULT);
    H5Adelete(own, "forcing");
    H5Gclose(own);
  });
  auto expected = small_model<double>();
  expected.solver_options->newton.forcing = NewtonOptions{}.forcing;
  expect_same(load_model<double>(path), expected);
}

TEST_F(Models, WhoseSolverIsNotKnownComeBack) {
  auto model = small_model<float>();
  model.solver = "simulated annealing";
  const auto loaded = load_model<float>(saved("m", model));
  expect_same(loaded, model);
}

TEST_F(Models, OfManyRowsComeBack) {  // ids and factors in more than one piece
  Model<double> model;
  model.x = random_matrix<double>(150'000, 3, 1);
  model.y = random_matrix<double>(70'000, 3, 2);
  model.rows = Ids::range(1, 150'000);
  std::vector<std::string> names;
  for (int i = 0; i < 70'000; ++i) names.push_back("item " + std::to_string(1'000'000 + i));
  model.cols = Ids::strings({names.begin(), names.end()});
  expect_same(load_model<double>(saved("m", model)), model);
}

TEST_F(Models, WithoutRunsOrColumnsComeBack) {
  Model<float> model;
  model.x = matrix_of<float>(1, 1, {2});
  model.y = Matrix<float>(0, 1);
  model.rows = Ids::range(0, 1);
  expect_same(load_model<float>(saved("m", model)), model);
}

TEST_F(Models, ChangePrecisionAsStated) {
  const auto narrow = small_model<float>();
  expect_same_factors(load_model<double>(saved("f", narrow)), narrow);  // exact
  const auto wide = small_model<double>();
  expect_same_factors(load_model<float>(saved("d", wide)), wide);  // to nearest, as a cast
  auto large = small_model<double>();
  large.x(1, 0) = 1e39;
  const std::string path = saved("large", large);
  EXPECT_EQ(message_of<ParseError>([&] { load_model<float>(path); }),
            path + ": x(1, 0) is not finite, or exceeds the range of float");
}

TEST_F(Models, TellTheirShape) {
  const ModelInfo info = model_info(saved("f", small_model<float>()));
  EXPECT_EQ(info.precision, "float");
  EXPECT_EQ(info.rows, 3);
  EXPECT_EQ(info.cols, 2);
  EXPECT_EQ(info.rank, 2);
  EXPECT_EQ(info.schema_version, 1);
  EXPECT_EQ(info.written_by, kVersion);
  EXPECT_EQ(model_info(saved("d", small_model<double>())).precision, "double");
}

TEST_F(Models, AreRefusedWhereTheyDoNotFit) {
  const auto with = [](auto change) {
    auto model = small_model<double>();
    change(model);
    return model;
  };
  using M = Model<double>;
  const auto shape = [&](auto change) { return message_of<ShapeError>([&] { save_model(path("m"), with(change)); }); };
  EXPECT_EQ(shape([](M& m) { m.rows = Ids::range(0, 2); }), "x is 3 x 2, expected 2 x 2");
  EXPECT_EQ(shape([](M& m) { m.y = matrix_of<double>(2, 3, {1, 2, 3, 4, 5, 6}); }), "y is 2 x 3, expected 2 x 2");
  const auto argument = [&](auto change) {
    return message_of<InvalidArgument>([&] { save_model(path("m"), with(change)); });
  };
  EXPECT_EQ(argument([](M& m) { m.y(1, 0) = kNaN; }), "y(1, 0) is not finite");
  EXPECT_EQ(argument([](M& m) { m.mean = kNaN; }), "mean is not finite");
  EXPECT_TRUE(names().empty());
}

TEST_F(Models, FilesThatAreNone) {
  EXPECT_EQ(message_of<IoError>([&] { load_model<float>(path("none")); }),
            path("none") + ": cannot be opened: No such file or directory");
  EXPECT_EQ(message_of<IoError>([&] { load_model<float>(path("")); }), path("") + ": is a directory, expected a file");
  EXPECT_EQ(wrong(file("empty", "")), "the file is empty, expected a model");
  EXPECT_EQ(wrong(file("text", "user,item,rating\n")), "not an HDF5 file, expected a model");
  const std::string foreign = path("foreign");
  H5Fclose(H5Fcreate(foreign.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  EXPECT_EQ(wrong(foreign),
            "an HDF5 file, but not a model of this kind (its attribute \"schema\" is \"\", not \"seesaw-model\")");
  EXPECT_EQ(message_of<ParseError>([&] { model_info(foreign); }).substr(0, foreign.size() + 14),
            foreign + ": an HDF5 file");
}

TEST_F(Models, TruncatedAnywhereAreRefused) {
  const std::string whole = contents_of(saved("m", small_model<double>()));
  for (std::size_t size = 8; size < whole.size(); size += 1 + size / 50) {
    const std::string message = wrong(file("short", whole.substr(0, size)));
    EXPECT_EQ(message.substr(0, 20), "damaged or truncated") << size;
  }
}

/// Every part of the file has a checksum or does not matter: no changed byte goes unnoticed and changes the model.
TEST_F(Models, DamagedAnywhereAreRefusedOrTheSame) {
  const auto model = small_model<double>();
  const std::string whole = contents_of(saved("m", model));
  const std::size_t numbers = whole.find({reinterpret_cast<const char*>(model.x.view().data), 6 * sizeof(double)});
  ASSERT_NE(numbers, std::string::npos);
  const auto is_number = [&](std::size_t at) { return at >= numbers && at < numbers + 6 * sizeof(double); };
  constexpr std::size_t kStep = 7;
  in_child([&] {
    for (std::size_t at = 0; at < whole.size(); at += is_number(at) ? 1 : kStep) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
      const std::string path = file("damaged", damaged);
      try {
        const auto loaded = load_model<double>(path);
        EXPECT_FALSE(is_number(at));
        expect_same(loaded, model);
      } catch (const IoError& error) {
        EXPECT_EQ(std::string(error.what()).substr(0, path.size()), path);
      }
    }
  });
}

TEST_F(Models, OfANewerSchemaAreRefused) {
  const std::string path = changed([](hid_t id) { replace_attribute<int>(id, "schema_version", H5T_NATIVE_INT, 2); });
  EXPECT_EQ(wrong(path), std::string("has version 2 of the schema, written by Seesaw ") + kVersion +
                             "; this is Seesaw " + kVersion + ", which reads up to 1");
}

/// As the first Seesaws wrote them: no solver and no options of its own, no norm and gap to stop at, tables of five
/// columns.
TEST_F(Models, WithoutLaterAdditionsAreRead) {
  const std::string path = changed([](hid_t id) {
    const hid_t options = H5Gopen2(id, "options", H5P_DEFAULT), runs = H5Gopen2(id, "runs", H5P_DEFAULT);
    for (const char* const name : {"solver", "gradient_norm", "gap"}) H5Adelete(options, name);
    H5Ldelete(options, "solver_options", H5P_DEFAULT);
    struct Old {
      int sweep;
      double objective, train_rmse, validation_rmse, seconds;
    };
    const Old table[] = {{1, 10.5, 0.9, kNaN, 0.001}, {2, 9.25, 0.8, kNaN, 0.002}};
    const hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(Old));
    H5Tinsert(type, "sweep", offsetof(Old, sweep), H5T_NATIVE_INT);
    H5Tinsert(type, "objective", offsetof(Old, objective), H5T_NATIVE_DOUBLE);
    H5Tinsert(type, "train_rmse", offsetof(Old, train_rmse), H5T_NATIVE_DOUBLE);
    H5Tinsert(type, "validation_rmse", offsetof(Old, validation_rmse), H5T_NATIVE_DOUBLE);
    H5Tinsert(type, "seconds", offsetof(Old, seconds), H5T_NATIVE_DOUBLE);
    const hid_t new_run = H5Dopen2(runs, "0", H5P_DEFAULT);
    replace_dataset(runs, "0", type, {2}, table);
    const hid_t run = H5Dopen2(runs, "0", H5P_DEFAULT);
    for (const char* const name : {"seed", "stopped"}) {
      const hid_t from = H5Aopen(new_run, name, H5P_DEFAULT), kind = H5Aget_type(from), space = H5Aget_space(from);
      std::string value(H5Tget_size(kind), '\0');
      H5Aread(from, kind, value.data());
      const hid_t to = H5Acreate2(run, name, kind, space, H5P_DEFAULT, H5P_DEFAULT);
      H5Awrite(to, kind, value.data());
      for (const hid_t attribute : {from, to}) H5Aclose(attribute);
      H5Tclose(kind);
      H5Sclose(space);
    }
    H5Dclose(run);
    H5Dclose(new_run);
    H5Tclose(type);
    H5Gclose(options);
    H5Gclose(runs);
  });
  auto expected = small_model<double>();
  expected.solver = "als";
  expected.solver_options.reset();
  expected.options.stopping.gradient_norm = expected.options.stopping.gap = 0;
  expected.runs[0].history[0] = {1, 10.5, 0.9, kNaN, 0.001};
  expect_same(load_model<double>(path), expected);
}

TEST_F(Models, WithWrongPartsAreRefused) {
  const double numbers[] = {1, 2, 3, 4, 5, kNaN, 7, 8, 9};
  const std::int64_t ids[] = {3, 2, 1};
  EXPECT_EQ(wrong(changed([&](hid_t id) { H5Ldelete(id, "y", H5P_DEFAULT); })).substr(0, 22),
            "dataset \"y\" is missing");
  EXPECT_EQ(wrong(changed([&](hid_t id) {
              replace_dataset(id, "y", H5T_NATIVE_DOUBLE, {2, 3}, numbers);
            })),
            "y(1, 2) is not finite");
  EXPECT_EQ(wrong(changed([&](hid_t id) {
              replace_dataset(id, "y", H5T_NATIVE_DOUBLE, {5, 1}, numbers);
            })),
            "x has 2 columns and y has 1");
  EXPECT_EQ(wrong(changed([&](hid_t id) { replace_dataset(id, "x", H5T_NATIVE_DOUBLE, {4}, numbers); })),
            "x has 1 dimensions, expected 2");
  EXPECT_EQ(wrong(changed([&](hid_t id) {
              replace_dataset(id, "x", H5T_NATIVE_INT64, {1, 2}, ids);
            })),
            "x does not hold floating-point numbers of 32 or 64 bits");
  EXPECT_EQ(wrong(changed([&](hid_t id) { replace_dataset(id, "row_ids", H5T_NATIVE_INT64, {2}, ids); })),
            "row_ids does not have one id for each of the 3 rows");
  EXPECT_EQ(wrong(changed([&](hid_t id) { replace_dataset(id, "row_ids", H5T_NATIVE_INT64, {3}, ids); })),
            "row_ids: id number 1 is not above the one before it");
  EXPECT_EQ(wrong(changed([&](hid_t id) { replace_dataset(id, "row_ids", H5T_NATIVE_DOUBLE, {3}, numbers); })),
            "row_ids holds neither integers nor strings of fixed length");
  EXPECT_EQ(wrong(changed([&](hid_t id) { replace_attribute<double>(id, "mean", H5T_NATIVE_DOUBLE, kNaN); })),
            "attribute \"mean\" is not a number");
  EXPECT_EQ(wrong(changed([&](hid_t id) { replace_attribute<int>(id, "mean", H5T_NATIVE_INT, 3); })),
            "attribute \"mean\" is not a single number");
  const auto in_own = [&](const char* name, hid_t type, auto value) {
    return wrong(changed([&](hid_t id) {
      const hid_t own = H5Gopen2(id, "options/solver_options", H5P_DEFAULT);
      replace_attribute(own, name, type, value);
      H5Gclose(own);
    }));
  };
  EXPECT_EQ(in_own("damping", H5T_NATIVE_DOUBLE, kNaN), "attribute \"damping\" is not a number");
  EXPECT_EQ(in_own("damping", H5T_NATIVE_INT, 3), "attribute \"damping\" is not a single number");
  EXPECT_EQ(in_own("cg_steps", H5T_NATIVE_INT64, std::int64_t{1} << 40),
            "attribute cg_steps is 1099511627776, expected a number of 32 bits");
  const auto in_runs = [&](const char* name, int value) {
    return wrong(changed([&](hid_t id) {
      const hid_t runs = H5Gopen2(id, "runs", H5P_DEFAULT);
      replace_attribute<int>(runs, name, H5T_NATIVE_INT, value);
      H5Gclose(runs);
    }));
  };
  EXPECT_EQ(in_runs("best_run", 2), "attribute \"best_run\" is 2 of 2 runs");
  EXPECT_EQ(in_runs("best_sweep", -1), "attribute \"best_sweep\" is -1, expected at least 0");
  EXPECT_EQ(in_runs("count", 3).substr(0, 22), "dataset \"2\" is missing");
}

TEST_F(Models, PrintNothingAndLeaveHdf5AsItWas) {
  H5E_auto2_t before = nullptr, after = nullptr;
  void *before_data = nullptr, *after_data = nullptr;
  H5Eget_auto2(H5E_DEFAULT, &before, &before_data);
  const std::string short_file = file("short", contents_of(saved("m", small_model<float>())).substr(0, 500));
  ::testing::internal::CaptureStderr();
  wrong(short_file);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  H5Eget_auto2(H5E_DEFAULT, &after, &after_data);
  EXPECT_NE(before, nullptr);
  EXPECT_EQ(before, after);
  EXPECT_EQ(before_data, after_data);
}

TEST_F(Models, AFullDiskLeavesTheOldModel) {
  const auto old = small_model<float>();
  const std::string path = saved("m", old);
  auto large = small_model<float>();
  large.x = random_matrix<float>(3, 50'000, 1);
  large.y = random_matrix<float>(2, 50'000, 2);
  for (const rlim_t size : {rlim_t{0}, rlim_t{100}, rlim_t{300'000}, rlim_t{1'000'000}}) {
    const FileSizeLimit full(size);
    EXPECT_EQ(message_of<IoError>([&] { save_model(path, large); }), path + ": cannot be written: File too large");
  }
  expect_same(load_model<float>(path), old);
  EXPECT_EQ(names().size(), 1U) << "a temporary file was left";
  save_model(path, large);  // HDF5 is none the worse
  expect_same(load_model<float>(path), large);
}

/// A child saves one model after the other until it is killed, at many moments; the file is always one of them, whole.
TEST_F(Models, AKilledSaveLeavesAWholeModel) {
  auto large = small_model<double>();
  large.x = random_matrix<double>(3, 30'000, 1);
  large.y = random_matrix<double>(2, 30'000, 2);
  const auto old = small_model<double>();
  const std::string path = saved("m", old);
  int killed_while_writing = 0;
  for (int trial = 0; trial < 20; ++trial) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0)
      for (;;) {
        save_model(path, large);
        save_model(path, old);
      }
    ::usleep(static_cast<useconds_t>(2000 + 1700 * trial));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto loaded = load_model<double>(path);
    expect_same(loaded, loaded.x.cols() == 2 ? old : large);
    for (const std::string& name : names())
      if (name != "m") {
        ++killed_while_writing;
        std::filesystem::remove(this->path(name));
      }
  }
  EXPECT_GT(killed_while_writing, 0) << "no trial hit the writing";
}

}  // namespace
}  // namespace seesaw::test
