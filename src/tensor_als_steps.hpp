#pragma once
#include <algorithm>
#include <limits>
#include <vector>

#include "completion_checks.hpp"
#include "tensor_entries.hpp"

namespace seesaw {

/// The entries by each mode as chunks of rows, and the workspace of the largest.
template <class T>
struct ModeSlices {
  std::vector<SliceRows<T>> by_mode;
  SliceWorkspace<T> workspace;

  /// `copies` of the vectors of a chunk are there at once. Throws OutOfMemory.
  ModeSlices(const Context& ctx, const TensorEntries<T>& entries, index_t k, double copies = 1) {
    index_t vectors = 0;
    std::size_t chunks = 0;
    double factors = 0;
    for (int n = 0; n < entries.order(); ++n) {
      by_mode.emplace_back(ctx, entries.mode(n), k);
      vectors = std::max(vectors, by_mode.back().vectors());
      chunks = std::max(chunks, by_mode.back().chunks());
      factors += 2 * static_cast<double>(by_mode.back().rows()) * static_cast<double>(k) * sizeof(T);
    }
    require_memory(ctx, "complete_tensor", saturated(factors + copies * slice_workspace_bytes<T>(vectors, k)));
    workspace = slice_workspace<T>(ctx, vectors, k, chunks);
  }
};

/// What complete_tensor() does in a sweep of alternating least squares. The residuals come with the last mode's rows,
/// whose vectors are there.
template <class T>
class TensorAlsSteps {
 public:
  static constexpr bool kDescends = false;

  TensorAlsSteps(Context& ctx, const SparseTensorView<T>& entries, const TensorCompletionOptions& options)
      : ctx_(ctx), entries_(ctx, entries, options), slices_(ctx, entries_, options.rank) {}

  const TensorEntries<T>& entries() const { return entries_; }

  double begin(Factors<T>&) { return std::numeric_limits<double>::infinity(); }
  bool sweep(Factors<T>& at, std::int64_t* singular) {
    sums_ = {};
    for (int n = 0; n < entries_.order(); ++n) {
      const auto mode = static_cast<std::size_t>(n);
      const bool last = n + 1 == entries_.order();
      solve_slices<T>(ctx_, slices_.by_mode[mode], views(at), entries_.penalty(n), at[mode].view(), singular + n,
                      last ? &sums_ : nullptr, slices_.workspace);
    }
    return true;
  }
  void measure(const Factors<T>& at, SweepRecord& record) {
    record.train_rmse = rmse(sums_, entries_.mode(0).entries);
    record.objective = 0.5 * sums_.weighted_squared;
    for (int n = 0; n < entries_.order(); ++n)
      record.objective +=
          penalty_term(ctx_, at[static_cast<std::size_t>(n)].view(), entries_.offsets(n), entries_.penalty(n));
  }
  double validation_rmse(const KnownSlices<T>& held_out, const Factors<T>& at) {
    return held_out_rmse(ctx_, held_out, at);
  }
  static const char* advice(bool) { return "smaller values or a lambda that is not so small keep them within it"; }

 private:
  Context& ctx_;
  TensorEntries<T> entries_;
  ModeSlices<T> slices_;
  ResidualSums sums_;  ///< where the sweep ended
};

}  // namespace seesaw
