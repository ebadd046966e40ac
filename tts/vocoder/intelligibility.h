// Short-time objective intelligibility (STOI): how much of the slow modulation of each third of an
// octave a copy keeps.
//
//   d = mean over bands j and segments m of  corr(x_{j,m}, min(a y_{j,m}, (1 + 10^{15/20})
//   x_{j,m}))
//
// with x, y the amplitudes of 15 bands from 150 Hz on over 30 frames (384 ms) at 10 kHz, and a
// scaling y to the norm of x. Frames more than 40 dB below the loudest of x are cut out first.
//
// Result in [-1, 1], near 1 for a faithful copy; signals with less than 30
// frames that are not silent give an empty optional. Signals have one rate; the longer is cut.
// Thread rule: a pure function. Errors: BIVOX_CHECK for different rates.
// Source: Taal, Hendriks, Heusdens & Jensen 2011, "An algorithm for intelligibility prediction of
// time-frequency weighted noisy speech", section II. Test: tests/tts/measures_test.cpp (beside
// pystoi).
#pragma once

#include <optional>

#include "dsp/audio/audio_buffer.h"

namespace bivox {

std::optional<double> short_time_intelligibility(AudioView natural, AudioView copy);

}  // namespace bivox
