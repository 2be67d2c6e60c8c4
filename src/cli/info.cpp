#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "arguments.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "seesaw/io/libraries.hpp"
#include "seesaw/io/model.hpp"
#include "seesaw/libraries.hpp"
#include "seesaw/memory.hpp"
#include "seesaw/version.hpp"
#include "solver_options.hpp"

namespace seesaw::cli {
namespace {

struct InfoOptions {
  std::string file;
  index_t rows = 0, cols = 0;
  offset_t entries = 0;
  index_t rank = CompletionOptions{}.rank;
  bool weights = false, implicit = false;
  Precision precision = Precision::single;
  std::string of_problem;  ///< an option given that only a problem heeds; empty: none
  RatingsOptions format;
  bool json = false;
};

// ---- the program and the machine

#ifdef __clang__
constexpr const char* kCompiler = "clang++ " __clang_version__;
#else
constexpr const char* kCompiler = "g++ " __VERSION__;
#endif

Json cuda_info() {
  Json cuda = {{"built", cuda_built()}, {"devices", cuda_device_count()}};
  if (cuda_device_count() > 0) {
    const Context device = Context::cuda();
    cuda["description"] = device.description();
    cuda["available_bytes"] = device.memory()->available();
  }
  return cuda;
}

Json program_info(const InfoOptions& options) {
  const Context cpu = Context::cpu(options.format.threads);
  return {{"command", "info"},
          {"version", kVersion},
          {"reference", {{"description", Context::reference().description()}}},
          {"cpu", {{"description", cpu.description()}, {"available_bytes", cpu.memory()->available()}}},
          {"cuda", cuda_info()},
          {"libraries",
           {{"BLAS", blas_description()},
            {"HDF5", version_of_hdf5()},
            {"zlib", version_of_zlib()},
            {"CLI11", CLI11_VERSION},
            {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
            {"nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                          NLOHMANN_JSON_VERSION_PATCH)}}},
          {"compiler", kCompiler}};
}

std::string program_text(const Json& info) {
  const Json& cuda = info["cuda"];
  std::string devices = "cuda: not in this build";
  if (cuda["built"]) devices = "cuda: built, no device";
  if (cuda.contains("description"))
    devices = fmt::format("{}, {} free", cuda["description"].get<std::string>(), bytes_text(cuda["available_bytes"]));
  std::string libraries;
  for (const auto& [name, version] : info["libraries"].items())
    libraries += fmt::format("{}{} {}", libraries.empty() ? "" : ", ", name, version.get<std::string>());
  return fmt::format("seesaw {}\nbackends   {}\n           {}, {} free\n           {}\nlibraries  {}\ncompiler   {}\n",
                     info["version"].get<std::string>(), info["reference"]["description"].get<std::string>(),
                     info["cpu"]["description"].get<std::string>(), bytes_text(info["cpu"]["available_bytes"]), devices,
                     libraries, info["compiler"].get<std::string>());
}

// ---- the memory of a problem

Json memory_info(const InfoOptions& options) {
  const std::int64_t element = options.precision == Precision::single ? sizeof(float) : sizeof(double);
  const AlsSize size{options.rows, options.cols, options.entries, options.weights, 0,
                     options.rank, element,      options.implicit};
  Json problem = {{"users", options.rows},
                  {"items", options.cols},
                  {"entries", options.entries},
                  {"rank", options.rank},
                  {"precision", options.precision == Precision::single ? "float" : "double"},
                  {"ratings_bytes", ratings_bytes(options.rows, options.entries, options.weights, element)},
                  {"fit_bytes", {{"cpu", als_memory(Context::cpu(options.format.threads), size)}}}};
  if (cuda_device_count() > 0) problem["fit_bytes"]["cuda"] = als_memory(Context::cuda(), size);
  return problem;
}

std::string memory_text(const Json& info) {
  const Json& problem = info["problem"];
  const std::int64_t ratings = problem["ratings_bytes"];
  std::string text =
      fmt::format("problem    {} x {}, {}, rank {}, {}\nmemory     {} for the ratings\n",
                  counted(problem["users"].get<index_t>(), "user"), counted(problem["items"].get<index_t>(), "item"),
                  counted(problem["entries"].get<offset_t>(), "rating"), problem["rank"].get<index_t>(),
                  problem["precision"].get<std::string>(), bytes_text(ratings));
  for (const auto& [backend, bytes] : problem["fit_bytes"].items()) {
    const bool fits = static_cast<double>(ratings) + bytes.get<double>() <=
                      static_cast<double>(info[backend]["available_bytes"].get<std::int64_t>());
    text += fmt::format("           {} to fit by {}: {} into its memory\n", bytes_text(bytes), backend,
                        fits ? "fits" : "does not fit");
  }
  return text;
}

// ---- a model

template <class T>
Json model_json(const std::string& path) {
  const ModelInfo head = model_info(path);
  const Model<T> model = load_model<T>(path);
  Json runs = Json::array();
  for (const CompletionRun& run : model.runs) runs.push_back(json_of(run));
  const auto solver = find_solver(model.solver);
  const Json own = solver && model.solver_options ? json_of(*solver, *model.solver_options) : Json(nullptr);
  return {{"path", path},
          {"schema_version", head.schema_version},
          {"written_by", head.written_by},
          {"precision", head.precision},
          {"users", head.rows},
          {"items", head.cols},
          {"rank", head.rank},
          {"mean", model.mean},
          {"solver", model.solver},
          {"solver_options", own},
          {"options", json_of(model.options)},
          {"runs", runs},
          {"best_run", model.best_run},
          {"best_sweep", model.best_sweep}};
}

std::string run_text(const Json& run) {
  const std::string seed = fmt::format("start      seed {}: ", run["seed"].get<std::uint64_t>());
  const std::string ended = "ended by " + run["stopped"].get<std::string>();
  if (run["history"].empty()) return seed + ended;
  const Json& last = run["history"].back();
  std::string text = fmt::format("{}{} in {}, {}, train RMSE {:.6g}", seed, counted(last["sweep"].get<int>(), "sweep"),
                                 seconds_text(last["seconds"]), ended, last["train_rmse"].get<double>());
  if (last["validation_rmse"].is_number() && !std::isnan(last["validation_rmse"].get<double>()))
    text += fmt::format(", validation RMSE {:.6g}", last["validation_rmse"].get<double>());
  return text;
}

std::string feedback_text(const Json& implicit) {
  if (implicit.is_null()) return "";
  const std::string confidence = implicit["confidences"].get<bool>()
                                     ? "given confidences"
                                     : fmt::format("confidence 1 + {} rating", implicit["alpha"].get<double>());
  const int steps = implicit["cg_steps"].get<int>();
  return fmt::format("implicit feedback, {}, unobserved {}, {}, ", confidence, implicit["unobserved"].get<double>(),
                     steps > 0 ? counted(steps, "CG step") : "exact");
}

/// A line of the solver's own options, where it has some and the file tells them.
std::string own_text(const Json& options) {
  std::string text;
  for (const auto& [name, value] : options.items())
    text += fmt::format("{}{} {}", text.empty() ? "options    " : ", ", name,
                        value.is_string() ? value.get<std::string>() : value.dump());
  return text.empty() ? "" : text + "\n";
}

std::string model_text(const Json& model) {
  const Json& options = model["options"];
  const auto solver = model["solver"].get<std::string>();
  const auto known = find_solver(solver);
  const bool bounded = known && bounded_by_radius(*known);
  const std::string penalty =
      bounded ? ""
              : fmt::format("lambda {} and {}, {}, ", options["lambda_x"].get<double>(),
                            options["lambda_y"].get<double>(), options["weighting"].get<std::string>());
  std::string text = fmt::format(
      "model      {}: {} x {}, rank {}, {}, mean {:.6g}, written by seesaw {} (schema {})\n"
      "fitted     by {}, {}{}{}, seed {}\n",
      model["path"].get<std::string>(), counted(model["users"].get<index_t>(), "user"),
      counted(model["items"].get<index_t>(), "item"), model["rank"].get<index_t>(),
      model["precision"].get<std::string>(), model["mean"].get<double>(), model["written_by"].get<std::string>(),
      model["schema_version"].get<int>(), solver, feedback_text(options["implicit"]), penalty,
      options["centre"].get<bool>() ? "centred" : "not centred", options["seed"].get<std::uint64_t>());
  text += own_text(model["solver_options"]);
  for (const Json& run : model["runs"]) text += run_text(run) + "\n";
  if (!model["runs"].empty())
    text += fmt::format("kept       sweep {} of start {}\n", model["best_sweep"].get<int>(),
                        model["best_run"].get<int>() + 1);
  return text;
}

// ---- the command

void require_problem(const InfoOptions& options) {
  if (options.entries == 0 && !options.of_problem.empty())
    throw UsageError(options.of_problem +
                     " is of a problem: give --users, --items and --entries, or a file of ratings");
  if (options.entries > 0 &&
      static_cast<double>(options.entries) > static_cast<double>(options.rows) * static_cast<double>(options.cols))
    throw UsageError(fmt::format("--entries is {}, but {} users and {} items have {} places for a rating",
                                 options.entries, options.rows, options.cols, options.rows * options.cols));
}

void info(InfoOptions& options) {
  Json document = program_info(options);
  if (!options.file.empty()) {
    require_readable(options.file);
    if (is_hdf5(options.file)) {
      document["model"] = with_precision(precision_of_model(options.file),
                                         [&](auto number) { return model_json<decltype(number)>(options.file); });
    } else {
      const Ratings<float> ratings = read_ratings<float>(options.file, options.format);
      options.rows = ratings.rows.size();
      options.cols = ratings.cols.size();
      options.entries = ratings.entries.view().entries;
      options.weights = !options.format.weight.empty();
    }
  }
  require_problem(options);
  if (options.entries > 0) document["problem"] = memory_info(options);
  std::string text;
  if (options.json) {
    text = to_text(document);
  } else {
    text = program_text(document);
    if (document.contains("problem")) text += memory_text(document);
    if (document.contains("model")) text += model_text(document["model"]);
  }
  Output output;
  output.write(text);
  output.finish();
}

}  // namespace

void add_info(CLI::App& program) {
  const auto options = std::make_shared<InfoOptions>();
  CLI::App& command =
      *program.add_subcommand("info", "Backends, versions, the memory a problem takes, what a model holds");
  command.add_option("FILE", options->file, "A model, or ratings whose memory is to be told");
  const auto size = [&](const char* name, std::int64_t& value, std::int64_t most, const char* description) {
    return command.add_option(name, value, description)->type_name("N")->check(between(1, most))->group("Problem");
  };
  CLI::Option* const rows =
      size("--users,--rows", options->rows, kMostRows, "Users of a problem whose memory is to be told");
  CLI::Option* const cols = size("--items,--cols", options->cols, kMostRows, "Its items");
  CLI::Option* const entries = size("--entries", options->entries, kMostEntries, "Its ratings");
  rows->needs(cols, entries);
  cols->needs(rows, entries);
  entries->needs(rows, cols);
  CLI::Option* const rank = size("--rank,-k", options->rank, kMostRank, "Its rank")->capture_default_str();
  CLI::Option* const weights =
      command.add_flag("--weights", options->weights, "Its ratings have weights")->group("Problem");
  CLI::Option* const implicit =
      command.add_flag("--implicit", options->implicit, "It is fitted with --implicit")->group("Problem");
  CLI::Option* const precision = add_precision(command, options->precision)->group("Problem");
  add_threads(command, options->format.threads);
  add_format(command, options->format);
  add_json(command, options->json);
  command.footer(
      "Examples:\n"
      "  seesaw info\n"
      "  seesaw info model.h5\n"
      "  seesaw info --users 480189 --items 17770 --entries 100480507 --rank 128");
  command.callback([=] {
    for (const CLI::Option* option : {rank, weights, implicit, precision})
      if (option->count() > 0) options->of_problem = option->get_name();
    info(*options);
  });
}

}  // namespace seesaw::cli
