#include "seesaw/als.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "checks.hpp"
#include "dispatch.hpp"
#include "seesaw/masked_residual.hpp"
#include "seesaw/random.hpp"
#include "solve_rows.hpp"
#include "sparse.hpp"

namespace seesaw {
namespace {

template <class T>
void require_problem(Context& ctx, const AlsProblem<T>& problem, const AlsOptions& options) {
  const CsrView<T>& ratings = problem.ratings;
  require_csr(ctx, ratings, "ratings");
  require_rank(options.rank);
  require_penalty<T>("lambda_x", {options.lambda_x, options.weighting}, ratings.cols);
  require_penalty<T>("lambda_y", {options.lambda_y, options.weighting}, ratings.rows);
  if (ratings.entries == 0) throw InvalidArgument("ratings has no entries");
  require_stopping(options.stopping);
  if (options.restarts < 1)
    throw InvalidArgument("restarts is " + std::to_string(options.restarts) + ", expected at least 1");
  if (problem.validation.rows > 0) {
    require_csr(ctx, problem.validation, "validation");
    require_shape("validation", problem.validation.rows, problem.validation.cols, ratings.rows, ratings.cols);
  } else if (options.stopping.patience > 0) {
    throw InvalidArgument("patience is " + std::to_string(options.stopping.patience) +
                          " but there are no validation entries to watch");
  }
  if (problem.y.rows > 0) {
    require_view(ctx, problem.y, "y");
    require_shape("y", problem.y.rows, problem.y.cols, ratings.cols, options.rank);
    if (options.restarts > 1)
      throw InvalidArgument("restarts is " + std::to_string(options.restarts) +
                            " but the start y is given, from which every run would be the same");
  }
}

/// The largest number instead of one that is larger.
std::int64_t saturated(double bytes) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  return bytes < static_cast<double>(most) ? static_cast<std::int64_t>(bytes) : most;
}

void require_memory(const Context& ctx, std::int64_t bytes) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::size_t free = ctx.memory()->available();
  const std::int64_t available = free < static_cast<std::size_t>(most) ? static_cast<std::int64_t>(free) : most;
  if (bytes > available)
    throw OutOfMemory("als() would take about " + bytes_text(bytes) + " of the " + to_string(ctx.backend()) +
                      " backend's memory, of which " + bytes_text(available) + " are free; a smaller rank takes less");
}

/// Mean of the values (weighted where the entries are), summed on the host in their order: the same on every backend.
template <class T>
double mean_of(const Csr<T>& host) {
  double sum = 0, total = 0;
  for (offset_t e = 0; e < host.values.size(); ++e) {
    const double weight = host.weights.empty() ? 1.0 : static_cast<double>(host.weights.data()[e]);
    sum += weight * static_cast<double>(host.values.data()[e]);
    total += weight;
  }
  return total > 0 ? sum / total : 0.0;
}

template <class U>
Buffer<U> host_copy(const Context& ctx, const U* array, offset_t size) {
  Buffer<U> copy(size);
  ctx.memory()->copy_to_host(copy.data(), array, static_cast<std::size_t>(size) * sizeof(U));
  return copy;
}

/// A host copy whose offsets begin at 0.
template <class T>
Csr<T> host_copy(const Context& ctx, CsrView<T> matrix, bool columns) {
  Csr<T> copy{matrix.rows, matrix.cols, host_copy(ctx, matrix.offsets, matrix.rows + 1), {}, {}, {}};
  const offset_t first = copy.offsets.data()[0];
  for (index_t i = 0; i <= matrix.rows; ++i) copy.offsets.data()[i] -= first;
  if (matrix.entries == 0) return copy;
  if (columns) copy.columns = host_copy(ctx, matrix.columns + first, matrix.entries);
  copy.values = host_copy(ctx, matrix.values + first, matrix.entries);
  if (matrix.weights != nullptr) copy.weights = host_copy(ctx, matrix.weights + first, matrix.entries);
  return copy;
}

/// The ratings that are factorized: the caller's, or, centred, with values of their own.
template <class T>
struct Centred {
  CsrView<T> ratings;
  Csr<T> storage;
  double mean = 0;
};

template <class T>
Centred<T> centre(Context& ctx, CsrView<T> ratings, bool wanted) {
  Centred<T> centred{ratings, {}, 0};
  if (!wanted) return centred;
  Csr<T> host = host_copy(ctx, ratings, /*columns=*/false);
  centred.mean = mean_of(host);
  for (offset_t e = 0; e < ratings.entries; ++e)
    host.values.data()[e] = static_cast<T>(static_cast<double>(host.values.data()[e]) - centred.mean);
  const offset_t first = host_copy(ctx, ratings.offsets, 1).data()[0];
  centred.storage.offsets = to_context(ctx, host.offsets.data(), ratings.rows + 1);
  centred.storage.values = to_context(ctx, host.values.data(), ratings.entries);
  centred.ratings.offsets = centred.storage.offsets.data();
  centred.ratings.columns += first;
  centred.ratings.values = centred.storage.values.data();
  if (ratings.weights != nullptr) centred.ratings.weights += first;
  return centred;
}

/// The validation entries whose row and column have ratings, less the mean.
template <class T>
Csr<T> known_entries(Context& ctx, CsrView<T> validation, CsrView<T> ratings, const offset_t* by_column, double mean) {
  Csr<T> host = host_copy(ctx, validation, /*columns=*/true);
  const Buffer<offset_t> rows = host_copy(ctx, ratings.offsets, ratings.rows + 1);
  const Buffer<offset_t> columns = host_copy(ctx, by_column, ratings.cols + 1);
  auto seen = [](const Buffer<offset_t>& offsets, index_t i) { return offsets.data()[i + 1] > offsets.data()[i]; };
  offset_t kept = 0;
  offset_t begin = 0;
  for (index_t i = 0; i < validation.rows; ++i) {
    const offset_t end = host.offsets.data()[i + 1];
    for (offset_t e = begin; e < end; ++e) {
      const column_t j = host.columns.data()[e];
      if (!seen(rows, i) || !seen(columns, j)) continue;
      host.columns.data()[kept] = j;
      host.values.data()[kept++] = static_cast<T>(static_cast<double>(host.values.data()[e]) - mean);
    }
    begin = end;
    host.offsets.data()[i + 1] = kept;
  }
  return {validation.rows,
          validation.cols,
          to_context(ctx, host.offsets.data(), validation.rows + 1),
          to_context(ctx, host.columns.data(), kept),
          to_context(ctx, host.values.data(), kept),
          {}};
}

/// Every entry observed, none weighted: then the values are the matrix itself, row-major.
template <class T>
bool fully_observed(CsrView<T> matrix) {
  return matrix.entries == matrix.rows * matrix.cols && matrix.weights == nullptr;
}

template <class T>
class Run {
 public:
  Run(Context& ctx, const AlsProblem<T>& problem, const AlsOptions& options)
      : ctx_(ctx),
        options_(options),
        centred_(centre(ctx, problem.ratings, options.centre)),
        by_column_(transpose(ctx, centred_.ratings)),
        x_(ctx, problem.ratings.rows, options.rank),
        y_(ctx, problem.ratings.cols, options.rank),
        singular_(ctx, 2) {
    result_.mean = centred_.mean;
    if (problem.validation.rows > 0) {
      validation_ = known_entries(ctx, problem.validation, centred_.ratings, by_column_.offsets.data(), centred_.mean);
      result_.validation_left_out = problem.validation.entries - validation_->values.size();
      if (watching_validation() && validation_->values.empty())
        throw InvalidArgument("patience is " + std::to_string(options.stopping.patience) + " but all " +
                              std::to_string(problem.validation.entries) +
                              " validation entries are left out: none has ratings in its row and in its column");
    }
    if (fully_observed(centred_.ratings)) first_offset_ = host_copy(ctx, centred_.ratings.offsets, 1).data()[0];
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
    run.stopped = alternate([&] { half_sweep(centred_.ratings, first_offset_, y_, options_.lambda_x, x_, 0); },
                            [&] { half_sweep(by_column_.view(), 0, x_, options_.lambda_y, y_, 1); },
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

  void half_sweep(CsrView<T> ratings, offset_t first, const Matrix<T>& fixed, double lambda, Matrix<T>& solved,
                  index_t side) {
    const Penalty penalty{lambda, options_.weighting};
    std::int64_t* singular = singular_.data() + side;
    if (!fully_observed(ratings)) {
      solve_rows(ctx_, ratings, fixed.view(), penalty, solved.view(), singular);
      return;
    }
    const MatrixView<const T> dense(ratings.values + first, ratings.rows, ratings.cols);
    const index_t rank = solve_rows(ctx_, dense, fixed.view(), penalty, solved.view());
    const std::int64_t count = rank < fixed.cols() ? ratings.rows : 0;
    ctx_.memory()->copy_from_host(singular, &count, sizeof(count));
  }

  void measure(SweepRecord& record) {
    const auto x = std::as_const(x_).view(), y = std::as_const(y_).view();
    const ResidualSums train = masked_residual(ctx_, centred_.ratings, x, y);
    record.train_rmse = rmse(train, centred_.ratings.entries);
    record.objective = 0.5 * train.weighted_squared +
                       penalty_term(ctx_, x, centred_.ratings.offsets, {options_.lambda_x, options_.weighting}) +
                       penalty_term(ctx_, y, by_column_.offsets.data(), {options_.lambda_y, options_.weighting});
    if (!validation_ || validation_->values.empty()) return;
    record.validation_rmse = rmse(masked_residual(ctx_, validation_->view(), x, y), validation_->values.size());
    // NaN would say that there are no validation entries.
    if (std::isnan(record.validation_rmse)) record.validation_rmse = std::numeric_limits<double>::infinity();
  }

  Context& ctx_;
  const AlsOptions& options_;
  Centred<T> centred_;
  Csr<T> by_column_;
  std::optional<Csr<T>> validation_;
  offset_t first_offset_ = 0;
  Matrix<T> x_, y_;
  Buffer<std::int64_t> singular_;  ///< of the left and of the right half-sweep
  AlsResult<T> result_;
};

template <class T>
AlsResult<T> run(Context& ctx, const AlsProblem<T>& problem, const AlsOptions& options) {
  require_problem(ctx, problem, options);
  const CsrView<T>& ratings = problem.ratings;
  require_memory(ctx, als_memory(ctx, {ratings.rows, ratings.cols, ratings.entries, ratings.weights != nullptr,
                                       problem.validation.entries, options.rank, sizeof(T)}));
  validate(ctx, ratings, "ratings");
  if (problem.validation.rows > 0) validate(ctx, problem.validation, "validation");
  return Run<T>(ctx, problem, options).all_starts(problem.y);
}

/// On the host as it is, on a device a copy.
template <class U>
Buffer<U> placed(const Context& ctx, Buffer<U> host) {
  return ctx.memory()->on_host() ? std::move(host) : to_context(ctx, host.data(), host.size());
}

/// Compressed rows of a matrix whose every entry is observed. Only measuring the residual reads the columns.
template <class T>
AlsResult<T> run(Context& ctx, MatrixView<const T> a, const AlsOptions& options) {
  require_view(ctx, a, "a");
  if (a.empty()) throw ShapeError("a is " + shape_text(a.rows, a.cols) + ", expected at least one element");
  if (a.rows > kMostRows || a.cols > kMostRows)
    throw ShapeError("a is " + shape_text(a.rows, a.cols) + ", rows and columns must be at most 2^31 - 1");
  if (a.stride != a.cols)
    throw ShapeError("a has the stride " + std::to_string(a.stride) + ", expected its " + std::to_string(a.cols) +
                     " columns without padding");
  require_rank(options.rank);
  const offset_t entries = a.rows * a.cols;
  const double places = static_cast<double>(entries) * sizeof(column_t);
  require_memory(ctx, saturated(places + static_cast<double>(als_memory(
                                             ctx, {a.rows, a.cols, entries, false, 0, options.rank, sizeof(T)}))));
  Buffer<offset_t> offsets(a.rows + 1);
  Buffer<column_t> columns(entries);
  for (index_t i = 0; i <= a.rows; ++i) offsets.data()[i] = i * a.cols;
  for (offset_t e = 0; e < entries; ++e) columns.data()[e] = static_cast<column_t>(e % a.cols);
  const auto ctx_offsets = placed(ctx, std::move(offsets));
  const auto ctx_columns = placed(ctx, std::move(columns));
  AlsProblem<T> problem;
  problem.ratings = {a.rows, a.cols, entries, ctx_offsets.data(), ctx_columns.data(), a.data, nullptr};
  return run(ctx, problem, options);
}

// ---- memory, in double, which is exact up to 2^53 bytes and does not overflow beyond

template <class T>
double solving_bytes(const Context& ctx, const SolveRowsSize& size) {
  return on_backend(
      ctx, [&] { return reference::solve_rows_workspace<T>(size); },
      [&](int threads) { return cpu::solve_rows_workspace<T>(threads, size); },
      [&](auto&) { return cuda::solve_rows_workspace<T>(size); });
}

/// To make the rows of the transposed matrix.
double transposing_bytes(const Context& ctx, index_t rows, offset_t entries) {
  return on_backend(
      ctx, [&] { return reference::transpose_workspace(rows); },
      [&](int threads) { return cpu::transpose_workspace(threads, rows, entries); },
      [&](auto&) { return cuda::transpose_workspace(entries); });
}

/// The most of what the steps of Run take: centre, transpose, and then solve with a second copy of the factors, the
/// best so far. On a device the host's copies do not count.
template <class T>
double peak(const Context& ctx, const AlsSize& size) {
  const auto m = static_cast<double>(size.rows), n = static_cast<double>(size.cols);
  const auto nnz = static_cast<double>(size.entries), held = static_cast<double>(size.validation_entries);
  constexpr double offset = sizeof(offset_t), column = sizeof(column_t), element = sizeof(T);
  const double of_host = ctx.memory()->on_host() ? 1 : 0;
  const double values = nnz * element * (size.weights ? 2 : 1);
  const double centred = (m + 1) * offset + nnz * element;
  const double by_column = (n + 1) * offset + nnz * column + values;
  const double validation = held > 0 ? (m + 1) * offset + held * (column + element) : 0;
  const double factors = (m + n) * static_cast<double>(size.rank) * element;
  const double centring = of_host * ((m + 1) * offset + values);
  const double transposing = transposing_bytes(ctx, size.cols, size.entries);
  const double sorting_out = of_host * (validation + (m + n + 2) * offset);
  const double solving = std::max(solving_bytes<T>(ctx, {size.rows, size.cols, size.entries, size.rank}),
                                  solving_bytes<T>(ctx, {size.cols, size.rows, size.entries, size.rank}));
  return centred + std::max({centring, by_column + transposing,
                             by_column + factors + validation + std::max(sorting_out, factors + solving)});
}

}  // namespace

AlsResult<float> als(Context& ctx, const AlsProblem<float>& problem, const AlsOptions& options) {
  return run(ctx, problem, options);
}
AlsResult<double> als(Context& ctx, const AlsProblem<double>& problem, const AlsOptions& options) {
  return run(ctx, problem, options);
}
AlsResult<float> als(Context& ctx, MatrixView<const float> a, const AlsOptions& options) {
  return run(ctx, a, options);
}
AlsResult<double> als(Context& ctx, MatrixView<const double> a, const AlsOptions& options) {
  return run(ctx, a, options);
}

std::int64_t als_memory(const Context& ctx, const AlsSize& size) {
  return saturated(size.element == sizeof(float) ? peak<float>(ctx, size) : peak<double>(ctx, size));
}

}  // namespace seesaw
