// A train of band-limited pulses, one a period, flat in the spectrum: the voiced excitation.
//
//   phase' = F0 / rate;  where the phase passes a whole number, at time p,
//   x[n] += sqrt(rate / F0) sinc(n - p - delay) window(n - p - delay)
//
// so that the power is that of white noise of variance 1 at all frequencies of its band, 0.96 of
// half the rate, whatever F0. Pulses lie between samples exactly (no jitter), `delay` samples late,
// as the sinc reaches to both sides.
//
// Thread rule: one per stream; next() neither allocates nor throws. Test:
// tests/tts/source_filter_test.cpp.
#pragma once

#include <span>
#include <vector>

namespace bivox {

class PulseTrain {
 public:
  static constexpr int kDelay = 16;  ///< Samples.

  /// `block`: the most samples of one next().
  PulseTrain(int sample_rate_hz, int block);

  /// The next samples, F0 (Hz, > 0) going evenly in the logarithm from the first value to the
  /// second.
  void next(double first_f0_hz, double last_f0_hz, std::span<float> out) noexcept;
  /// Phase in periods, in [0, 1).
  void reset(double phase = 0.5) noexcept;

 private:
  void add_pulse(double place, double height, size_t samples) noexcept;

  double rate_;
  double phase_ = 0.5;
  std::vector<float> table_;   // of the windowed sinc, kSteps a sample
  std::vector<float> buffer_;  // block + the tails of pulses
};

}  // namespace bivox
