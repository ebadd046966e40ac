// The library never prints: it hands notices to one callback, silent by default.
//
// Thread rule: set the callback once, before other threads use Bivox; log_message may be called
// from any thread, and the callback must bear that.
#pragma once

#include <functional>
#include <string_view>

namespace bivox {

enum class LogLevel {
  kDebug,    ///< For someone who looks for a fault.
  kNotice,   ///< Said once: a conversion was made, a default was chosen.
  kWarning,  ///< The result may suffer.
};

using LogCallback = std::function<void(LogLevel level, std::string_view message)>;

/// Replaces the callback; an empty one makes the library silent again.
void set_log_callback(LogCallback callback);
void log_message(LogLevel level, std::string_view message);

}  // namespace bivox
