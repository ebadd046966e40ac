// Gain: the same sound at another level.
//
//   y = x 10^(g / 20)
//
// Samples are not clipped: a front end takes what exceeds 1 as it is.
// Thread rule: pure functions. Test: tests/dsp/augment_audio_test.cpp.
#pragma once

#include "dsp/audio/audio_buffer.h"

namespace bivox {

AudioBuffer apply_gain(AudioView audio, double gain_db);

/// Mean of x^2; 0 for no samples.
double mean_power(AudioView audio);

}  // namespace bivox
