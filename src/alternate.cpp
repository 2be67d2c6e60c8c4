#include "seesaw/alternate.hpp"

#include <chrono>
#include <cmath>
#include <string>

#include "checks.hpp"

namespace seesaw {
const char* to_string(StopReason reason) {
  switch (reason) {
    case StopReason::sweeps:
      return "sweeps";
    case StopReason::tolerance:
      return "tolerance";
    case StopReason::time:
      return "time";
    case StopReason::validation:
      return "validation";
    case StopReason::callback:
      return "callback";
    case StopReason::diverged:
      return "diverged";
  }
  return "unknown";
}

StopReason alternate(const std::function<void()>& update_left, const std::function<void()>& update_right,
                     const std::function<void(SweepRecord&)>& measure,
                     const std::function<bool(const SweepRecord&, bool improved)>& after_sweep,
                     const Stopping& stopping) {
  require_stopping(stopping);
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  double before = std::numeric_limits<double>::quiet_NaN();
  double best = std::numeric_limits<double>::infinity();
  int best_sweep = 0;
  for (int sweep = 1;; ++sweep) {
    update_left();
    update_right();
    SweepRecord record;
    record.sweep = sweep;
    measure(record);
    record.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    if (!std::isfinite(record.objective) || std::isinf(record.validation_rmse)) return StopReason::diverged;

    const bool validated = !std::isnan(record.validation_rmse);
    const bool improved = !validated || record.validation_rmse < best;
    if (improved) best_sweep = sweep;
    if (validated && improved) best = record.validation_rmse;
    if (!after_sweep(record, improved)) return StopReason::callback;

    if (stopping.tolerance > 0 &&
        std::abs(before - record.objective) <= stopping.tolerance * std::abs(record.objective))
      return StopReason::tolerance;
    if (stopping.patience > 0 && sweep - best_sweep >= stopping.patience) return StopReason::validation;
    if (sweep == stopping.sweeps) return StopReason::sweeps;
    if (record.seconds >= stopping.seconds) return StopReason::time;
    before = record.objective;
  }
}

}  // namespace seesaw
