#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "seesaw/errors.hpp"
#include "seesaw/iteration.hpp"
#include "seesaw/solve_implicit_rows.hpp"

// What every solver of a matrix from its observed entries is given, and what it gives back. complete.hpp has them all.
namespace seesaw {

/// What to factorize, in the context's memory space.
template <class T>
struct CompletionProblem {
  CsrView<T> ratings;          ///< m x n
  CsrView<T> validation = {};  ///< m x n, entries held out; rows = 0: none
  MatrixView<const T> y = {};  ///< n x k start of the right factor (a warm start, say); rows = 0: from the seed
  MatrixView<const T> x =
      {};  ///< m x k start of the left factor, for solvers that descend from one; rows = 0: the seed
};

/// Ratings that are counts of what was done (plays, clicks, purchases) rather than opinions.
struct ImplicitFeedback {
  double alpha = 1;          ///< the confidence of an entry is c_ij = 1 + alpha a_ij, a_ij > 0
  bool confidences = false;  ///< the ratings are the confidences themselves: c_ij = a_ij >= unobserved
  double unobserved = 1;     ///< weight of what is not observed, 1e-12 to 1e12
  int cg_steps = 0;          ///< 0: exact; else conjugate gradients, from the factors of the sweep before
};

struct CompletionOptions {
  index_t rank = 32;
  double lambda_x = 0.1;
  double lambda_y = 0.1;
  Weighting weighting = Weighting::by_count;
  double exponent = 1;  ///< of the count, where the weighting is by_count
  bool centre = true;   ///< subtract the mean of the ratings first; not where feedback is implicit
  std::optional<ImplicitFeedback> implicit = {};  ///< empty: explicit ratings. For als() alone
  /// Start: y(j, f) = random_normal(seed, j * k + f) / sqrt(k), and, where x is wanted, x(i, f) the same from ~seed.
  std::uint64_t seed = 0;
  int restarts = 1;  ///< starts tried, with the seeds seed, seed + 1, ...; the best objective is kept
  Stopping stopping = {};
  /// Called after every sweep with the number of the start, from 0; false stops the whole run. Null: none.
  std::function<bool(int start, const SweepRecord&)> callback = nullptr;
};

/// One start and how it went: a stuck one shows in its history. That of one that diverged ends with the last sweep
/// whose numbers were finite, and may be empty.
struct CompletionRun {
  std::uint64_t seed = 0;
  std::vector<SweepRecord> history;
  StopReason stopped = StopReason::sweeps;
};

template <class T>
struct CompletionResult {
  Matrix<T> x;                       ///< m x k, in the context's memory space
  Matrix<T> y;                       ///< n x k
  double mean = 0;                   ///< prediction(i, j) = mean + x_i . y_j; 0 unless centred
  int best_run = 0;                  ///< which of `runs` gave the factors
  int best_sweep = 0;                ///< and after which of its sweeps
  std::vector<CompletionRun> runs;   ///< one for each start
  std::int64_t singular_rows = 0;    ///< systems solved by minimum norm in the last sweep of the best run
  offset_t validation_left_out = 0;  ///< validation entries whose row or column has no rating
};

/// Thrown where every start diverged: a sweep's numbers were not finite, or its objective had grown to more than
/// kDivergence times that of the start. `result` has the last good factors of the first start (no factors where a
/// solver has none, as als() before its first sweep has).
template <class T>
class Diverged : public Error {
 public:
  Diverged(const std::string& message, CompletionResult<T> last_good)
      : Error(message), result(std::make_shared<CompletionResult<T>>(std::move(last_good))) {}
  std::shared_ptr<CompletionResult<T>> result;
};

}  // namespace seesaw
