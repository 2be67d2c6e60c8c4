#pragma once
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "factors.hpp"
#include "host_entries.hpp"
#include "seesaw/completion.hpp"

namespace seesaw {

/// What is known of the validation entries of a run, less the mean of what is fitted: Csr<T> or KnownSlices<T>.
template <class Entries>
class HeldOutEntries {
 public:
  HeldOutEntries() = default;
  /// So many, `count`, of `given` ones. Throws InvalidArgument where the run is to stop by entries of which none is
  /// left; `places` says what a known one has entries in.
  HeldOutEntries(Entries known, offset_t count, offset_t given, int patience, const char* places)
      : known_(std::move(known)), count_(count), left_out_(given - count), watched_(patience > 0) {
    if (watched_ && count == 0)
      throw InvalidArgument("patience is " + std::to_string(patience) + " but all " + std::to_string(given) +
                            " validation entries are left out: none has " + places);
  }

  bool is_watched() const { return watched_; }  ///< whether the run stops by them
  offset_t left_out() const { return left_out_; }
  decltype(auto) view() const { return known_.view(); }

  /// Fills in rmse(entries), where there are any.
  template <class Rmse>
  void measure(SweepRecord& record, Rmse&& rmse) const {
    if (count_ == 0) return;
    record.validation_rmse = rmse(known_.view());
    // NaN would say that there are no validation entries.
    if (std::isnan(record.validation_rmse)) record.validation_rmse = std::numeric_limits<double>::infinity();
  }

 private:
  Entries known_;
  offset_t count_ = 0;
  offset_t left_out_ = 0;
  bool watched_ = false;
};

template <class T>
double held_out_rmse(Context& ctx, const CsrView<T>& validation, const Factors<T>& at) {
  return rmse(masked_residual(ctx, validation, at[0].view(), at[1].view()), validation.entries);
}

/// The validation entries that have ratings in their row and in their column.
template <class T>
class HeldOut : public HeldOutEntries<Csr<T>> {
 public:
  HeldOut() = default;
  /// `by_row` and `by_column` are the offsets of the ratings.
  HeldOut(Context& ctx, CsrView<T> validation, const CompletionOptions& options, const offset_t* by_row,
          const offset_t* by_column, double mean)
      : HeldOutEntries<Csr<T>>(validation.rows == 0 ? HeldOutEntries<Csr<T>>()
                                                    : known(ctx, validation, options, by_row, by_column, mean)) {}

 private:
  static HeldOutEntries<Csr<T>> known(Context& ctx, CsrView<T> validation, const CompletionOptions& options,
                                      const offset_t* by_row, const offset_t* by_column, double mean) {
    Csr<T> entries = known_entries(ctx, validation, by_row, by_column, mean);
    const offset_t count = entries.values.size();
    return {std::move(entries), count, validation.entries, options.stopping.patience,
            "ratings in its row and in its column"};
  }
};

}  // namespace seesaw
