// Recordings of noise to be added to speech, the same one at the same place whatever is compared.
//
// A source is an audio file, a folder, a pattern, or a manifest (or its folder), of which `speaker`
// names the class of the noise; PATH:SPLIT keeps a split. Which recording an utterance gets, and
// from where on, is drawn from the seed and the utterance's id alone. Errors: Error(kInput) for a
// source without a recording. Thread rule: immutable after construction, share freely.
// Test: tests/apps/noise_pool_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/audio/audio_buffer.h"

namespace bivox {

class NoisePool {
 public:
  /// Reads all recordings of `source`; with `only_class` those of this class, with `but_class` all
  /// others. Names are kept for reports.
  NoisePool(const std::string& source, const std::string& only_class, const std::string& but_class,
            int sample_rate_hz);

  const std::string& name() const { return name_; }
  size_t size() const { return recordings_.size(); }

  /// Speech with noise at the ratio (dsp/augment/noise_mix.h).
  AudioBuffer mix(AudioView speech, std::string_view utterance, double snr_db, uint64_t seed) const;

 private:
  std::string name_;
  std::vector<AudioBuffer> recordings_;
};

/// Whether a manifest's noises have this class.
bool noise_has_class(const std::string& source, const std::string& name);

}  // namespace bivox
