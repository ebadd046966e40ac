#include "apps/interrupt.h"

#include <csignal>

namespace bivox {
namespace {

volatile std::sig_atomic_t interrupt_flag = 0;

void on_signal(int signal) {
  interrupt_flag = 1;
  // The default action comes back: a program that hangs must still be stoppable by hand.
  std::signal(signal, SIG_DFL);
}

}  // namespace

void install_interrupt_handler() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  // A closed pipe shows as a failed write, which is reported like a full disk.
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() noexcept { return interrupt_flag != 0; }

}  // namespace bivox
