// The spectral envelope behind a frame's mel powers: what a flat excitation must be filtered with
// to give them.
//
// A flat excitation has power 1 a hertz-bin on average: white noise, or a train of pulses of height
// sqrt(period). Under a short window the harmonics of the latter stand apart, and so do those in
// the mel powers P of a voice. Dividing one by the other, both averaged over the width of F0,
// leaves the envelope, sampled where there is energy:
//
//   E[m] = sum_j k(f_m - f_j) P[j] / sum_j k(f_m - f_j) (w_j H[j](F0) + (1 - w_j) N[j])
//
// k(f) = max(0, 1 - |f| / F0) for the voiced share, a single bin else; H are the mel powers of a
// flat pulse train of that F0 and N those of white noise of variance 1 (both computed once by the
// front end itself), w_j = voicing^2 c(f_j)^2 the share of the pulses at that frequency:
//
//   c(f)^2 = 1 / (1 + exp((f - cutoff) / width))
//
// as voices get breathy towards high frequencies. E is continued to the bins of a DFT by straight
// lines in the logarithm over mel.
//
// Shapes: `row` [num_mel + 2] as in vocoder_features.h; `envelope` [fft_size / 2 + 1], the power
// gain |H(f)|^2. Thread rule: power() is const, noexcept, without allocation; share the object.
// Source: the idea of dividing by the excitation's own spectrum is that of STRAIGHT's F0-adaptive
// smoothing (Kawahara et al. 1999, section 3), here on mel powers.
// Test: tests/tts/source_filter_test.cpp.
#pragma once

#include <span>
#include <vector>

#include "tts/vocoder/vocoder_features.h"

namespace bivox {

struct MelEnvelopeOptions {
  double breath_cutoff_hz = 4500.0;  ///< Half of the power is noise there in voiced frames.
  double breath_width_hz = 600.0;
};

class MelEnvelope {
 public:
  /// The envelope is given on the bins of options.fft_size.
  explicit MelEnvelope(const VocoderFeatureOptions& features,
                       const MelEnvelopeOptions& options = {});

  int bins() const { return static_cast<int>(position_.size()); }
  /// `row` of features to power gains.
  void power(std::span<const float> row, std::span<float> envelope) const noexcept;
  /// c(f)^2 at the bins of the DFT.
  std::span<const float> harmonic_share() const { return harmonic_share_; }

  /// F0 in Hz and voicing in [0, 1] of a row, whatever stands in it.
  double f0_hz(std::span<const float> row) const noexcept;
  float voicing(std::span<const float> row) const noexcept;

 private:
  void measure_pulses();
  void measure_noise();

  VocoderFeatureOptions features_;
  std::vector<float> centre_hz_;       // [num_mel]
  std::vector<float> mel_share_;       // c^2 at the filters
  std::vector<float> harmonic_share_;  // c^2 at the bins
  std::vector<float> noise_;           // N [num_mel]
  std::vector<float> pulses_;          // H [kGrid x num_mel]
  std::vector<float> position_;        // of each bin, in filters
};

}  // namespace bivox
