#pragma once
#include "seesaw/completion.hpp"

namespace seesaw {

/// c_ij of an entry with this value. als() takes it where it is finite and at least `unobserved`, and the value, unless
/// it is the confidence itself, more than 0.
float confidence_of(const ImplicitFeedback& feedback, float value);
double confidence_of(const ImplicitFeedback& feedback, double value);

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
CompletionResult<float> als(Context& ctx, const CompletionProblem<float>& problem, const CompletionOptions& options);
CompletionResult<double> als(Context& ctx, const CompletionProblem<double>& problem, const CompletionOptions& options);

/// The same for a dense matrix, every element observed.
CompletionResult<float> als(Context& ctx, MatrixView<const float> a, const CompletionOptions& options);
CompletionResult<double> als(Context& ctx, MatrixView<const double> a, const CompletionOptions& options);

/// The half-sweep that als() takes with these options, which have `implicit`, for the side with the penalty `lambda`;
/// `others` is the number of rows of the other side. With solve_implicit_rows() it folds in new rows.
ImplicitModel implicit_model(const CompletionOptions& options, double lambda, index_t others);

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
