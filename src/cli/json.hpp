#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "seesaw/complete.hpp"

namespace seesaw::cli {

/// Keys in the order in which they were added.
using Json = nlohmann::ordered_json;

/// Bytes that are not UTF-8 (in a path, say) become U+FFFD. A number that is not finite becomes null.
std::string to_text(const Json& document);

Json json_of(const CompletionOptions& options);
/// null where there is none.
Json json_of(const std::optional<ImplicitFeedback>& feedback);
Json json_of(Solver solver, const SolverOptions& own);
Json json_of(const CompletionRun& run);

}  // namespace seesaw::cli
