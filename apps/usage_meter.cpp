#include "apps/usage_meter.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

namespace bivox {
namespace {

rusage usage() {
  rusage now = {};
  ::getrusage(RUSAGE_SELF, &now);
  return now;
}

double cpu_seconds() {
  const rusage now = usage();
  return static_cast<double>(now.ru_utime.tv_sec + now.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(now.ru_utime.tv_usec + now.ru_stime.tv_usec);
}

}  // namespace

UsageMeter::UsageMeter() : start_(std::chrono::steady_clock::now()), start_cpu_s_(cpu_seconds()) {}

std::string UsageMeter::report(size_t num_files, double audio_s) const {
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start_;
  const double audio = std::max(audio_s, 1e-9);
  return fmt::format(
      "{} files, {:.1f} s of audio in {:.1f} s: {:.3f} of real time, {:.3f} core-seconds a second, "
      "peak {:.0f} MB",
      num_files, audio_s, wall.count(), wall.count() / audio,
      (cpu_seconds() - start_cpu_s_) / audio, static_cast<double>(usage().ru_maxrss) / 1024.0);
}

}  // namespace bivox
