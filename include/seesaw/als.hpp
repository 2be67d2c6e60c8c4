#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "seesaw/alternate.hpp"
#include "seesaw/solve_implicit_rows.hpp"

namespace seesaw {

/// What to factorize, in the context's memory space.
template <class T>
struct AlsProblem {
  CsrView<T> ratings;          ///< m x n
  CsrView<T> validation = {};  ///< m x n, entries held out; rows = 0: none
  MatrixView<const T> y = {};  ///< n x k start of the right factor (a warm start, say); rows = 0: from the seed
};

/// Ratings that are counts of what was done (plays, clicks, purchases) rather than opinions.
struct ImplicitFeedback {
  double alpha = 1;          ///< the confidence of an entry is c_ij = 1 + alpha a_ij, a_ij > 0
  bool confidences = false;  ///< the ratings are the confidences themselves: c_ij = a_ij >= unobserved
  double unobserved = 1;     ///< weight of what is not observed, 1e-12 to 1e12
  int cg_steps = 0;          ///< 0: exact; else conjugate gradients, from the factors of the sweep before
};

/// c_ij of an entry with this value. als() takes it where it is finite and at least `unobserved`, and the value, unless
/// it is the confidence itself, more than 0.
float confidence_of(const ImplicitFeedback& feedback, float value);
double confidence_of(const ImplicitFeedback& feedback, double value);

struct AlsOptions {
  index_t rank = 32;
  double lambda_x = 0.1;
  double lambda_y = 0.1;
  Weighting weighting = Weighting::by_count;
  double exponent = 1;  ///< of the count, where the weighting is by_count
  bool centre = true;   ///< subtract the mean of the ratings first; not where feedback is implicit
  std::optional<ImplicitFeedback> implicit = {};  ///< empty: explicit ratings
  std::uint64_t seed = 0;                         ///< start: y(j, f) = random_normal(seed, j * k + f) / sqrt(k)
  int restarts = 1;  ///< starts tried, with the seeds seed, seed + 1, ...; the best objective is kept
  Stopping stopping = {};
  /// Called after every sweep with the number of the start, from 0; false stops the whole run. Null: none.
  std::function<bool(int start, const SweepRecord&)> callback = nullptr;
};

/// One start and how it went: a stuck one shows in its history. That of one that diverged ends with the last sweep
/// whose numbers were finite, and may be empty.
struct AlsRun {
  std::uint64_t seed = 0;
  std::vector<SweepRecord> history;
  StopReason stopped = StopReason::sweeps;
};

template <class T>
struct AlsResult {
  Matrix<T> x;                       ///< m x k, in the context's memory space
  Matrix<T> y;                       ///< n x k
  double mean = 0;                   ///< prediction(i, j) = mean + x_i . y_j; 0 unless centred
  int best_run = 0;                  ///< which of `runs` gave the factors
  int best_sweep = 0;                ///< and after which of its sweeps
  std::vector<AlsRun> runs;          ///< one for each start
  std::int64_t singular_rows = 0;    ///< systems solved by minimum norm in the last sweep of the best run
  offset_t validation_left_out = 0;  ///< validation entries whose row or column has no rating
};

/// Matrix completion by alternating least squares: the X, Y that minimize
///   1/2 sum (a_ij - mean - x_i.y_j)^2 + 1/2 lambda_x sum_i w_i |x_i|^2 + 1/2 lambda_y sum_j w_j |y_j|^2
/// over the entries of `ratings`; w = 1, or the number of entries of the row (column) to the power `exponent`. A sweep
/// solves X from Y, then Y from X. Where every entry is observed and none has a weight, the half-sweeps take the closed
/// form. With options.implicit instead
///   1/2 sum c_ij (1 - x_i.y_j)^2 over the entries + 1/2 unobserved sum (x_i.y_j)^2 over all else + the same penalty,
/// where w, unless 1, is (number of entries + unobserved * number of columns (rows))^exponent; the RMSEs are those of
/// 1 - x_i.y_j over the (validation) entries.
/// With validation and patience > 0 the factors of the best validation RMSE are returned; else the last. A start that
/// diverges is recorded in `runs`, and the next one is tried.
/// Throws ShapeError, InvalidArgument (which says what was expected), OutOfMemory, and Error where every start
/// diverged. Sources: Zhou, Wilkinson, Schreiber, Pan (2008), section 3; for implicit feedback Hu, Koren, Volinsky
/// (2008) and Rendle, Krichene, Zhang, Koren (2021), "Revisiting the performance of iALS on item recommendation
/// benchmarks".
AlsResult<float> als(Context& ctx, const AlsProblem<float>& problem, const AlsOptions& options);
AlsResult<double> als(Context& ctx, const AlsProblem<double>& problem, const AlsOptions& options);

/// The same for a dense matrix, every element observed.
AlsResult<float> als(Context& ctx, MatrixView<const float> a, const AlsOptions& options);
AlsResult<double> als(Context& ctx, MatrixView<const double> a, const AlsOptions& options);

/// The half-sweep that als() takes with these options, which have `implicit`, for the side with the penalty `lambda`;
/// `others` is the number of rows of the other side. With solve_implicit_rows() it folds in new rows.
ImplicitModel implicit_model(const AlsOptions& options, double lambda, index_t others);

/// The sizes of a problem, for als_memory().
struct AlsSize {
  index_t rows = 0;
  index_t cols = 0;
  offset_t entries = 0;
  bool weights = false;
  offset_t validation_entries = 0;
  index_t rank = 0;
  std::int64_t element = sizeof(float);  ///< or sizeof(double)
  bool implicit = false;
};

/// Bytes of the context's memory that als() takes besides its arguments, at most; with what its backend works with. For
/// telling beforehand whether a problem fits.
std::int64_t als_memory(const Context& ctx, const AlsSize& size);

}  // namespace seesaw
