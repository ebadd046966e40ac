// How far copied or synthetic speech is from the recording, measured without listeners.
//
//   mel-cepstral distance, dB    10 / ln 10 sqrt(2 sum_{k=1}^{24} (c_k - c'_k)^2), the mean over
//   frames
//       c_k = 1/M sum_j ln mel_j cos(pi k (j + 1/2) / M)       (of the log amplitude; c_0 left out)
//   log-spectral distance, dB    sqrt(mean over bins of (10 log10 P - 10 log10 P')^2), mean over
//   frames F0 RMSE, Hz and cents        over frames that are voiced in both voicing error, % frames
//   that are voiced in one only STOI                         intelligibility.h
//
// Only frames within 50 dB of the recording's loudest count (STOI has a rule of its own), so that
// silence, which listeners do not hear, does not decide. mel as in vocoder_features.h.
// With `align`, frames are paired by dynamic time warping of the cepstra (steps 1:1, 1:0, 0:1; the
// mean is over the path), for speech of another timing; STOI is then not measured.
//
// Signals of different rates are resampled to the lower one; without `align` the longer is cut.
// Thread rule: pure functions. Errors: Error(kInput) when a signal has no frame.
// Sources: Kubichek 1993, "Mel-cepstral distance measure for objective speech quality assessment";
// Gray & Markel 1976, "Distance measures for speech processing" (log-spectral distance).
// Test: tests/tts/measures_test.cpp.
#pragma once

#include <optional>

#include "dsp/audio/audio_buffer.h"

namespace bivox {

struct SpeechDistance {
  double mel_cepstral_db = 0.0;
  double log_spectral_db = 0.0;
  double f0_rmse_hz = 0.0;
  double f0_rmse_cents = 0.0;
  double voicing_error_percent = 0.0;
  std::optional<double> stoi;  ///< Absent for less than 0.4 s of speech and with `align`.
  int frames = 0;              ///< That counted.
  int voiced_frames = 0;       ///< Voiced in both.
};

struct SpeechDistanceOptions {
  bool align = false;
  double range_db = 50.0;
};

SpeechDistance speech_distance(AudioView natural, AudioView copy,
                               const SpeechDistanceOptions& options = {});

}  // namespace bivox
