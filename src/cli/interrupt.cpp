#include "interrupt.hpp"

#include <unistd.h>

#include <string_view>

namespace seesaw::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;
volatile std::sig_atomic_t speaks = 0;

extern "C" void on_interrupt(int signal) {
  if (interrupted != 0) {  // be it Ctrl-C and then SIGTERM
    std::signal(signal, SIG_DFL);
    ::raise(signal);  // delivered on return
    return;
  }
  interrupted = 1;
  constexpr std::string_view kLine = "\nstopping after this sweep and saving; Ctrl-C again quits without saving\n";
  if (speaks != 0 && ::write(STDERR_FILENO, kLine.data(), kLine.size()) < 0) return;  // nobody is left to be told
}

}  // namespace

InterruptGuard::InterruptGuard(bool aloud) {
  interrupted = 0;
  speaks = aloud ? 1 : 0;
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_interrupt_);
  sigaction(SIGTERM, &action, &old_terminate_);
  if (old_interrupt_.sa_handler == SIG_IGN) sigaction(SIGINT, &old_interrupt_, nullptr);  // as nohup and & want it
  if (old_terminate_.sa_handler == SIG_IGN) sigaction(SIGTERM, &old_terminate_, nullptr);
}

InterruptGuard::~InterruptGuard() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
}

bool InterruptGuard::requested() const { return interrupted != 0; }

}  // namespace seesaw::cli
