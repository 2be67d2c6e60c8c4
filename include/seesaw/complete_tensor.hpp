#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "seesaw/complete.hpp"
#include "seesaw/tensor.hpp"

namespace seesaw {

/// A tensor of which some entries are known, in the context's memory space. Two entries may have the same place: each
/// counts.
template <class T>
struct TensorCompletionProblem {
  SparseTensorView<T> entries;          ///< order 2 to 8; weights optional
  SparseTensorView<T> validation = {};  ///< of the same shape, entries held out; entries = 0: none
  /// A factor of each mode to start from, shape[n] x k; rows = 0: drawn. That of mode 0 is read by solvers that
  /// descend.
  FactorViews<T> start = {};
};

struct TensorCompletionOptions {
  index_t rank = 8;
  std::array<double, kMaxOrder> lambda = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};  ///< of each mode, >= 0
  Weighting weighting = Weighting::by_count;
  double exponent = 1;  ///< of the count, where the weighting is by_count
  bool centre = true;   ///< subtract the (weighted) mean of the entries first; not where feedback is implicit
  std::optional<ImplicitFeedback> implicit = {};  ///< empty: the entries are what they say. For Solver::als alone
  /// Start: A_n(i, f) = k^(-1 / (2 N - 2)) random_normal(s, i k + f) with s = ~seed in mode 0, seed in mode 1 and
  /// random_bits(seed, n) in those that follow: for order 2 that of als().
  std::uint64_t seed = 0;
  int restarts = 1;  ///< starts tried, with the seeds seed, seed + 1, ...; the best objective is kept
  Stopping stopping = {};
  /// Called after every sweep with the number of the start, from 0; false stops the whole run. Null: none.
  std::function<bool(int start, const SweepRecord&)> callback = nullptr;
};

template <class T>
struct TensorCompletionResult {
  std::vector<Matrix<T>> factors;    ///< shape[n] x k with columns of norm 1 (or 0), in the context's memory space
  std::vector<double> weights;       ///< k
  double mean = 0;                   ///< the model is mean + sum_r weights[r] a_0r o a_1r o ...; 0 unless centred
  int best_run = 0;                  ///< which of `runs` gave the factors
  int best_sweep = 0;                ///< and after which of its sweeps
  std::vector<CompletionRun> runs;   ///< one for each start
  std::int64_t singular_rows = 0;    ///< systems solved by minimum norm in the last sweep of the best run
  offset_t validation_left_out = 0;  ///< validation entries with an index, in some mode, that has no entry
};

/// CP completion: the factors A_0, ..., A_N-1 of k columns that minimize
///   1/2 sum w (t - mean - sum_r prod_n A_n(i_n, r))^2 + 1/2 sum_n lambda_n sum_i v_n(i) |A_n(i, :)|^2
/// over the entries alone, w their weights; v = 1, or the number of entries of the index to the power `exponent`. What
/// is not known is not taken for 0. By
///   Solver::als    alternating least squares: a sweep solves every row of A_0, then of A_1, ... exactly, by the
///                  solve_rows() of tensor_rows.hpp; of order 2 it is als()
///   Solver::gd     gradient descent in all factors at once, as gradient_descent() by Moves::together
///   Solver::lbfgs  as lbfgs()
/// With options.implicit, by als alone, instead
///   1/2 sum c (1 - m)^2 over the entries + 1/2 unobserved sum m^2 over all other elements + the same penalty,
/// m the model without a mean, c = 1 + alpha t or the value itself; v, unless 1, is then (number of entries of the
/// index plus unobserved * number of elements that it has)^exponent, the RMSEs are those of 1 - m over the (validation)
/// entries.
/// Entries without weights, each in its own place. Of order 2 it is als() with the same feedback.
/// options.seed, restarts, stopping and callback as those of the solvers of a matrix: with validation and patience > 0
/// the factors of the best validation RMSE are returned; else the last. An index without entries has a row of zeros (by
/// the others one that stays as it was drawn where lambda is 0).
/// Components come by falling weight; in every mode but the last the element of largest magnitude of a column is
/// positive. They are scaled so at the end alone: the penalty says how large each factor is.
/// Throws ShapeError, InvalidArgument (which says what was expected), OutOfMemory before the first sweep, and Error
/// where every start diverged.
/// Sources: Tomasi, Bro (2005), "PARAFAC and missing values"; Acar, Dunlavy, Kolda, Mørup (2011), "Scalable tensor
/// factorizations for incomplete data"; Zhou, Wilkinson, Schreiber, Pan (2008) for the penalty by count; Hu, Koren,
/// Volinsky (2008) and Hidasi, Tikk (2012), "Fast ALS-based tensor factorization for context-aware recommendation from
/// implicit feedback".
TensorCompletionResult<float> complete_tensor(Context& ctx, const TensorCompletionProblem<float>& problem,
                                              const TensorCompletionOptions& options, Solver solver = Solver::als,
                                              const SolverOptions& own = {});
TensorCompletionResult<double> complete_tensor(Context& ctx, const TensorCompletionProblem<double>& problem,
                                               const TensorCompletionOptions& options, Solver solver = Solver::als,
                                               const SolverOptions& own = {});

/// A problem's size, for complete_tensor_memory().
struct TensorCompletionSize {
  int order = 3;
  std::array<index_t, kMaxOrder> shape{};
  offset_t entries = 0;
  bool weights = false;
  offset_t validation_entries = 0;
  offset_t longest = 0;  ///< the most entries of one index of any mode: their vectors are formed at once; 0: few
  index_t rank = 8;
  std::int64_t element_bytes = sizeof(float);
  bool implicit = false;
};

/// Bytes of the context's memory that complete_tensor() takes by alternating least squares besides its arguments, at
/// most, with what its backend works with; 2^63 - 1 where there are more.
std::int64_t complete_tensor_memory(const Context& ctx, const TensorCompletionSize& size);

}  // namespace seesaw
