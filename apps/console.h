// What people see on standard error: notices, warnings, errors and the progress bar.
//
// Results go to standard output, never through here. The bar is drawn only when standard error is a
// terminal, and is wiped before any line, so that logs in files hold lines alone.
// Thread rule: all members may be called from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "dsp/core/error.h"
#include "dsp/core/log.h"

namespace bivox {

enum class Verbosity {
  kQuiet,    ///< Errors only.
  kNormal,   ///< Notices (the first few), warnings, errors, progress.
  kVerbose,  ///< All of it, and what was measured.
};

class Console {
 public:
  explicit Console(Verbosity verbosity);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  Verbosity verbosity() const { return verbosity_; }

  /// `bivox: error: message` and the hint on a line of its own.
  void error(const Error& error);
  void error(std::string_view message);
  void warning(std::string_view message);
  /// A line of the log of a long run; not with -q.
  void report(std::string_view message);
  /// For -v only.
  void detail(std::string_view message);
  /// A message of the library.
  void log(LogLevel level, std::string_view message);

  /// Draws `done` of `total` steps and the name of the work; total 0 wipes the bar.
  void progress(size_t done, size_t total, std::string_view label);

 private:
  void line(std::string_view text);
  void wipe();

  Verbosity verbosity_;
  bool is_terminal_;
  bool bar_drawn_ = false;
  int notices_ = 0;
  std::chrono::steady_clock::time_point last_draw_;
  std::mutex mutex_;
};

}  // namespace bivox
