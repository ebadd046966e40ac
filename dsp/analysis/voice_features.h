// What the voice activity detector looks at: a few numbers for every 10 ms of sound.
//
// Each frame of 40 ms (Hann window w, hop 10 ms) gives, from its power spectrum P[k]:
//   energy_db       10 log10 of the mean square in 150 .. 4000 Hz, 0 dB = full-scale square wave
//   voicing         max over lags 1/400 .. 1/70 s of r(tau) / (r(0) r_w(tau)), r = autocorrelation
//   of
//                   the frame between 80 and 1800 Hz, r_w that of the window: 1 = periodic
//   dominance_db    highest spectral peak over the third highest (peaks apart by more than the
//                   window's lobe): large for one or two tones, small for a harmonic series or
//                   noise
//   bands_db[12]    energy in 12 bands of equal mel width, 150 .. 4000 Hz
// Digital silence has energy_db = kSilenceDb and voicing 0.
// Units: dB, frames of 10 ms. Thread rule: one object a stream; no allocation in analyze().
// Source: the window correction of the autocorrelation is Boersma, "Accurate short-term analysis of
// the fundamental frequency and the harmonics-to-noise ratio of a sampled sound" (1993), eq. 9.
// Test: tests/dsp/voice_activity_test.cpp.
#pragma once

#include <array>
#include <complex>
#include <span>
#include <vector>

#include "dsp/features/fft.h"

namespace bivox {

inline constexpr int kVoiceBands = 12;
inline constexpr float kSilenceDb = -100.0F;
inline constexpr double kVoiceFrameShiftS = 0.01;

struct VoiceFrame {
  float energy_db = kSilenceDb;
  float voicing = 0.0F;
  float dominance_db = 0.0F;
  std::array<float, kVoiceBands> bands_db{};
};

class VoiceFeatures {
 public:
  /// sample_rate_hz >= 8000 (std::logic_error below).
  explicit VoiceFeatures(int sample_rate_hz);

  int window_samples() const { return static_cast<int>(window_.size()); }
  int shift_samples() const { return shift_; }
  /// `samples` holds exactly window_samples().
  VoiceFrame analyze(std::span<const float> samples);

 private:
  int bin_of(double frequency_hz) const;

  int sample_rate_hz_;
  int shift_;
  int fft_size_;
  std::vector<float> window_;
  std::vector<float> inverse_window_correlation_;  // by lag, 1 / r_w(tau)
  std::array<int, kVoiceBands + 1> band_edges_{};  // bins
  RealFft fft_;
  std::vector<float> time_;
  std::vector<std::complex<float>> spectrum_;
  std::vector<float> power_;
};

}  // namespace bivox
