#include "json.hpp"

#include <cmath>

namespace seesaw::cli {

std::string to_text(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json json_of(const std::optional<ImplicitFeedback>& feedback) {
  if (!feedback) return nullptr;
  return {{"alpha", feedback->alpha},
          {"confidences", feedback->confidences},
          {"unobserved", feedback->unobserved},
          {"cg_steps", feedback->cg_steps}};
}

Json json_of(const CompletionOptions& options) {
  return {{"rank", options.rank},
          {"lambda_x", options.lambda_x},
          {"lambda_y", options.lambda_y},
          {"weighting", options.weighting == Weighting::by_count ? "by-count" : "plain"},
          {"exponent", options.exponent},
          {"centre", options.centre},
          {"implicit", json_of(options.implicit)},
          {"seed", options.seed},
          {"restarts", options.restarts},
          {"sweeps", options.stopping.sweeps},
          {"tolerance", options.stopping.tolerance},
          {"time_limit", options.stopping.seconds},
          {"patience", options.stopping.patience},
          {"gradient_norm", options.stopping.gradient_norm},
          {"gap", options.stopping.gap}};
}

Json json_of(Solver solver, const SolverOptions& own) {
  Json document = Json::object();
  for (const NamedOption& option : named_options(solver, own))
    std::visit([&](const auto& value) { document[option.name] = value; }, option.value);
  return document;
}

Json json_of(const CompletionRun& run) {
  Json history = Json::array();
  for (const SweepRecord& record : run.history) {
    Json sweep = {{"sweep", record.sweep},
                  {"objective", record.objective},
                  {"train_rmse", record.train_rmse},
                  {"validation_rmse", record.validation_rmse},
                  {"seconds", record.seconds}};
    if (!std::isnan(record.gradient_norm)) sweep["gradient_norm"] = record.gradient_norm;
    if (!std::isnan(record.gap)) sweep["gap"] = record.gap;
    if (record.products > 0) sweep["products"] = record.products;
    history.push_back(sweep);
  }
  return {{"seed", run.seed}, {"stopped", to_string(run.stopped)}, {"history", history}};
}

}  // namespace seesaw::cli
