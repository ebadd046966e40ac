// Speed perturbation: the recording played faster or slower; tempo, pitch and formants change
// together.
//
//   y(t) = x(factor t),  round(n / factor) samples
//
// through the resampler, with the factor rounded to thousandths. The sample rate stays as it is.
// Thread rule: a pure function. Errors: Error(kUsage) for a factor outside of 0.25 to 4.
// Source: Ko et al. 2015, "Audio augmentation for speech recognition", section 2 (speed).
// Test: tests/dsp/augment_audio_test.cpp.
#pragma once

#include "dsp/audio/audio_buffer.h"

namespace bivox {

AudioBuffer change_speed(AudioView audio, double factor);

}  // namespace bivox
