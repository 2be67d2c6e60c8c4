#pragma once
#include <cstdint>
#include <limits>

namespace seesaw {

/// When an iteration ends besides its number of sweeps. What a sweep is each solver says: a pass over all entries or
/// some of them.
struct Stopping {
  int sweeps = 15;                                           ///< at most so many
  double tolerance = 0;                                      ///< on |change of objective| / objective; 0: never
  double seconds = std::numeric_limits<double>::infinity();  ///< no sweep begins after so many
  int patience = 0;          ///< sweeps without a better validation RMSE before it ends; 0: never
  double gradient_norm = 0;  ///< ends when the gradient's 2-norm is at most so much; 0: never. For solvers that tell it
  double gap = 0;            ///< the same of gap / objective, for solvers that tell the duality gap
};

/// An objective that has grown by more than this since the start is taken for divergence.
inline constexpr double kDivergence = 1e6;

/// diverged: a sweep's objective, or its validation RMSE, was not finite, or the objective had grown by more than
/// kDivergence. stationary: no step in the solver's direction lowers the objective any more.
enum class StopReason { sweeps, tolerance, time, validation, callback, diverged, gradient_norm, gap, stationary };

const char* to_string(StopReason reason);

/// What one sweep came to. What is NaN was not measured: validation_rmse without validation entries, gradient_norm and
/// gap by solvers that do not know them.
struct SweepRecord {
  int sweep = 0;  ///< from 1
  double objective = 0;
  double train_rmse = 0;
  double validation_rmse = std::numeric_limits<double>::quiet_NaN();
  double seconds = 0;                                               ///< since the first sweep began
  double gradient_norm = std::numeric_limits<double>::quiet_NaN();  ///< 2-norm over all factors, where the sweep ended
  double gap = std::numeric_limits<double>::quiet_NaN();  ///< bound on how far the objective is from its minimum
  std::int64_t products = 0;                              ///< Hessian-vector products since the start
};

}  // namespace seesaw
