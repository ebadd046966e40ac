// Ctrl-C as a question that work asks between its steps, so that it can leave whole files behind.
//
// The first SIGINT or SIGTERM sets a flag and breaks off a blocking read; a second one ends the
// program at once, as users expect. Thread rule: install once in main; interrupted() may be asked
// from any thread.
#pragma once

namespace bivox {

/// Exit code of an interrupted run, by the shell's custom: 128 + SIGINT.
inline constexpr int kInterruptedExitCode = 130;

void install_interrupt_handler();
bool interrupted() noexcept;

}  // namespace bivox
