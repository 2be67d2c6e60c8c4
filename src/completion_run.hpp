#pragma once
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "divergence.hpp"
#include "factors.hpp"
#include "held_out.hpp"
#include "iterate.hpp"
#include "seesaw/completion.hpp"
#include "seesaw/random.hpp"

namespace seesaw {

/// What came of all starts.
template <class T>
struct RunResult {
  Factors<T> factors;
  int best_run = 0;
  int best_sweep = 0;
  std::vector<CompletionRun> runs;
  std::int64_t singular_rows = 0;
  std::string failure;  ///< where every start diverged, what happened; the factors are then the last good ones, or none
};

/// A solver over its steps: draws the starts, iterates from each, keeps the history and the best factors. Of a matrix
/// or a tensor: `Options` are CompletionOptions or those of a tensor, `Held` HeldOut or the same of a tensor. `Steps`:
///   kDescends  the solver goes down from all factors and may diverge: then the first is drawn as well, and the factors
///              before a sweep are kept while it runs
///   begin(at)  before the first sweep from `at`; returns the objective there, infinity where it is not known
///   sweep(at, singular)  overwrites the factors, and, for each mode, the number of its singular rows; false where no
///                        further sweep would change them
///   measure(at, record), validation_rmse(validation, at)
///   advice(grown)  against what happened where it diverged: the objective has grown, or numbers exceed their type
template <class T, class Steps, class Held, class Options>
class Run {
 public:
  /// `name` is that of the solver, for its messages; `shape` has the rows of each factor.
  Run(const char* name, Context& ctx, const Options& options, Steps& steps, const Held& held_out,
      const std::vector<index_t>& shape)
      : name_(name),
        ctx_(ctx),
        options_(options),
        steps_(steps),
        held_out_(held_out),
        singular_(ctx, static_cast<index_t>(shape.size())) {
    for (const index_t rows : shape) at_.emplace_back(ctx, rows, options.rank);
    if (Steps::kDescends) before_ = like(ctx, at_);
    const std::vector<std::int64_t> none(shape.size(), 0);
    ctx.memory()->copy_from_host(singular_.data(), none.data(), none.size() * sizeof(std::int64_t));
  }

  /// From the given factors (rows = 0: drawn).
  RunResult<T> all_starts(const FactorViews<T>& given) {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    double best = std::numeric_limits<double>::infinity();
    double seconds = options_.stopping.seconds;
    for (int start = 0; start < options_.restarts && seconds > 0; ++start) {
      const std::uint64_t seed = options_.seed + static_cast<std::uint64_t>(start);
      for (std::size_t n = Steps::kDescends ? 0 : 1; n < at_.size(); ++n) set_start(given[n], seed, n);
      best = one_start(start, seed, seconds, best);
      seconds = options_.stopping.seconds - std::chrono::duration<double>(Clock::now() - begin).count();
      if (result_.runs.back().stopped == StopReason::callback) break;
    }
    if (!finished_) result_.failure = failure();
    return std::move(result_);
  }

 private:
  /// The vectors that the rows of one factor meet, products of those of the others, are of norm 1 in the mean.
  void set_start(MatrixView<const T> given, std::uint64_t seed, std::size_t mode) {
    Matrix<T>& factor = at_[mode];
    if (given.rows > 0) {
      copy_matrix(ctx_, given, factor.view());
      return;
    }
    const std::uint64_t own = mode == 0 ? ~seed : mode == 1 ? seed : random_bits(seed, mode);
    const double scale =
        std::pow(1 / std::sqrt(static_cast<double>(options_.rank)), 1 / (static_cast<double>(at_.size()) - 1));
    fill_normal(ctx_, own, scale, factor.view());
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

  std::string failure() const {
    const std::string from =
        result_.runs.size() > 1 ? " from each of " + std::to_string(result_.runs.size()) + " starts" : "";
    return std::string(name_) + "() diverged" + from + ": from the seed " + std::to_string(result_.runs.front().seed) +
           " " + divergence_text<T>(first_diverged_) + "; " + steps_.advice(has_grown(first_diverged_));
  }

  /// Copies the factors as they are now into the result.
  void keep(int start, const SweepRecord& record, double& best) {
    best = held_out_.is_watched() ? record.validation_rmse : record.objective;
    kept_ = true;
    result_.best_run = start;
    result_.best_sweep = record.sweep;
    const auto singular = to_host(singular_);
    result_.singular_rows = std::accumulate(singular.data(), singular.data() + singular.size(), std::int64_t{0});
    if (options_.restarts == 1 && !held_out_.is_watched()) {  // nothing comes after
      result_.factors = std::move(at_);
      return;
    }
    copy_to_result(at_);
  }

  void copy_to_result(const Factors<T>& from) {
    if (result_.factors.empty()) result_.factors = like(ctx_, from);
    copy(ctx_, from, result_.factors);
  }

  void measure(SweepRecord& record) {
    steps_.measure(at_, record);
    held_out_.measure(record, [&](const auto& entries) { return steps_.validation_rmse(entries, at_); });
    measured_ = record;
  }

  const char* name_;
  Context& ctx_;
  const Options& options_;
  Steps& steps_;
  const Held& held_out_;
  Factors<T> at_, before_;
  Buffer<std::int64_t> singular_;  ///< of each mode
  SweepRecord measured_;           ///< of the latest sweep
  SweepRecord first_diverged_;     ///< that the first start diverged in
  bool kept_ = false;              ///< the result has factors that some sweep was the best with
  bool finished_ = false;          ///< some start has not diverged
  RunResult<T> result_;
};

/// Runs the solver `name` of a matrix over its steps, which take (ctx, ratings, options, arguments...) and tell mean(),
/// row_offsets() and column_offsets() of the ratings as they are factorized.
template <class T, class Steps, class... Arguments>
CompletionResult<T> complete_by(const char* name, Context& ctx, const CompletionProblem<T>& problem,
                                const CompletionOptions& options, const Arguments&... arguments) {
  Steps steps(ctx, problem.ratings, options, arguments...);
  const HeldOut<T> held_out(ctx, problem.validation, options, steps.row_offsets(), steps.column_offsets(),
                            steps.mean());
  Run<T, Steps, HeldOut<T>, CompletionOptions> run(name, ctx, options, steps, held_out,
                                                   {problem.ratings.rows, problem.ratings.cols});
  RunResult<T> found = run.all_starts({problem.x, problem.y});
  CompletionResult<T> result;
  result.mean = steps.mean();
  result.best_run = found.best_run;
  result.best_sweep = found.best_sweep;
  result.runs = std::move(found.runs);
  result.singular_rows = found.singular_rows;
  result.validation_left_out = held_out.left_out();
  if (!found.factors.empty()) {
    result.x = std::move(found.factors[0]);
    result.y = std::move(found.factors[1]);
  }
  if (!found.failure.empty()) throw Diverged<T>(found.failure, std::move(result));
  return result;
}

}  // namespace seesaw
