#include "apps/interrupt.h"

#include <csignal>

namespace bivox {
namespace {

volatile std::sig_atomic_t interrupt_flag = 0;

void on_signal(int) { interrupt_flag = 1; }

}  // namespace

void install_interrupt_handler() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  // The default action comes back after the first signal: a program that hangs must still be
  // stoppable by hand. Without SA_RESTART a read from a silent pipe ends too.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  // A closed pipe shows as a failed write, which is reported like a full disk.
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() noexcept { return interrupt_flag != 0; }

}  // namespace bivox
