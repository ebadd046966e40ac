// Tempo perturbation: faster or slower at the same pitch, by WSOLA (waveform similarity
// overlap-add).
//
// The output is a sum of Hann-windowed segments of the input, a hop S = window / 2 apart. Segment k
// is taken near k S factor, moved by the delta within +-search that makes it most similar to what
// would have followed the segment before:
//
//   delta = argmax sum_n x[p_k + delta + n] x[p_{k-1} + S + n] / sqrt(energy of the former)
//
// so that periods fit together. round(n / factor) samples come out.
// Thread rule: a pure function. Errors: Error(kUsage) for a factor outside of 0.25 to 4.
// Source: Verhelst & Roelands 1993, "An overlap-add technique based on waveform similarity (WSOLA)
// for high quality time-scale modification of speech", ICASSP. Test:
// tests/dsp/augment_audio_test.cpp (pitch stays, level stays, length).
#pragma once

#include "dsp/audio/audio_buffer.h"

namespace bivox {

struct TempoOptions {
  double window_s = 0.030;  ///< Two to three periods of a low voice.
  double search_s = 0.010;  ///< To each side; a period of 100 Hz.
};

AudioBuffer change_tempo(AudioView audio, double factor, const TempoOptions& options = {});

}  // namespace bivox
