// Collects the library's notices while it lives.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dsp/core/log.h"

namespace bivox {

class LogCapture {
 public:
  LogCapture() {
    set_log_callback([this](LogLevel level, std::string_view message) {
      messages.emplace_back(level, message);
    });
  }
  ~LogCapture() { set_log_callback({}); }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  std::vector<std::pair<LogLevel, std::string>> messages;
};

}  // namespace bivox
