#pragma once
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "divergence.hpp"
#include "factors.hpp"
#include "held_out.hpp"
#include "iterate.hpp"
#include "seesaw/completion.hpp"
#include "seesaw/random.hpp"

namespace seesaw {

/// A solver over its steps: draws the starts, iterates from each, keeps the history and the best factors. `Steps`:
///   kDescends  the solver goes down from X and Y both and may diverge: then X is drawn as well, and the factors before
///              a sweep are kept while it runs
///   mean(), row_offsets(), column_offsets()  of the ratings as they are factorized
///   begin(at)  before the first sweep from `at`; returns the objective there, infinity where it is not known
///   sweep(at, singular)  overwrites the factors; false where no further sweep would change them
///   measure(at, record), validation_rmse(validation, at)
///   advice(grown)  against what happened where it diverged: the objective has grown, or numbers exceed their type
template <class T, class Steps>
class Run {
 public:
  /// `name` is that of the solver, for its messages. The steps take (ctx, ratings, options, arguments...).
  template <class... Arguments>
  Run(const char* name, Context& ctx, const CompletionProblem<T>& problem, const CompletionOptions& options,
      const Arguments&... arguments)
      : name_(name),
        ctx_(ctx),
        options_(options),
        steps_(ctx, problem.ratings, options, arguments...),
        singular_(ctx, 2) {
    at_.emplace_back(ctx, problem.ratings.rows, options.rank);
    at_.emplace_back(ctx, problem.ratings.cols, options.rank);
    if (Steps::kDescends) before_ = like(ctx, at_);
    const std::int64_t none[2] = {0, 0};
    ctx.memory()->copy_from_host(singular_.data(), none, sizeof none);
    result_.mean = steps_.mean();
    held_out_ =
        HeldOut<T>(ctx, problem.validation, options, steps_.row_offsets(), steps_.column_offsets(), steps_.mean());
    result_.validation_left_out = held_out_.left_out();
  }

  /// From the given x and y (rows = 0: drawn).
  CompletionResult<T> all_starts(MatrixView<const T> x, MatrixView<const T> y) {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    double best = std::numeric_limits<double>::infinity();
    double seconds = options_.stopping.seconds;
    for (int start = 0; start < options_.restarts && seconds > 0; ++start) {
      const std::uint64_t seed = options_.seed + static_cast<std::uint64_t>(start);
      if (Steps::kDescends) set_start(x, ~seed, at_[0]);
      set_start(y, seed, at_[1]);
      best = one_start(start, seed, seconds, best);
      seconds = options_.stopping.seconds - std::chrono::duration<double>(Clock::now() - begin).count();
      if (result_.runs.back().stopped == StopReason::callback) break;
    }
    if (!finished_) throw_diverged();
    return std::move(result_);
  }

 private:
  void set_start(MatrixView<const T> given, std::uint64_t seed, Matrix<T>& factor) {
    if (given.rows > 0)
      copy_matrix(ctx_, given, factor.view());
    else
      fill_normal(ctx_, seed, 1 / std::sqrt(static_cast<double>(options_.rank)), factor.view());
  }

  /// Runs one start; returns the best figure of merit so far, this start's included.
  double one_start(int start, std::uint64_t seed, double seconds, double best) {
    result_.runs.push_back({seed, {}, StopReason::sweeps});
    CompletionRun& run = result_.runs.back();
    Stopping stopping = options_.stopping;
    stopping.seconds = seconds;
    const double objective = steps_.begin(at_);
    run.stopped = iterate([&] { return sweep(); }, [&](SweepRecord& record) { measure(record); },
                          [&](const SweepRecord& record, bool improved) {
                            run.history.push_back(record);
                            if (held_out_.is_watched() && improved && record.validation_rmse < best)
                              keep(start, record, best);
                            return !options_.callback || options_.callback(start, record);
                          },
                          stopping, objective);
    if (run.stopped == StopReason::diverged) {
      if (start == 0) first_diverged_ = measured_;
      keep_last_good(start, run);
      return best;
    }
    finished_ = true;
    if (!held_out_.is_watched() && run.history.back().objective < best) keep(start, run.history.back(), best);
    return best;
  }

  bool sweep() {
    if (Steps::kDescends) copy(ctx_, at_, before_);
    return steps_.sweep(at_, singular_.data());
  }

  /// For Diverged: of the first start, unless a better one comes.
  void keep_last_good(int start, const CompletionRun& run) {
    if (!Steps::kDescends || start > 0 || kept_) return;
    result_.best_sweep = static_cast<int>(run.history.size());
    copy_to_result(before_);
  }

  [[noreturn]] void throw_diverged() {
    const std::string from =
        result_.runs.size() > 1 ? " from each of " + std::to_string(result_.runs.size()) + " starts" : "";
    const std::string message = std::string(name_) + "() diverged" + from + ": from the seed " +
                                std::to_string(result_.runs.front().seed) + " " + divergence_text<T>(first_diverged_) +
                                "; " + steps_.advice(has_grown(first_diverged_));
    throw Diverged<T>(message, std::move(result_));
  }

  /// Copies the factors as they are now into the result.
  void keep(int start, const SweepRecord& record, double& best) {
    best = held_out_.is_watched() ? record.validation_rmse : record.objective;
    kept_ = true;
    result_.best_run = start;
    result_.best_sweep = record.sweep;
    const auto singular = to_host(singular_);
    result_.singular_rows = singular.data()[0] + singular.data()[1];
    if (options_.restarts == 1 && !held_out_.is_watched()) {  // nothing comes after
      result_.x = std::move(at_[0]);
      result_.y = std::move(at_[1]);
      return;
    }
    copy_to_result(at_);
  }

  void copy_to_result(const Factors<T>& from) {
    if (result_.x.rows() == 0) {
      result_.x = Matrix<T>(ctx_, from[0].rows(), from[0].cols());
      result_.y = Matrix<T>(ctx_, from[1].rows(), from[1].cols());
    }
    copy_matrix<T>(ctx_, from[0].view(), result_.x.view());
    copy_matrix<T>(ctx_, from[1].view(), result_.y.view());
  }

  void measure(SweepRecord& record) {
    steps_.measure(at_, record);
    held_out_.measure(record, [&](CsrView<T> entries) { return steps_.validation_rmse(entries, at_); });
    measured_ = record;
  }

  const char* name_;
  Context& ctx_;
  const CompletionOptions& options_;
  Steps steps_;
  HeldOut<T> held_out_;
  Factors<T> at_, before_;
  Buffer<std::int64_t> singular_;  ///< of the left and of the right half-sweep
  SweepRecord measured_;           ///< of the latest sweep
  SweepRecord first_diverged_;     ///< that the first start diverged in
  bool kept_ = false;              ///< the result has factors that some sweep was the best with
  bool finished_ = false;          ///< some start has not diverged
  CompletionResult<T> result_;
};

}  // namespace seesaw
