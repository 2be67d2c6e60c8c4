#pragma once
#include <functional>
#include <limits>

#include "seesaw/iteration.hpp"

namespace seesaw {

/// The loop in which every solver runs. sweep() returns false where no further one would change anything
/// (StopReason::stationary); measure(record) fills in the objective and what else the solver knows; after_sweep(record,
/// improved) may return false to stop; `improved` says that validation_rmse is the best so far (always true without
/// validation). `start` is the objective before the first sweep, for telling growth beyond kDivergence; infinity where
/// the solver knows none, as it is not one that can grow: from an exact fit on, rounding alone may grow as much. A
/// sweep that has diverged is not passed to after_sweep(). Throws InvalidArgument for options out of range.
StopReason iterate(const std::function<bool()>& sweep, const std::function<void(SweepRecord&)>& measure,
                   const std::function<bool(const SweepRecord&, bool improved)>& after_sweep, const Stopping& stopping,
                   double start = std::numeric_limits<double>::infinity());

}  // namespace seesaw
