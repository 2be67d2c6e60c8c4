#pragma once
#include "explicit_ratings.hpp"
#include "factors.hpp"

namespace seesaw {

/// Every entry observed, none weighted: then the values are the matrix itself, row-major.
template <class T>
bool fully_observed(CsrView<T> matrix) {
  return matrix.entries == matrix.rows * matrix.cols && matrix.weights == nullptr;
}

/// What als() does in a sweep where the ratings are explicit.
template <class T>
class ExplicitSteps {
 public:
  static constexpr bool kDescends = false;

  ExplicitSteps(Context& ctx, CsrView<T> ratings, const CompletionOptions& options)
      : ctx_(ctx), ratings_(ctx, ratings, options) {
    if (fully_observed(ratings)) first_offset_ = host_copy(ctx, ratings_.by_row().offsets, 1).data()[0];
  }

  double mean() const { return ratings_.mean(); }
  const offset_t* row_offsets() const { return ratings_.offsets(0); }
  const offset_t* column_offsets() const { return ratings_.offsets(1); }

  double begin(Factors<T>&) { return std::numeric_limits<double>::infinity(); }
  bool sweep(Factors<T>& at, std::int64_t* singular) {
    half_sweep(ratings_.by_row(), first_offset_, at[1], ratings_.penalty(0), at[0], singular);
    half_sweep(ratings_.by_column(), 0, at[0], ratings_.penalty(1), at[1], singular + 1);
    return true;
  }
  void measure(const Factors<T>& at, SweepRecord& record) { ratings_.measure(ctx_, at, record); }
  double validation_rmse(CsrView<T> validation, const Factors<T>& at) {
    return rmse(masked_residual(ctx_, validation, at[0].view(), at[1].view()), validation.entries);
  }
  static const char* advice(bool) { return "smaller ratings or a lambda that is not so small keep them within it"; }

 private:
  void half_sweep(CsrView<T> ratings, offset_t first, const Matrix<T>& fixed, Penalty penalty, Matrix<T>& solved,
                  std::int64_t* singular) {
    if (!fully_observed(ratings)) {
      solve_rows(ctx_, ratings, fixed.view(), penalty, solved.view(), singular);
      return;
    }
    const MatrixView<const T> dense(ratings.values + first, ratings.rows, ratings.cols);
    const index_t rank = solve_rows(ctx_, dense, fixed.view(), penalty, solved.view());
    const std::int64_t count = rank < fixed.cols() ? ratings.rows : 0;
    ctx_.memory()->copy_from_host(singular, &count, sizeof(count));
  }

  Context& ctx_;
  ExplicitRatings<T> ratings_;
  offset_t first_offset_ = 0;
};

}  // namespace seesaw
