#include "apps/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace bivox {
namespace {

constexpr int kMaxNotices = 5;
constexpr size_t kBarWidth = 30;
constexpr size_t kLabelWidth = 36;
constexpr auto kRedraw = std::chrono::milliseconds(100);

}  // namespace

Console::Console(Verbosity verbosity)
    : verbosity_(verbosity), is_terminal_(::isatty(STDERR_FILENO) == 1) {
  set_log_callback([this](LogLevel level, std::string_view message) { log(level, message); });
}

Console::~Console() {
  set_log_callback({});
  const std::lock_guard lock(mutex_);
  wipe();
}

void Console::error(const Error& error) {
  const std::lock_guard lock(mutex_);
  line(fmt::format("bivox: error: {}", error.message()));
  if (!error.hint().empty()) line(fmt::format("  hint: {}", error.hint()));
}

void Console::error(std::string_view message) {
  const std::lock_guard lock(mutex_);
  line(fmt::format("bivox: error: {}", message));
}

void Console::warning(std::string_view message) { log(LogLevel::kWarning, message); }

void Console::report(std::string_view message) {
  if (verbosity_ == Verbosity::kQuiet) return;
  const std::lock_guard lock(mutex_);
  line(message);
}

void Console::detail(std::string_view message) {
  if (verbosity_ != Verbosity::kVerbose) return;
  const std::lock_guard lock(mutex_);
  line(message);
}

void Console::log(LogLevel level, std::string_view message) {
  if (verbosity_ == Verbosity::kQuiet) return;
  if (verbosity_ == Verbosity::kNormal && level == LogLevel::kDebug) return;
  const std::lock_guard lock(mutex_);
  if (level == LogLevel::kNotice && verbosity_ == Verbosity::kNormal) {
    if (++notices_ > kMaxNotices) {
      if (notices_ == kMaxNotices + 1) line("bivox: further notices are not shown; -v shows all");
      return;
    }
  }
  line(fmt::format("bivox: {}{}", level == LogLevel::kWarning ? "warning: " : "", message));
}

void Console::progress(size_t done, size_t total, std::string_view label) {
  if (!is_terminal_ || verbosity_ == Verbosity::kQuiet) return;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (total == 0) return wipe();
  if (bar_drawn_ && done < total && now - last_draw_ < kRedraw) return;
  last_draw_ = now;
  const size_t filled = kBarWidth * std::min(done, total) / total;
  wipe();
  fmt::print(stderr, "[{:<{}}] {}/{} {}", std::string(filled, '#'), kBarWidth, done, total,
             label.substr(0, kLabelWidth));
  std::fflush(stderr);
  bar_drawn_ = true;
}

void Console::line(std::string_view text) {
  wipe();
  fmt::print(stderr, "{}\n", text);
}

void Console::wipe() {
  if (!bar_drawn_) return;
  fmt::print(stderr, "\r\x1b[K");
  bar_drawn_ = false;
}

}  // namespace bivox
