#pragma once
#include <functional>

#include "seesaw/iteration.hpp"

namespace seesaw {

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
