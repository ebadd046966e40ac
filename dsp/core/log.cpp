#include "dsp/core/log.h"

#include <utility>

namespace bivox {
namespace {

// The only process-wide state of the library: where its notices go.
LogCallback& callback_slot() {
  static LogCallback callback;
  return callback;
}

}  // namespace

void set_log_callback(LogCallback callback) { callback_slot() = std::move(callback); }

void log_message(LogLevel level, std::string_view message) {
  if (const LogCallback& callback = callback_slot()) callback(level, message);
}

}  // namespace bivox
