// What a run took: wall time, processor time and peak memory, for the last line of -v.
// Thread rule: one thread.
#pragma once

#include <chrono>
#include <string>

namespace bivox {

class UsageMeter {
 public:
  UsageMeter();
  /// "12 files, 34.5 s of audio in 6.7 s: 0.19 of real time, 0.18 core-seconds a second, peak 98
  /// MB".
  std::string report(size_t num_files, double audio_s) const;

 private:
  std::chrono::steady_clock::time_point start_;
  double start_cpu_s_;
};

}  // namespace bivox
