// Change of sampling rate, streaming, any ratio of integers.
//
// libsoxr at its "high quality" recipe (20-bit, linear phase): pass band flat within 0.01 dB up to
// 0.91 of the lower Nyquist frequency, aliases and images below -100 dB.
// Length rule: n input samples become exactly floor(n * output_rate / input_rate + 1/2) output
// samples, aligned in time (the filter's delay is removed), whatever the chunking; the samples
// themselves do not depend on the chunking either.
// Only the ratio matters: Resampler(11, 10) plays speech 1.1 times as fast.
// Errors: std::logic_error for a rate <= 0; Error(kRuntime) when libsoxr refuses (memory).
// Thread rule: one Resampler belongs to one thread. Equal rates copy.
// Source: libsoxr 0.1.3 documentation (soxr.h). Test: tests/dsp/resample_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dsp/audio/audio_buffer.h"

namespace bivox {

/// How many samples a resampler makes out of `input_samples`: the length rule above.
int64_t resampled_length(int64_t input_samples, int input_rate_hz, int output_rate_hz);

class Resampler {
 public:
  Resampler(int input_rate_hz, int output_rate_hz);
  ~Resampler();
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;

  /// Takes the next input samples and appends to `output` what is ready by now.
  void accept(std::span<const float> input, std::vector<float>& output);
  /// The input has ended: appends the rest, so that the total obeys the length rule.
  /// After it call reset() before the next accept().
  void finish(std::vector<float>& output);
  /// Ready for a new signal.
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One-shot form: the whole of `audio` at another rate.
AudioBuffer resample(AudioView audio, int output_rate_hz);

}  // namespace bivox
