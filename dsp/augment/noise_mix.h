// Additive noise at a signal-to-noise ratio.
//
//   y = s + g n,  g such that 10 log10(power(s) / power(g n)) = snr_db,
//
// powers being means over the whole speech. The noise starts at a place drawn from the seed and
// goes round when it is shorter than the speech. A mixture that would exceed 1 is scaled down as a
// whole. Where speech or noise is silent there is no such ratio: the speech comes back unchanged.
// Thread rule: pure functions. Errors: Error(kUsage) for different sample rates.
// Test: tests/dsp/augment_audio_test.cpp.
#pragma once

#include <cstdint>

#include "dsp/audio/audio_buffer.h"

namespace bivox {

AudioBuffer mix_noise(AudioView speech, AudioView noise, double snr_db, uint64_t seed);

/// Gaussian noise of power 1 / 100 (-20 dB), white or with 3 dB less power each octave (pink), for
/// when there are no recordings of noise. Source of the pink filter: Kasdin 1995, "Discrete
/// simulation of colored noise", section IV.
enum class NoiseColour : uint8_t { kWhite, kPink };
AudioBuffer make_noise(NoiseColour colour, int64_t num_samples, int sample_rate_hz, uint64_t seed);

}  // namespace bivox
