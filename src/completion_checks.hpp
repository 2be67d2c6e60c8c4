#pragma once
#include <limits>
#include <string>

#include "checks.hpp"
#include "saturated.hpp"
#include "seesaw/completion.hpp"

// What every solver refuses.
namespace seesaw {

template <class T>
void require_penalties(const CompletionOptions& options, index_t rows, index_t cols) {
  require_penalty<T>("lambda_x", {options.lambda_x, options.weighting, options.exponent}, cols);
  require_penalty<T>("lambda_y", {options.lambda_y, options.weighting, options.exponent}, rows);
}

/// What every run is told, `Options` being those of a matrix or of a tensor.
template <class Options>
void require_run(const Options& options, bool has_validation) {
  require_stopping(options.stopping);
  if (options.restarts < 1)
    throw InvalidArgument("restarts is " + std::to_string(options.restarts) + ", expected at least 1");
  if (!has_validation && options.stopping.patience > 0)
    throw InvalidArgument("patience is " + std::to_string(options.stopping.patience) +
                          " but there are no validation entries to watch");
}

/// A start that is given, or a view of no rows.
template <class T, class Options>
void require_start(const Context& ctx, MatrixView<const T> start, const char* name, index_t rows,
                   const Options& options) {
  if (start.rows == 0) return;
  require_view(ctx, start, name);
  require_shape(name, start.rows, start.cols, rows, options.rank);
  if (options.restarts > 1)
    throw InvalidArgument("restarts is " + std::to_string(options.restarts) + " but the start " + name +
                          " is given, from which every run would be the same");
}

/// Shapes, pointers and options; for the entries themselves see validate().
template <class T>
void require_problem(Context& ctx, const CompletionProblem<T>& problem, const CompletionOptions& options) {
  const CsrView<T>& ratings = problem.ratings;
  require_csr(ctx, ratings, "ratings");
  require_rank(options.rank);
  require_penalties<T>(options, ratings.rows, ratings.cols);
  if (ratings.entries == 0) throw InvalidArgument("ratings has no entries");
  require_run(options, problem.validation.rows > 0);
  if (problem.validation.rows > 0) {
    require_csr(ctx, problem.validation, "validation");
    require_shape("validation", problem.validation.rows, problem.validation.cols, ratings.rows, ratings.cols);
  }
  require_start(ctx, problem.x, "x", ratings.rows, options);
  require_start(ctx, problem.y, "y", ratings.cols, options);
}

/// Throws OutOfMemory where the solver `name` would take more bytes than there are of the memory that is `whose`.
inline void require_memory(const MemorySpace& memory, const std::string& whose, const char* name, std::int64_t bytes,
                           const char* advice) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::size_t free = memory.available();
  const std::int64_t available = free < static_cast<std::size_t>(most) ? static_cast<std::int64_t>(free) : most;
  if (bytes > available)
    throw OutOfMemory(std::string(name) + "() would take about " + bytes_text(bytes) + " of " + whose +
                      " memory, of which " + bytes_text(available) + " are free; " + advice);
}
inline void require_memory(const Context& ctx, const char* name, std::int64_t bytes,
                           const char* advice = "a smaller rank takes less") {
  require_memory(*ctx.memory(), std::string("the ") + to_string(ctx.backend()) + " backend's", name, bytes, advice);
}

}  // namespace seesaw
