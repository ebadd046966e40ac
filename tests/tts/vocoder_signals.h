// Sounds for the tests of the vocoder. Thread rule: pure functions. Test: those that use it.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "dsp/audio/audio_buffer.h"
#include "dsp/core/random.h"

namespace bivox {

inline constexpr int kVowelRate = 16000;

/// Harmonics of `f0_hz` (gliding by `glide` of it over the whole) with the formants of an "ah",
/// some breath, and silence for the first and last tenth of a second.
inline AudioBuffer vowel(double seconds, double f0_hz, double glide = 0.0, uint64_t seed = 1) {
  Random random(seed);
  const auto samples = static_cast<size_t>(seconds * kVowelRate);
  AudioBuffer audio{std::vector<float>(samples, 0.0F), kVowelRate};
  double phase = 0.0;
  const size_t edge = kVowelRate / 10;
  for (size_t n = edge; n + edge < samples; ++n) {
    const double share = static_cast<double>(n) / static_cast<double>(samples);
    const double f0 = f0_hz * (1.0 + glide * share);
    phase += 2.0 * std::numbers::pi * f0 / kVowelRate;
    double value = 0.0;
    for (int k = 1; k * f0 < 5000.0; ++k) {
      const double f = k * f0;
      double gain = 0.02 / k;
      for (const double formant : {700.0, 1200.0, 2600.0}) {
        gain += 0.08 * std::exp(-std::pow((f - formant) / 150.0, 2.0)) * (700.0 / formant);
      }
      value += gain * std::sin(k * phase + 0.3 * k * k);
    }
    audio.samples[n] = static_cast<float>(value + 0.002 * random.gaussian());
  }
  return audio;
}

}  // namespace bivox
