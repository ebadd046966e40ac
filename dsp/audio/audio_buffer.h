// Sound in memory; it always carries its sample rate, so nothing downstream has to guess it.
//
// Samples are mono float in [-1, 1]. AudioView borrows, AudioBuffer owns.
// Lifetime rule: a view is valid while the buffer it was taken from lives and is not resized.
// Thread rule: plain values; a const buffer may be read by many threads.
#pragma once

#include <span>
#include <vector>

namespace bivox {

struct AudioView {
  std::span<const float> samples;
  int sample_rate_hz = 0;

  double duration_s() const {
    return sample_rate_hz > 0 ? static_cast<double>(samples.size()) / sample_rate_hz : 0.0;
  }
  /// The part [begin, begin + count) in samples.
  AudioView part(size_t begin, size_t count) const {
    return {samples.subspan(begin, count), sample_rate_hz};
  }
};

struct AudioBuffer {
  std::vector<float> samples;
  int sample_rate_hz = 0;

  AudioView view() const { return {samples, sample_rate_hz}; }
  // NOLINTNEXTLINE(google-explicit-constructor): a view of itself
  operator AudioView() const { return view(); }
  double duration_s() const { return view().duration_s(); }
};

}  // namespace bivox
