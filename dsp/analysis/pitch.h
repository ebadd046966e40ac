// Fundamental frequency (F0) and voicing of a whole utterance: normalised cross-correlation, then
// the best path through its peaks.
//
//   c(t, k) = sum_j x[a + j] x[a + k + j] / sqrt(e(a) e(a + k) + ballast),   j = 0 .. W - 1
//
// with a = centre(t) - (W + k) / 2, so that both segments lie symmetric about the frame's centre,
// e(a) the energy of W samples from a on, and a ballast that lets passages far below the
// utterance's level count as unvoiced. Peaks of c over the lags k are refined by a parabola and
// become the candidates of a frame, beside "unvoiced"; dynamic programming minimises
//
//   sum_t local(t) + change(t-1, t)
//   local  = 1 - c (1 - lag_bias k / k_max) if voiced;  max_k c if unvoiced
//   change = jump_cost |ln(f / f')| between voiced frames; voicing_cost at onsets and offsets
//
// Frames lie as those of a front end with the same length, shift and placement: row t of one
// belongs to row t of the other. Units: Hz, seconds. F0 is 0 where unvoiced. Errors: Error(kUsage)
// naming option and value. Non-finite samples count as silence. Thread rule: a pure function.
// Sources: Talkin, "A robust algorithm for pitch tracking (RAPT)", 1995, sections 3 and 4;
// Ghahremani et al., "A pitch extraction algorithm tuned for ASR", ICASSP 2014, section 3
// (ballast). Test: tests/dsp/pitch_test.cpp (known tones; a real voice beside Praat).
#pragma once

#include <vector>

#include "dsp/audio/audio_buffer.h"
#include "dsp/features/framing.h"

namespace bivox {

struct PitchOptions {
  double min_hz = 60.0;
  double max_hz = 500.0;
  double frame_length_s = 0.025;
  double frame_shift_s = 0.010;
  FramePlacement placement = FramePlacement::kSnip;
  double window_s = 0.025;    ///< W; at least 1.5 periods of the lowest F0 is sensible.
  double ballast = 0.01;      ///< Relative to the utterance's mean energy.
  double lag_bias = 0.1;      ///< Prefers the shorter of two equal periods.
  double jump_cost = 2.0;     ///< Per natural-log unit of F0 change between frames.
  double voicing_cost = 0.2;  ///< Per onset or offset.
  int max_candidates = 12;    ///< Voiced candidates a frame.

  void validate() const;
};

struct PitchFrame {
  float f0_hz = 0.0F;    ///< 0 where unvoiced.
  float voicing = 0.0F;  ///< c at the chosen lag, or the largest c where unvoiced; in [0, 1].
};

/// One PitchFrame per frame.
std::vector<PitchFrame> track_pitch(const PitchOptions& options, AudioView audio);

}  // namespace bivox
