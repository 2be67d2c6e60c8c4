#pragma once
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "backend.hpp"
#include "checks.hpp"
#include "progress.hpp"
#include "seesaw/io/ratings.hpp"

namespace seesaw::cli {

// ---- limits of numbers, for CLI::Option::check

CLI::Validator at_least(std::int64_t least);
CLI::Validator between(std::int64_t least, std::int64_t most);
/// From `least` to what an int holds.
CLI::Validator count_from(std::int64_t least);
/// Beyond these a number of bytes could exceed 64 bits.
inline constexpr std::int64_t kMostRank = 1 << 20, kMostRows = 0x7fffffff, kMostEntries = std::int64_t{1} << 53;
/// Finite and at least 0; or more than 0.
CLI::Validator not_negative();
CLI::Validator positive();
/// More than 0 and less than 1.
CLI::Validator fraction();
CLI::Validator finite();

// ---- options that several commands have

/// An option that takes one of a few words; the first of them is the default.
template <class Value>
CLI::Option* add_choice(CLI::App& command, const std::string& name, Value& value,
                        const std::vector<std::pair<std::string, Value>>& choices, const std::string& description) {
  std::string words;
  for (const auto& choice : choices) words += (words.empty() ? "" : "|") + choice.first;
  value = choices.front().second;
  const auto set = [&value, name, choices, words](const std::string& word) {
    const auto found =
        std::find_if(choices.begin(), choices.end(), [&](const auto& choice) { return choice.first == word; });
    if (found == choices.end()) throw CLI::ValidationError(name, "\"" + word + "\" is none of " + words);
    value = found->second;
  };
  return command.add_option_function<std::string>(name, set, description)
      ->type_name(words)
      ->default_str(choices.front().first);
}

CLI::Option* add_precision(CLI::App& command, Precision& precision);
CLI::Option* add_seed(CLI::App& command, std::uint64_t& seed, const std::string& description);
CLI::Option* add_threads(CLI::App& command, int& threads);
CLI::Option* add_json(CLI::App& command, bool& json);

void add_backend(CLI::App& command, BackendOptions& options);
void add_progress(CLI::App& command, ProgressStyle& style);
/// How ratings stand in a file.
void add_format(CLI::App& command, RatingsOptions& format);
/// An option of the form MIN,MAX.
void add_range(CLI::App& command, const std::string& name, Range& range, const std::string& description);

}  // namespace seesaw::cli
