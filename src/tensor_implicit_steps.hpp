#pragma once
#include <limits>
#include <utility>
#include <vector>

#include "implicit_slices.hpp"
#include "tensor_als_steps.hpp"

namespace seesaw {

/// What complete_tensor() does in a sweep where feedback is implicit. The Grams of the factors are kept: a half-sweep
/// computes that of its own again.
template <class T>
class TensorImplicitSteps {
 public:
  static constexpr bool kDescends = false;

  TensorImplicitSteps(Context& ctx, const SparseTensorView<T>& entries, const TensorCompletionOptions& options)
      : ctx_(ctx),
        options_(options),
        entries_(ctx, entries, options),
        slices_(ctx, entries_, options.rank, /*copies=*/2),
        workspace_{std::move(slices_.workspace), {}, Matrix<T>(ctx, options.rank, options.rank)} {}

  const TensorEntries<T>& entries() const { return entries_; }

  /// Conjugate gradients read the first factor.
  double begin(Factors<T>& at) {
    fill(ctx_, at[0].view(), T{0});
    grams_ = grams_of(ctx_, at);
    return std::numeric_limits<double>::infinity();
  }
  bool sweep(Factors<T>& at, std::int64_t* singular) {
    sums_ = {};
    for (int n = 0; n < entries_.order(); ++n) {
      const auto mode = static_cast<std::size_t>(n);
      const bool last = n + 1 == entries_.order();
      const ImplicitModel model{options_.implicit->unobserved, entries_.penalty(n), options_.implicit->cg_steps};
      solve_implicit_slices<T>(ctx_, slices_.by_mode[mode], views(at), grams_, model, at[mode].view(), singular + n,
                               last ? &sums_ : nullptr, workspace_);
      gram(ctx_, std::as_const(at[mode]).view(), grams_[mode].view());
    }
    return true;
  }
  void measure(const Factors<T>& at, SweepRecord& record) {
    measure_implicit(sums_, entries_.mode(0).entries, sum_of_squares(grams_), options_.implicit->unobserved, record);
    for (int n = 0; n < entries_.order(); ++n)
      record.objective +=
          penalty_term(ctx_, at[static_cast<std::size_t>(n)].view(), entries_.offsets(n), entries_.penalty(n));
  }
  double validation_rmse(const KnownSlices<T>& held_out, const Factors<T>& at) {
    ResidualSums sums;
    held_out.slices.for_each(ctx_, views(at), held_out.scratch,
                             [&](CsrView<T> rows, MatrixView<const T> vectors, index_t first, index_t last) {
                               rows.values = nullptr;
                               add(sums, residual_sums(ctx_, rows, at[0].view().slice(first, last), vectors));
                             });
    return rmse(sums, held_out.entries.values.size());
  }
  static const char* advice(bool) { return "smaller values or a lambda that is not so small keep them within it"; }

 private:
  Context& ctx_;
  const TensorCompletionOptions& options_;
  TensorEntries<T> entries_;
  ModeSlices<T> slices_;
  ImplicitSliceWorkspace<T> workspace_;
  std::vector<Matrix<T>> grams_;
  ResidualSums sums_;  ///< where the sweep ended
};

}  // namespace seesaw
