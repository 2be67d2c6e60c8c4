#pragma once
#include <cmath>
#include <limits>
#include <string>

#include "host_entries.hpp"
#include "seesaw/completion.hpp"

namespace seesaw {

/// The validation entries of a run that have ratings in their row and in their column, less the ratings' mean.
template <class T>
class HeldOut {
 public:
  HeldOut() = default;
  /// `by_row` and `by_column` are the offsets of the ratings. Throws InvalidArgument where the run is to stop by
  /// entries of which none is left.
  HeldOut(Context& ctx, CsrView<T> validation, const CompletionOptions& options, const offset_t* by_row,
          const offset_t* by_column, double mean) {
    if (validation.rows == 0) return;
    known_ = known_entries(ctx, validation, by_row, by_column, mean);
    left_out_ = validation.entries - known_.values.size();
    watched_ = options.stopping.patience > 0;
    if (watched_ && known_.values.empty())
      throw InvalidArgument("patience is " + std::to_string(options.stopping.patience) + " but all " +
                            std::to_string(validation.entries) +
                            " validation entries are left out: none has ratings in its row and in its column");
  }

  bool is_watched() const { return watched_; }  ///< whether the run stops by them
  offset_t left_out() const { return left_out_; }
  CsrView<T> view() const { return known_.view(); }

  /// Fills in rmse(entries), where there are any.
  template <class Rmse>
  void measure(SweepRecord& record, Rmse&& rmse) const {
    if (known_.values.empty()) return;
    record.validation_rmse = rmse(known_.view());
    // NaN would say that there are no validation entries.
    if (std::isnan(record.validation_rmse)) record.validation_rmse = std::numeric_limits<double>::infinity();
  }

 private:
  Csr<T> known_;
  offset_t left_out_ = 0;
  bool watched_ = false;
};

}  // namespace seesaw
