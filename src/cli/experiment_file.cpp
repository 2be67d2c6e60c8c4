// The one user of toml.hpp, which takes long to compile.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <toml.hpp>

#include "arguments.hpp"
#include "cp.hpp"
#include "experiment.hpp"
#include "solver_options.hpp"

namespace seesaw::cli {
namespace {

// ---- values

struct Whole {
  std::int64_t least, most;
  std::string text() const { return fmt::format("a whole number from {} to {}", least, most); }
  bool has(std::int64_t value) const { return least <= value && value <= most; }
};
struct Real {
  const char* expected;
  bool (*has)(double);
};
const Real kNotNegative{"a finite number >= 0", [](double x) { return std::isfinite(x) && x >= 0; }};
const Real kPositive{"a finite number > 0", [](double x) { return std::isfinite(x) && x > 0; }};
const Real kFinite{"a finite number", [](double x) { return std::isfinite(x); }};
const Real kBelowOne{"a number at least 0 and less than 1", [](double x) { return x >= 0 && x < 1; }};
const Real kPart{"a number more than 0 and less than 1", [](double x) { return x > 0 && x < 1; }};
const Real kExponent{"a number from 0 to 10", [](double x) { return x >= 0 && x <= 10; }};
const Whole kSeed{0, std::numeric_limits<std::int64_t>::max()};

std::string type_of(const toml::value& value) {
  switch (value.type()) {
    case toml::value_t::boolean:
      return "a boolean";
    case toml::value_t::integer:
      return "a whole number";
    case toml::value_t::floating:
      return "a number with a fraction";
    case toml::value_t::string:
      return "a string";
    case toml::value_t::array:
      return "a list";
    case toml::value_t::table:
      return "a table";
    default:
      return "a date or time";
  }
}

/// A table of the file, which remembers what was asked for: anything else in it is a mistake.
class Section {
 public:
  Section(std::string path, std::string name, const toml::value& table)
      : path_(std::move(path)), name_(std::move(name)), table_(table) {}

  const std::string& name() const { return name_; }
  /// Null where it is not there.
  const toml::value* find(const std::string& key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
    const auto& table = table_.as_table();
    const auto found = table.find(key);
    return found == table.end() ? nullptr : &found->second;
  }
  const toml::value& need(const std::string& key) {
    const toml::value* const value = find(key);
    if (value == nullptr) fail(table_, fmt::format("{} lacks {}", name_, key));
    return *value;
  }
  [[noreturn]] void fail(const toml::value& at, const std::string& what) const {
    throw UsageError(fmt::format("{}:{}: {}", path_, at.location().line(), what));
  }
  [[noreturn]] void fail_at(const std::string& key, const std::string& what) const {
    fail(table_.as_table().at(key), what);
  }
  /// Neither of them where the other is.
  void exclude(const std::string& key, const std::vector<std::string>& others, const std::string& why) const {
    const auto& table = table_.as_table();
    for (const std::string& other : others)
      if (table.contains(key) && table.contains(other))
        fail_at(other, fmt::format("{} has both {} and {}: {}", name_, key, other, why));
  }
  /// That nothing else is in it.
  void end() const {
    const toml::value* first = nullptr;
    std::string stray;
    for (const auto& [key, value] : table_.as_table()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      if (first != nullptr && first->location().line() <= value.location().line()) continue;
      first = &value;
      stray = key;
    }
    if (first != nullptr)
      fail(*first, fmt::format("{} has the unknown key {}; known are {}", name_, stray, fmt::join(known_, ", ")));
  }

  // ---- one value

  std::string string(const std::string& key, const toml::value& value) const {
    if (!value.is_string()) fail(value, fmt::format("{} is {}, expected a string", key, type_of(value)));
    if (value.as_string().str.empty()) fail(value, fmt::format("{} is empty", key));
    return value.as_string().str;
  }
  std::int64_t whole(const std::string& key, const toml::value& value, const Whole& limits) const {
    if (!value.is_integer()) fail(value, fmt::format("{} is {}, expected {}", key, type_of(value), limits.text()));
    if (!limits.has(value.as_integer()))
      fail(value, fmt::format("{} is {}, expected {}", key, value.as_integer(), limits.text()));
    return value.as_integer();
  }
  double real(const std::string& key, const toml::value& value, const Real& limits) const {
    if (!value.is_integer() && !value.is_floating())
      fail(value, fmt::format("{} is {}, expected {}", key, type_of(value), limits.expected));
    const double number = value.is_integer() ? static_cast<double>(value.as_integer()) : value.as_floating();
    if (!limits.has(number)) fail(value, fmt::format("{} is {}, expected {}", key, number, limits.expected));
    return number;
  }
  bool boolean(const std::string& key, const toml::value& value) const {
    if (!value.is_boolean()) fail(value, fmt::format("{} is {}, expected true or false", key, type_of(value)));
    return value.as_boolean();
  }

  void set(const std::string& key, std::string& to) {
    if (const toml::value* const value = find(key)) to = string(key, *value);
  }
  template <class Number>
  void set(const std::string& key, Number& to, const Whole& limits) {
    if (const toml::value* const value = find(key)) to = static_cast<Number>(whole(key, *value, limits));
  }
  void set(const std::string& key, double& to, const Real& limits) {
    if (const toml::value* const value = find(key)) to = real(key, *value, limits);
  }
  void set(const std::string& key, bool& to) {
    if (const toml::value* const value = find(key)) to = boolean(key, *value);
  }
  template <class Choice>
  void set(const std::string& key, Choice& to, const std::vector<std::pair<std::string, Choice>>& words) {
    const toml::value* const value = find(key);
    if (value == nullptr) return;
    const std::string word = string(key, *value);
    std::string all;
    for (const auto& [known, choice] : words) {
      if (known == word) {
        to = choice;
        return;
      }
      all += (all.empty() ? "" : ", ") + known;
    }
    fail(*value, fmt::format("{} is \"{}\", expected one of {}", key, word, all));
  }

  // ---- lists, of which one value alone is one, too

  /// read(key, value) gives an element; with `distinct`, each at most once.
  template <class Read>
  auto list(const std::string& key, const toml::value& value, const Read& read, bool distinct = true) const {
    std::vector<decltype(read(key, value))> all;
    if (!value.is_array()) {
      all.push_back(read(key, value));
      return all;
    }
    if (value.as_array().empty()) fail(value, fmt::format("{} is empty, expected a list of at least one", key));
    for (const toml::value& element : value.as_array()) {
      auto one = read(key, element);
      if (distinct && std::find(all.begin(), all.end(), one) != all.end())
        fail(element, fmt::format("{} has {} twice", key, one));
      all.push_back(std::move(one));
    }
    return all;
  }
  std::vector<index_t> wholes(const std::string& key, const toml::value& value, const Whole& limits,
                              bool distinct = true) const {
    const auto read = [&](const std::string& name, const toml::value& one) -> index_t {
      return whole(name, one, limits);
    };
    return list(key, value, read, distinct);
  }
  std::vector<double> reals(const std::string& key, const toml::value& value, const Real& limits) const {
    return list(key, value, [&](const std::string& name, const toml::value& one) { return real(name, one, limits); });
  }
  std::vector<std::string> strings(const std::string& key, const toml::value& value) const {
    return list(key, value, [&](const std::string& name, const toml::value& one) { return string(name, one); });
  }

 private:
  std::string path_, name_;
  const toml::value& table_;
  std::vector<std::string> known_;
};

// ---- sections

const std::vector<std::pair<std::string, Duplicates>> kDuplicates{
    {"error", Duplicates::error}, {"last", Duplicates::last}, {"mean", Duplicates::mean}, {"sum", Duplicates::sum}};

void read_seed(Section& section, ExperimentData& data) {
  std::uint64_t seed = 0;
  section.set("seed", seed, kSeed);
  if (section.find("seed") != nullptr) data.seed = seed;
}

void read_noise(Section& section, ExperimentData& data) {
  data.noise = {0.0};
  if (const toml::value* const value = section.find("noise")) data.noise = section.reals("noise", *value, kNotNegative);
}

void read_cp_data(Section& section, ExperimentData& data) {
  const Whole sizes{1, kMostRows};
  const auto shape = [&](const toml::value& value) {
    std::vector<index_t> sizes_of = section.wholes("shape", value, sizes, /*distinct=*/false);
    if (sizes_of.size() < 2 || sizes_of.size() > kMaxOrder)
      section.fail(value, fmt::format("shape has {} sizes, expected 2 to {}", sizes_of.size(), int{kMaxOrder}));
    return sizes_of;
  };
  section.exclude("file", {"rank", "congruence", "known", "noise", "seed"}, "data are either read or generated");
  section.set("file", data.file);
  if (!data.file.empty()) {
    if (const toml::value* const value = section.find("shape")) data.tensor.shape = shape(*value);
    section.set("duplicates", data.tensor.duplicates, kDuplicates);
    return;
  }
  PlantedCpOptions& cp = data.cp;
  cp.shape = shape(section.need("shape"));
  cp.rank = section.whole("rank", section.need("rank"), {1, kMostRank});
  if (const toml::value* const value = section.find("congruence")) {
    cp.congruence = section.real("congruence", *value, kBelowOne);
    const index_t least = *std::min_element(cp.shape.begin(), cp.shape.end());
    if (cp.rank > least)
      section.fail_at(
          "rank", fmt::format("rank is {}, expected at most the least size, {}, with a congruence", cp.rank, least));
  }
  section.set("known", data.known, kPart);
  read_noise(section, data);
  read_seed(section, data);
}

void read_completion_data(Section& section, ExperimentData& data) {
  section.exclude("file",
                  {"users", "items", "entries", "rank", "mean", "spread", "noise", "user_exponent", "item_exponent"},
                  "data are either read or generated");
  section.exclude("validation", {"holdout"}, "entries to validate with are either read or held out");
  section.set("file", data.file);
  section.set("holdout", data.holdout, kPart);
  read_seed(section, data);
  if (!data.file.empty()) {
    section.set("validation", data.validation);
    section.set("duplicates", data.ratings.duplicates, kDuplicates);
    if (data.seed && data.holdout == 0)
      section.fail_at("seed", "seed draws what holdout takes, and there is none: the data are the file's");
    return;
  }
  PlantedOptions& planted = data.planted;
  planted.rows = section.whole("users", section.need("users"), {1, kMostRows});
  planted.cols = section.whole("items", section.need("items"), {1, kMostRows});
  planted.entries = section.whole("entries", section.need("entries"), {1, planted.rows * planted.cols});
  planted.rank = section.whole("rank", section.need("rank"), {1, kMostRank});
  section.set("mean", planted.mean, kFinite);
  section.set("spread", planted.spread, kNotNegative);
  section.set("user_exponent", planted.row_exponent, kExponent);
  section.set("item_exponent", planted.col_exponent, kExponent);
  read_noise(section, data);
}

void read_data(Section& section, ExperimentData& data) {
  section.need("kind");
  section.set<ExperimentKind>("kind", data.kind,
                              {{"cp", ExperimentKind::cp}, {"completion", ExperimentKind::completion}});
  data.kind == ExperimentKind::cp ? read_cp_data(section, data) : read_completion_data(section, data);
  section.end();
}

/// An option of the solver's own, of the type that the solver has for it.
void read_own(Section& section, ExperimentMethod& method, const NamedOption& option) {
  const toml::value* const value = section.find(option.name);
  if (value == nullptr) return;
  NamedOption given = option;
  if (std::holds_alternative<bool>(option.value))
    given.value = section.boolean(option.name, *value);
  else if (std::holds_alternative<double>(option.value))
    given.value = section.real(option.name, *value, kNotNegative);
  else if (std::holds_alternative<std::int64_t>(option.value))
    given.value = section.whole(option.name, *value, {0, std::numeric_limits<int>::max()});
  else
    given.value = section.string(option.name, *value);
  try {
    set_option(method.solver, method.own, given);
  } catch (const InvalidArgument& error) {
    section.fail(*value, error.what());
  }
}

/// One of the list: a solver as it is, or as the table [methods.NAME] has it.
ExperimentMethod read_method(const std::string& path, const Section& runs, const toml::value& at,
                             const std::string& name, const toml::value* table, const ExperimentData& data) {
  ExperimentMethod method;
  method.name = name;
  const toml::value none = toml::table{};
  Section section(path, fmt::format("[methods.{}]", name), table != nullptr ? *table : none);
  std::string solver = name;
  section.set("method", solver);
  const toml::value& named =
      table != nullptr && table->as_table().contains("method") ? table->as_table().at("method") : at;
  if (data.kind == ExperimentKind::cp && data.known > 0) {
    const std::optional<Solver> found = find_solver(solver);
    if (!found || (*found != Solver::als && *found != Solver::gd && *found != Solver::lbfgs))
      runs.fail(named,
                fmt::format("\"{}\" is no method where elements are not known, expected als, gd, lbfgs or a name "
                            "with a table [methods.{}]",
                            solver, solver));
    method.solver = *found;
    for (const NamedOption& option : named_options(method.solver, method.own)) read_own(section, method, option);
  } else if (data.kind == ExperimentKind::cp) {
    if (solver != "als")
      runs.fail(named,
                fmt::format("\"{}\" is no method for kind = \"cp\", expected als, or a name with a table [methods.{}]",
                            solver, solver));
    section.set<CpStart>("start", method.start, start_words());
    section.set("nonnegative", method.nonnegative);
    if (method.nonnegative && method.start != CpStart::normal)
      section.fail_at("nonnegative",
                      fmt::format("nonnegative goes with start = \"normal\": the factors of {} have signs",
                                  word_for(method.start)));
  } else {
    const std::optional<Solver> found = find_solver(solver);
    if (!found) {
      std::string all;
      for (const Solver one : all_solvers()) all += std::string(to_string(one)) + ", ";
      runs.fail(
          named,
          fmt::format(
              "\"{}\" is no method for kind = \"completion\", expected one of {}or a name with a table [methods.{}]",
              solver, all, solver));
    }
    method.solver = *found;
    for (const NamedOption& option : named_options(method.solver, method.own)) read_own(section, method, option);
    const bool has_radius = table != nullptr && table->as_table().contains("radius");
    if (bounded_by_radius(method.solver) && !has_radius)
      runs.fail(named, fmt::format("{} needs a radius, the bound on the nuclear norm, in [methods.{}]", solver, name));
  }
  section.end();
  return method;
}

void read_methods(Section& root, Section& runs, Experiment& experiment) {
  const toml::value* const tables = root.find("methods");
  if (tables != nullptr && !tables->is_table())
    root.fail(*tables, "methods is " + type_of(*tables) + ", expected tables [methods.NAME]; the list is in [runs]");
  const auto table_of = [&](const std::string& name) -> const toml::value* {
    if (tables == nullptr) return nullptr;
    const auto found = tables->as_table().find(name);
    if (found == tables->as_table().end()) return nullptr;
    if (!found->second.is_table())
      root.fail(found->second, fmt::format("methods.{} is {}, expected a table", name, type_of(found->second)));
    return &found->second;
  };
  const toml::value fallback("als");
  const toml::value* const list = runs.find("methods");
  const auto names = runs.strings("methods", list != nullptr ? *list : fallback);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const toml::value& at = list == nullptr ? fallback : list->is_array() ? list->as_array()[i] : *list;
    experiment.methods.push_back(read_method(experiment.path, runs, at, names[i], table_of(names[i]), experiment.data));
  }
  if (tables == nullptr) return;
  for (const auto& [name, table] : tables->as_table())
    if (std::find(names.begin(), names.end(), name) == names.end())
      root.fail(table, fmt::format("[methods.{}] is not in the list methods of [runs]", name));
}

void read_runs(Section& root, Section& runs, Experiment& experiment) {
  constexpr int kMostInt = std::numeric_limits<int>::max();
  read_methods(root, runs, experiment);
  const bool cp = experiment.data.kind == ExperimentKind::cp, known = experiment.data.known > 0;
  const bool ranked = std::any_of(experiment.methods.begin(), experiment.methods.end(),
                                  [](const auto& method) { return !bounded_by_radius(method.solver); });
  if (const toml::value* const value = ranked ? &runs.need("ranks") : runs.find("ranks"))
    experiment.ranks = runs.wholes("ranks", *value, {1, kMostRank});
  const char* const penalty = penalty_name(experiment.data.kind);
  experiment.penalties = {cp ? 0.0 : experiment.completion.lambda_x};
  if (const toml::value* const value = runs.find(penalty))
    experiment.penalties = runs.reals(penalty, *value, kNotNegative);
  experiment.seeds = {0};
  if (const toml::value* const value = runs.find("seeds")) {
    const std::vector<index_t> seeds = runs.wholes("seeds", *value, kSeed);
    experiment.seeds = {seeds.begin(), seeds.end()};
  }
  experiment.sweeps = cp ? CpStopping{}.sweeps : Stopping{}.sweeps;
  runs.set("sweeps", experiment.sweeps, {1, kMostInt});
  runs.set("time_limit", experiment.seconds, kPositive);
  runs.set<Precision>("precision", experiment.precision, {{"double", Precision::twice}, {"float", Precision::single}});
  if (cp && !known) {
    experiment.cp.fit_change = 0;
    runs.set("fit_change", experiment.cp.fit_change, kNotNegative);
    runs.set("relative_error", experiment.cp.relative_error, kNotNegative);
  } else {
    CompletionOptions& options = experiment.completion;
    runs.set<Weighting>("weighting", options.weighting,
                        {{"by-count", Weighting::by_count}, {"plain", Weighting::plain}});
    runs.set("exponent", options.exponent, kNotNegative);
    if (options.weighting == Weighting::plain && runs.find("exponent") != nullptr)
      runs.fail_at("exponent", "exponent goes with weighting = \"by-count\"");
    if (known) options.centre = false;  // the planted components have no mean
    runs.set("centre", options.centre);
    Stopping& stopping = options.stopping;
    runs.set("tolerance", stopping.tolerance, kNotNegative);
    runs.set("gradient_norm", stopping.gradient_norm, kNotNegative);
    if (!known) runs.set("gap", stopping.gap, kNotNegative);
    runs.set("patience", stopping.patience, {0, kMostInt});
    if (stopping.patience > 0 && !known && experiment.data.holdout == 0 && experiment.data.validation.empty())
      runs.fail_at("patience", "patience needs ratings to watch: holdout or validation in [data]");
  }
  runs.end();
}

// ---- the file

/// Of toml11's own message the first line, without its marks and the name of its function.
std::string brief(std::string message) {
  message = message.substr(0, message.find('\n'));
  for (const std::string prefix : {"[error] ", "toml::"})
    if (message.starts_with(prefix)) message.erase(0, prefix.size());
  if (const std::size_t colon = message.find(": "); message.find(' ') == colon + 1 && colon != message.npos)
    message.erase(0, colon + 2);
  return message;
}

toml::value parse(const std::string& path) {
  require_readable(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError(path + ": cannot be opened");
  try {
    return toml::parse(file, path);
  } catch (const toml::exception& error) {
    throw UsageError(fmt::format("{}:{}: {}", path, error.location().line(), brief(error.what())));
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {  // toml11 throws others for a number out of range, say
    throw UsageError(fmt::format("{}: is no TOML: {}", path, brief(error.what())));
  }
}

const toml::value& table_in(Section& root, const std::string& name) {
  const toml::value* const table = root.find(name);
  if (table == nullptr) throw UsageError(fmt::format("{}: has no table [{}]", root.name(), name));
  if (!table->is_table())
    root.fail(*table, fmt::format("{} is {}, expected a table [{}]", name, type_of(*table), name));
  return *table;
}

}  // namespace

Experiment read_experiment(const std::string& path) {
  const toml::value document = parse(path);
  Experiment experiment;
  experiment.path = path;
  Section root(path, path, document);
  root.set("title", experiment.title);
  root.set("output", experiment.output);
  root.set("plot", experiment.plot);
  Section data(path, "[data]", table_in(root, "data"));
  read_data(data, experiment.data);
  Section runs(path, "[runs]", table_in(root, "runs"));
  read_runs(root, runs, experiment);
  root.end();
  if (experiment.title.empty()) experiment.title = std::filesystem::path(path).filename();
  return experiment;
}

}  // namespace seesaw::cli
