#include "arguments.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace seesaw::cli {
namespace {

/// Accepts the numbers for which good(number) holds.
template <class Number, class Good>
CLI::Validator limit(const std::string& expected, const Good& good) {
  const auto complaint = [expected, good](const std::string& text) {
    Number number{};
    return CLI::detail::lexical_cast(text, number) && good(number)
               ? std::string()
               : fmt::format("is \"{}\", expected {}", text, expected);
  };
  return CLI::Validator(complaint, "");
}

}  // namespace

CLI::Validator between(std::int64_t least, std::int64_t most) {
  return limit<std::int64_t>(fmt::format("a whole number from {} to {}", least, most),
                             [least, most](std::int64_t number) { return number >= least && number <= most; });
}
CLI::Validator at_least(std::int64_t least) {
  return limit<std::int64_t>(fmt::format("a whole number, at least {}", least),
                             [least](std::int64_t number) { return number >= least; });
}
CLI::Validator count_from(std::int64_t least) { return between(least, std::numeric_limits<int>::max()); }
CLI::Validator not_negative() {
  return limit<double>("a finite number >= 0", [](double number) { return std::isfinite(number) && number >= 0; });
}
CLI::Validator positive() {
  return limit<double>("a finite number > 0", [](double number) { return std::isfinite(number) && number > 0; });
}
CLI::Validator fraction() {
  return limit<double>("more than 0 and less than 1", [](double number) { return number > 0 && number < 1; });
}
CLI::Validator finite() {
  return limit<double>("a finite number", [](double number) { return std::isfinite(number); });
}

CLI::Option* add_precision(CLI::App& command, Precision& precision) {
  return add_choice<Precision>(command, "--precision", precision,
                               {{"float", Precision::single}, {"double", Precision::twice}}, "Numbers to compute with");
}

CLI::Option* add_seed(CLI::App& command, std::uint64_t& seed, const std::string& description) {
  const auto no_sign = [](const std::string& text) {
    return text.rfind('-', 0) == 0 ? fmt::format("is \"{}\", expected a whole number, at least 0", text)
                                   : std::string();
  };
  return command.add_option("--seed", seed, description)
      ->type_name("N")
      ->check(CLI::Validator(no_sign, ""))
      ->capture_default_str();
}

CLI::Option* add_threads(CLI::App& command, int& threads) {
  return command.add_option("--threads", threads, "Threads; 0: all. The result does not depend on it")
      ->type_name("N")
      ->check(between(0, 4096))
      ->capture_default_str();
}

CLI::Option* add_json(CLI::App& command, bool& json) {
  return command.add_flag("--json", json, "Print one JSON document and nothing else");
}

void add_backend(CLI::App& command, BackendOptions& options) {
  add_choice<std::optional<Backend>>(
      command, "--backend", options.backend,
      {{"auto", std::nullopt}, {"cpu", Backend::cpu}, {"reference", Backend::reference}, {"cuda", Backend::cuda}},
      "Where to compute; auto takes cuda where there is a device and the problem fits");
  add_threads(command, options.threads);
}

void add_progress(CLI::App& command, ProgressStyle& style) {
  add_choice<ProgressStyle>(command, "--progress", style,
                            {{"auto", ProgressStyle::automatic},
                             {"bar", ProgressStyle::bar},
                             {"lines", ProgressStyle::lines},
                             {"none", ProgressStyle::none}},
                            "On standard error; auto is the bar on a terminal, else lines");
}

void add_format(CLI::App& command, RatingsOptions& format) {
  const std::string group = "File format";
  const auto set_separator = [&format](const std::string& text) {
    format.separator = text == "tab" || text == "\\t" ? "\t" : text == "space" ? " " : text;
  };
  command
      .add_option_function<std::string>("--separator", set_separator,
                                        "A character, ::, tab, or space (any run of blanks); found out by default")
      ->type_name("TEXT")
      ->group(group);
  add_choice<Header>(command, "--header", format.header,
                     {{"auto", Header::automatic}, {"yes", Header::yes}, {"no", Header::no}},
                     "Whether the first line names the columns")
      ->group(group);
  const auto column = [&](const char* name, std::string& value, const char* description) {
    command.add_option(name, value, description)->type_name("NAME|N")->group(group);
  };
  column("--user-column", format.user, "Name in the header, or position from 1; by default a known name or 1");
  column("--item-column", format.item, "The same for items; by default a known name or 2");
  column("--rating-column", format.rating, "The same for ratings; by default a known name or 3");
  column("--weight-column", format.weight, "The same for weights; by default there are none");
  add_choice<Duplicates>(
      command, "--duplicates", format.duplicates,
      {{"error", Duplicates::error}, {"last", Duplicates::last}, {"mean", Duplicates::mean}, {"sum", Duplicates::sum}},
      "What stands for two ratings of the same user and item")
      ->group(group);
}

void add_range(CLI::App& command, const std::string& name, Range& range, const std::string& description) {
  command.add_option(name, range, description)->type_name("MIN,MAX")->delimiter(',')->expected(2)->check(finite());
}

}  // namespace seesaw::cli
