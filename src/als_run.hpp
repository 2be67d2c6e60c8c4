#pragma once
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "host_entries.hpp"
#include "seesaw/als.hpp"
#include "seesaw/errors.hpp"
#include "seesaw/random.hpp"

namespace seesaw {

/// als() over the steps of one sweep: ExplicitSteps or ImplicitSteps.
template <class T, class Steps>
class Run {
 public:
  Run(Context& ctx, const AlsProblem<T>& problem, const AlsOptions& options)
      : ctx_(ctx),
        options_(options),
        steps_(ctx, problem.ratings, options),
        x_(ctx, problem.ratings.rows, options.rank),
        y_(ctx, problem.ratings.cols, options.rank),
        singular_(ctx, 2) {
    result_.mean = steps_.mean();
    if (problem.validation.rows > 0) {
      validation_ =
          known_entries(ctx, problem.validation, steps_.row_offsets(), steps_.column_offsets(), steps_.mean());
      result_.validation_left_out = problem.validation.entries - validation_->values.size();
      if (watching_validation() && validation_->values.empty())
        throw InvalidArgument("patience is " + std::to_string(options.stopping.patience) + " but all " +
                              std::to_string(problem.validation.entries) +
                              " validation entries are left out: none has ratings in its row and in its column");
    }
  }

  AlsResult<T> all_starts(MatrixView<const T> y) {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    double best = std::numeric_limits<double>::infinity();
    double seconds = options_.stopping.seconds;
    for (int start = 0; start < options_.restarts && seconds > 0; ++start) {
      const std::uint64_t seed = options_.seed + static_cast<std::uint64_t>(start);
      if (y.rows > 0)
        copy(y, y_.view());
      else
        fill_normal(ctx_, seed, 1 / std::sqrt(static_cast<double>(options_.rank)), y_.view());
      best = one_start(start, seed, seconds, best);
      seconds = options_.stopping.seconds - std::chrono::duration<double>(Clock::now() - begin).count();
      if (result_.runs.back().stopped == StopReason::callback) break;
    }
    if (result_.best_sweep == 0) throw_diverged();
    return std::move(result_);
  }

 private:
  /// Runs one start; returns the best figure of merit so far, this start's included.
  double one_start(int start, std::uint64_t seed, double seconds, double best) {
    result_.runs.push_back({seed, {}, StopReason::sweeps});
    AlsRun& run = result_.runs.back();
    Stopping stopping = options_.stopping;
    stopping.seconds = seconds;
    steps_.begin(x_);
    run.stopped = alternate([&] { steps_.solve_left(y_, x_, singular_.data()); },
                            [&] { steps_.solve_right(x_, y_, singular_.data() + 1); },
                            [&](SweepRecord& record) { measure(record); },
                            [&](const SweepRecord& record, bool improved) {
                              run.history.push_back(record);
                              if (watching_validation() && improved && record.validation_rmse < best)
                                keep(start, record, best);
                              return !options_.callback || options_.callback(start, record);
                            },
                            stopping);
    if (!watching_validation() && run.stopped != StopReason::diverged && run.history.back().objective < best)
      keep(start, run.history.back(), best);
    return best;
  }

  [[noreturn]] void throw_diverged() const {
    const AlsRun& run = result_.runs.front();
    throw Error("als() diverged" +
                (result_.runs.size() > 1 ? " from each of " + std::to_string(result_.runs.size()) + " starts" : "") +
                ": from the seed " + std::to_string(run.seed) + " the objective is not finite after sweep " +
                std::to_string(run.history.size() + 1) + ", as numbers exceed what " +
                (sizeof(T) == sizeof(float) ? "float" : "double") +
                " holds; smaller ratings or a lambda that is not so small keep them within it");
  }

  bool watching_validation() const { return validation_ && options_.stopping.patience > 0; }

  /// Copies the factors as they are now into the result.
  void keep(int start, const SweepRecord& record, double& best) {
    best = watching_validation() ? record.validation_rmse : record.objective;
    result_.best_run = start;
    result_.best_sweep = record.sweep;
    const auto singular = to_host(singular_);
    result_.singular_rows = singular.data()[0] + singular.data()[1];
    if (options_.restarts == 1 && !watching_validation()) {  // nothing comes after
      result_.x = std::move(x_);
      result_.y = std::move(y_);
      return;
    }
    if (result_.x.rows() == 0) {
      result_.x = Matrix<T>(ctx_, x_.rows(), x_.cols());
      result_.y = Matrix<T>(ctx_, y_.rows(), y_.cols());
    }
    copy(std::as_const(x_).view(), result_.x.view());
    copy(std::as_const(y_).view(), result_.y.view());
  }

  void copy(MatrixView<const T> from, MatrixView<T> to) {
    for (index_t i = 0; i < from.rows; i += from.stride == to.stride ? from.rows : 1) {
      const index_t rows = from.stride == to.stride ? from.rows : 1;
      const index_t span = (rows - 1) * from.stride + from.cols;
      ctx_.memory()->copy_within(to.row(i), from.row(i), static_cast<std::size_t>(span) * sizeof(T));
    }
  }

  void measure(SweepRecord& record) {
    steps_.measure(x_, y_, record);
    if (!validation_ || validation_->values.empty()) return;
    record.validation_rmse = steps_.validation_rmse(validation_->view(), x_, y_);
    // NaN would say that there are no validation entries.
    if (std::isnan(record.validation_rmse)) record.validation_rmse = std::numeric_limits<double>::infinity();
  }

  Context& ctx_;
  const AlsOptions& options_;
  Steps steps_;
  std::optional<Csr<T>> validation_;
  Matrix<T> x_, y_;
  Buffer<std::int64_t> singular_;  ///< of the left and of the right half-sweep
  AlsResult<T> result_;
};

}  // namespace seesaw
