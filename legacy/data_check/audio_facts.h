// What a recording is like, in a few numbers: level, clipping, edges, bandwidth, and what tells two
// copies of it. legacy/data_check/data_check.h says what of it is suspicious.
//
//   level_db[t]   10 log10 of the mean square of frame t (10 ms, no overlap), 0 dB = full scale
//   speech level  95th percentile of level_db; noise level: its 10th percentile
//   clipped       samples in flat runs at the recording's own extremes: at least 0.17 ms (and 4
//                 samples) within 0.1 % of the peak. Lossy codecs bend flat tops; there the crowd
//                 below the peak tells: the share of the loud samples (over 0.3 of the peak) that
//                 lie over 0.9 of it.
//   bandwidth     highest frequency at which the mean spectrum of the loud frames is still within
//                 60 dB of its top, in steps of 250 Hz
//   fingerprint   64 slices of equal length; level of the samples and of their differences in dB,
//                 each less its mean; two copies differ by less than a dB on average, whatever
//                 their gain and coding
// Errors: Error(kInput) of the reader. Thread rule: pure functions.
// Test: tests/legacy/audio_facts_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dsp/audio/audio_buffer.h"

namespace bivox {

inline constexpr size_t kFingerprintSlices = 64;
using Fingerprint = std::array<float, 2 * kFingerprintSlices>;

struct AudioFacts {
  double duration_s = 0.0;
  int sample_rate_hz = 0;
  double peak = 0.0;
  double clipped_share = 0.0;  ///< Samples in flat runs, of the loud samples.
  double crowd_share = 0.0;    ///< Samples over 0.9 of the peak, of the loud samples.
  double speech_level_db = -100.0;
  double noise_level_db = -100.0;
  double first_level_db = -100.0;  ///< Of the first 20 ms, and of the last.
  double last_level_db = -100.0;
  double speech_s = 0.0;  ///< In segments of voice activity.
  double bandwidth_hz = 0.0;
  uint64_t hash = 0;  ///< Of the samples: equal for exact copies.
  Fingerprint fingerprint{};
};

/// `original` at the recording's own rate, `audio` the same at the rate that speech is looked at
/// (at least 8 kHz).
AudioFacts audio_facts(AudioView original, AudioView audio);

/// Mean absolute difference in dB.
double fingerprint_distance_db(const Fingerprint& a, const Fingerprint& b);

/// For each recording the first one that it is a copy of, or -1. Only recordings whose durations
/// differ by at most 20 ms are compared; those without speech only by their samples.
std::vector<int> find_copies(std::span<const AudioFacts> recordings, double max_distance_db = 1.0);

}  // namespace bivox
