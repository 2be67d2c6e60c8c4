#include "iterate.hpp"

#include <chrono>
#include <cmath>
#include <optional>

#include "checks.hpp"
#include "seesaw/alternate.hpp"

namespace seesaw {
namespace {

/// Whether the iteration ends with the sweep of `record`, whose objective was `before` in the sweep before.
std::optional<StopReason> end_of(const SweepRecord& record, const Stopping& stopping, double before, int best_sweep) {
  if (stopping.gradient_norm > 0 && record.gradient_norm <= stopping.gradient_norm) return StopReason::gradient_norm;
  if (stopping.gap > 0 && record.gap <= stopping.gap * std::abs(record.objective)) return StopReason::gap;
  if (stopping.tolerance > 0 && std::abs(before - record.objective) <= stopping.tolerance * std::abs(record.objective))
    return StopReason::tolerance;
  if (stopping.patience > 0 && record.sweep - best_sweep >= stopping.patience) return StopReason::validation;
  if (record.sweep == stopping.sweeps) return StopReason::sweeps;
  if (record.seconds >= stopping.seconds) return StopReason::time;
  return std::nullopt;
}

}  // namespace

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
    case StopReason::gradient_norm:
      return "gradient_norm";
    case StopReason::gap:
      return "gap";
    case StopReason::stationary:
      return "stationary";
  }
  return "unknown";
}

StopReason iterate(const std::function<bool()>& sweep, const std::function<void(SweepRecord&)>& measure,
                   const std::function<bool(const SweepRecord&, bool improved)>& after_sweep, const Stopping& stopping,
                   double start) {
  require_stopping(stopping);
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  double before = start;
  double best = std::numeric_limits<double>::infinity();
  int best_sweep = 0;
  for (int n = 1;; ++n) {
    const bool goes_on = sweep();
    SweepRecord record;
    record.sweep = n;
    measure(record);
    record.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    if (!std::isfinite(record.objective) || std::isinf(record.validation_rmse) ||
        (start > 0 && std::isfinite(start) && record.objective > kDivergence * start))
      return StopReason::diverged;

    const bool validated = !std::isnan(record.validation_rmse);
    const bool improved = !validated || record.validation_rmse < best;
    if (improved) best_sweep = n;
    if (validated && improved) best = record.validation_rmse;
    if (!after_sweep(record, improved)) return StopReason::callback;
    if (!goes_on) return StopReason::stationary;
    if (const auto reason = end_of(record, stopping, before, best_sweep)) return *reason;
    before = record.objective;
  }
}

StopReason alternate(const std::function<void()>& update_left, const std::function<void()>& update_right,
                     const std::function<void(SweepRecord&)>& measure,
                     const std::function<bool(const SweepRecord&, bool improved)>& after_sweep,
                     const Stopping& stopping) {
  return iterate(
      [&] {
        update_left();
        update_right();
        return true;
      },
      measure, after_sweep, stopping);
}

}  // namespace seesaw
