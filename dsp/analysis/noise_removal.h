// Noise removal on mel powers, frame by frame, as CMU Sphinx does it: the noise is tracked by a
// lower envelope, and each band is scaled by a smoothed gain.
//
// For band m of frame t with power x (in units of 16-bit samples squared: a signal below 1 is
// floored):
//   p      <- 0.7 p + 0.3 x                                        smoothed power
//   noise  <- lower envelope of p: rises with 0.995, falls with 0.5
//   s       = max(p - noise, 1)
//   floor  <- lower envelope of s
//   temporal masking: peak <- 0.85 peak; s = 0.2 peak where s < 0.85 peak; peak <- max(peak, input
//   s) s       = max(s, floor);  gain = clamp(s / p, 1/20, 20) y       = x * mean of gain over
//   bands m-4 .. m+4
//
// No latency: one row in, one row out. Nothing is allocated after construction.
// Thread rule: one object per stream.
// Sources: sphinxbase fe_noise.c; Kim & Stern, "Power-Normalized Cepstral Coefficients", IEEE/ACM
// TASLP 24(7), 2016, section II. Test: tests/dsp/noise_removal_test.cpp,
// tests/dsp/sphinx_golden_test.cpp.
#pragma once

#include <span>
#include <vector>

namespace bivox {

class NoiseRemoval {
 public:
  explicit NoiseRemoval(int num_bands);

  /// Replaces a row of mel powers by the cleaned one; `powers` has num_bands elements.
  void process(std::span<float> powers) noexcept;
  /// The next row starts a new stream.
  void reset() noexcept { started_ = false; }
  int num_bands() const { return static_cast<int>(power_.size()); }

 private:
  bool started_ = false;
  // Double, as in the original: the envelopes move by half a percent a frame.
  std::vector<double> power_;
  std::vector<double> noise_;
  std::vector<double> floor_;
  std::vector<double> peak_;
  std::vector<double> gain_;
};

}  // namespace bivox
