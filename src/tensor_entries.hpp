#pragma once
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "explicit_ratings.hpp"
#include "factors.hpp"
#include "held_out.hpp"
#include "implicit_steps.hpp"
#include "seesaw/complete_tensor.hpp"
#include "slice_rows.hpp"

namespace seesaw {

/// What one mode's rows are penalized by and, with implicit feedback, what all else counts.
inline ImplicitModel implicit_model(const TensorCompletionOptions& options, int order,
                                    const std::array<index_t, kMaxOrder>& shape, int mode) {
  double others = 1;
  for (int n = 0; n < order; ++n) others *= n == mode ? 1.0 : static_cast<double>(shape[static_cast<std::size_t>(n)]);
  return implicit_model(*options.implicit,
                        {options.lambda[static_cast<std::size_t>(mode)], options.weighting, options.exponent}, others);
}

/// Some entries of a tensor as the solvers take them: centred, or with implicit feedback as confidences, by each mode,
/// with the penalty of each. The same members as ExplicitRatings.
template <class T>
class TensorEntries {
 public:
  TensorEntries(Context& ctx, const SparseTensorView<T>& given, const TensorCompletionOptions& options) {
    SparseTensorView<T> entries = given;
    const Buffer<T> own = options.implicit ? confidences(ctx, entries, *options.implicit)
                          : options.centre ? centre(ctx, entries)
                                           : Buffer<T>();
    if (!own.empty()) entries.values = own.data();
    for (int n = 0; n < entries.order; ++n) {
      by_mode_.push_back(by_mode(ctx, entries, n));
      penalties_.push_back(
          options.implicit ? implicit_model(options, entries.order, entries.shape, n).penalty
                           : Penalty{options.lambda[static_cast<std::size_t>(n)], options.weighting, options.exponent});
    }
    require(std::isfinite(mean_), "the mean of the entries", mean_, "a finite number; smaller values have one");
  }

  int order() const { return static_cast<int>(by_mode_.size()); }
  double mean() const { return mean_; }
  ModeView<T> mode(int n) const { return by_mode_[static_cast<std::size_t>(n)].view(); }
  const offset_t* offsets(int n) const { return by_mode_[static_cast<std::size_t>(n)].offsets.data(); }
  Penalty penalty(int n) const { return penalties_[static_cast<std::size_t>(n)]; }

 private:
  /// The values less their mean; empty where the mean is not finite, as by_mode() then tells which value is not.
  Buffer<T> centre(Context& ctx, const SparseTensorView<T>& entries) {
    Buffer<T> values = host_copy(ctx, entries.values, entries.entries);
    mean_ =
        mean_of(values, entries.weights != nullptr ? host_copy(ctx, entries.weights, entries.entries) : Buffer<T>());
    if (!std::isfinite(mean_)) return {};
    for (offset_t e = 0; e < entries.entries; ++e)
      values.data()[e] = static_cast<T>(static_cast<double>(values.data()[e]) - mean_);
    return placed(ctx, std::move(values));
  }

  static Buffer<T> confidences(Context& ctx, const SparseTensorView<T>& entries, const ImplicitFeedback& feedback) {
    Buffer<T> values = host_copy(ctx, entries.values, entries.entries);
    to_confidences(values, "entries", feedback);
    return placed(ctx, std::move(values));
  }

  double mean_ = 0;
  std::vector<ModeEntries<T>> by_mode_;
  std::vector<Penalty> penalties_;
};

/// Validation entries of a tensor, with what their residual is worked out with.
template <class T>
struct KnownSlices {
  ModeEntries<T> entries;
  SliceRows<T> slices;
  mutable SliceWorkspace<T> scratch;

  const KnownSlices& view() const { return *this; }
};

template <class T>
double held_out_rmse(Context& ctx, const KnownSlices<T>& held_out, const Factors<T>& at) {
  return rmse(residual_of_slices(ctx, held_out.slices, views(at), held_out.scratch), held_out.entries.values.size());
}

/// The validation entries whose index has entries in every mode, less the mean of those.
template <class T>
SparseTensor<T> known_entries(Context& ctx, const SparseTensorView<T>& validation, const TensorEntries<T>& fitted) {
  SparseTensor<T> known;
  known.order = validation.order;
  known.shape = validation.shape;
  known.values = host_copy(ctx, validation.values, validation.entries);
  std::vector<Buffer<offset_t>> offsets;
  const auto modes = static_cast<std::size_t>(validation.order);
  for (std::size_t n = 0; n < modes; ++n) {
    known.indices[n] = host_copy(ctx, validation.indices[n], validation.entries);
    offsets.push_back(host_copy(ctx, fitted.offsets(static_cast<int>(n)), validation.shape[n] + 1));
  }
  offset_t kept = 0;
  for (offset_t e = 0; e < validation.entries; ++e) {
    bool seen = true;
    for (std::size_t n = 0; n < modes; ++n) {
      const offset_t* of_index = offsets[n].data() + known.indices[n].data()[e];
      seen = seen && of_index[1] > of_index[0];
    }
    if (!seen) continue;
    for (std::size_t n = 0; n < modes; ++n) known.indices[n].data()[kept] = known.indices[n].data()[e];
    known.values.data()[kept++] = static_cast<T>(static_cast<double>(known.values.data()[e]) - fitted.mean());
  }
  for (std::size_t n = 0; n < modes; ++n) known.indices[n] = to_context(ctx, known.indices[n].data(), kept);
  known.values = to_context(ctx, known.values.data(), kept);
  return known;
}

template <class T>
class TensorHeldOut : public HeldOutEntries<KnownSlices<T>> {
 public:
  TensorHeldOut(Context& ctx, const SparseTensorView<T>& validation, const TensorCompletionOptions& options,
                const TensorEntries<T>& fitted)
      : HeldOutEntries<KnownSlices<T>>(validation.entries == 0 ? HeldOutEntries<KnownSlices<T>>()
                                                               : known(ctx, validation, options, fitted)) {}

 private:
  static HeldOutEntries<KnownSlices<T>> known(Context& ctx, const SparseTensorView<T>& validation,
                                              const TensorCompletionOptions& options, const TensorEntries<T>& fitted) {
    try {
      by_mode(ctx, validation, 0);
    } catch (const InvalidArgument& error) {
      throw InvalidArgument(std::string("validation: ") + error.what());
    }
    KnownSlices<T> slices;
    slices.entries = by_mode(ctx, known_entries(ctx, validation, fitted).view(), 0);
    slices.slices = SliceRows<T>(ctx, slices.entries.view(), options.rank);
    slices.scratch = slice_workspace<T>(ctx, slices.slices.vectors(), options.rank, slices.slices.chunks());
    const offset_t count = slices.entries.values.size();
    return {std::move(slices), count, validation.entries, options.stopping.patience,
            "entries in its index of each mode"};
  }
};

}  // namespace seesaw
