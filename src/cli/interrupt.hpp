#pragma once
#include <csignal>

namespace seesaw::cli {

/// While one lives, the first Ctrl-C (or SIGTERM) only sets requested(), with a line on standard error where `aloud`;
/// the second, of either kind, ends the process at once. An old model stays as it was then, for a new one replaces it
/// only when it is whole.
class InterruptGuard {
 public:
  explicit InterruptGuard(bool aloud);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  bool requested() const;

 private:
  struct sigaction old_interrupt_ {};
  struct sigaction old_terminate_ {};
};

}  // namespace seesaw::cli
