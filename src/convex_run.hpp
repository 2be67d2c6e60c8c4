#pragma once
#include <string>
#include <utility>

#include "divergence.hpp"
#include "held_out.hpp"
#include "iterate.hpp"
#include "seesaw/completion.hpp"

namespace seesaw {

/// A solver of a convex problem over its steps: one run from a start of its own, with the history and the best factors.
/// `Steps`, of which the rank may change:
///   mean(), row_offsets(), column_offsets()  of the ratings as they are factorized
///   watch(entries)  before all: the entries whose validation_rmse() will be asked for
///   begin()  goes to the start; returns the objective there
///   sweep()  goes on; false where no further sweep would change anything
///   measure(record), validation_rmse()  at the iterate
///   keep()  remembers the iterate; kept()  its factors X and Y, none where keep() was never called
///   advice(grown)  against what happened where it diverged: the objective has grown, or numbers exceed their type
template <class T, class Steps>
class ConvexRun {
 public:
  /// `name` is that of the solver. The steps take (ctx, ratings, options, arguments...).
  template <class... Arguments>
  ConvexRun(const char* name, Context& ctx, const CompletionProblem<T>& problem, const CompletionOptions& options,
            const Arguments&... arguments)
      : name_(name),
        options_(options),
        steps_(ctx, problem.ratings, options, arguments...),
        held_out_(ctx, problem.validation, options, steps_.row_offsets(), steps_.column_offsets(), steps_.mean()) {
    steps_.watch(held_out_.view());
    result_.mean = steps_.mean();
    result_.validation_left_out = held_out_.left_out();
  }

  CompletionResult<T> run() {
    result_.runs.push_back({options_.seed, {}, StopReason::sweeps});
    CompletionRun& run = result_.runs.back();
    const double objective = steps_.begin();
    run.stopped = iterate([&] { return steps_.sweep(); }, [&](SweepRecord& record) { measure(record); },
                          [&](const SweepRecord& record, bool improved) {
                            run.history.push_back(record);
                            if (improved || !held_out_.is_watched()) {
                              steps_.keep();
                              result_.best_sweep = record.sweep;
                            }
                            return !options_.callback || options_.callback(0, record);
                          },
                          options_.stopping, objective);
    std::tie(result_.x, result_.y) = steps_.kept();
    if (run.stopped == StopReason::diverged) throw_diverged();
    return std::move(result_);
  }

 private:
  void measure(SweepRecord& record) {
    steps_.measure(record);
    held_out_.measure(record, [&](CsrView<T>) { return steps_.validation_rmse(); });
    measured_ = record;
  }

  [[noreturn]] void throw_diverged() {
    const std::string message = std::string(name_) + "() diverged: " + divergence_text<T>(measured_) + "; " +
                                steps_.advice(has_grown(measured_));
    throw Diverged<T>(message, std::move(result_));
  }

  const char* name_;
  const CompletionOptions& options_;
  Steps steps_;
  HeldOut<T> held_out_;
  SweepRecord measured_;  ///< of the latest sweep
  CompletionResult<T> result_;
};

}  // namespace seesaw
