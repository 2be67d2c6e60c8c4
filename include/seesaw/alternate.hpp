#pragma once
#include <functional>
#include <limits>

namespace seesaw {

/// When an alternation ends besides its number of sweeps.
struct Stopping {
  int sweeps = 15;                                           ///< at most so many
  double tolerance = 0;                                      ///< on |change of objective| / objective; 0: never
  double seconds = std::numeric_limits<double>::infinity();  ///< no sweep begins after so many
  int patience = 0;  ///< sweeps without a better validation RMSE before it ends; 0: never
};

/// diverged: a sweep's objective, or its validation RMSE, was not finite.
enum class StopReason { sweeps, tolerance, time, validation, callback, diverged };

const char* to_string(StopReason reason);

/// What one sweep came to. Without validation entries validation_rmse is NaN.
struct SweepRecord {
  int sweep = 0;  ///< from 1
  double objective = 0;
  double train_rmse = 0;
  double validation_rmse = std::numeric_limits<double>::quiet_NaN();
  double seconds = 0;  ///< since the first sweep began
};

/// The alternation itself, over any two updates: update_left(), update_right(), measure(record) fills in objective
/// and RMSEs, after_sweep(record, improved) may return false to stop; `improved` says that validation_rmse is the
/// best so far (always true without validation). Runs until `stopping` says so, or a sweep has diverged: that sweep is
/// not passed to after_sweep().
/// Throws InvalidArgument for options out of range.
StopReason alternate(const std::function<void()>& update_left, const std::function<void()>& update_right,
                     const std::function<void(SweepRecord&)>& measure,
                     const std::function<bool(const SweepRecord&, bool improved)>& after_sweep,
                     const Stopping& stopping);

}  // namespace seesaw
