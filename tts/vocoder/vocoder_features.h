// What the vocoder is told about a voice, frame by frame: the spectrum, the pitch, the voicing.
//
//   row t = [ ln mel_0 .. ln mel_{M-1} | ln F0 | voicing ]
//
// mel_m is the power under mel filter m of the frame's Hann window (power 2, HTK mel scale, filters
// of peak 1, from 20 Hz to half the rate; no pre-emphasis). F0 in Hz is a smooth line: through
// unvoiced frames it is interpolated between the voiced ones around, in the logarithm. Voicing is 1
// in voiced and 0 in unvoiced frames; models that predict features may say anything between.
//
// Frame t is centred at sample t * hop, zeros outside of the signal; a signal of N samples has
// floor(N / hop) rows, one at least unless it is empty, and becomes rows * hop samples again.
//
// Shapes: `[frames x (num_mel + 2)]`; natural logs. Thread rule: pure functions. Errors:
// Error(kUsage) for options out of range, Error(kInput) for audio at another rate.
// Test: tests/tts/vocoder_features_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "dsp/analysis/pitch.h"
#include "dsp/audio/audio_buffer.h"
#include "dsp/features/feature_matrix.h"
#include "dsp/features/front_end_options.h"

namespace bivox {

struct VocoderFeatureOptions {
  int sample_rate_hz = 16000;
  int hop = 160;     ///< Samples a frame.
  int window = 400;  ///< Samples of the Hann window.
  int fft_size = 1024;
  int num_mel = 80;
  double low_hz = 20.0;
  float log_floor = 1e-7F;  ///< Of mel powers; samples are in [-1, 1].
  double min_f0_hz = 70.0;
  double max_f0_hz = 420.0;

  /// Columns of a row, and where ln F0 and voicing stand.
  int columns() const { return num_mel + 2; }
  int f0_column() const { return num_mel; }
  int voicing_column() const { return num_mel + 1; }

  FrontEndOptions front_end() const;
  PitchOptions pitch() const;
  /// Throws Error(kUsage) naming option and value.
  void validate() const;
  bool operator==(const VocoderFeatureOptions&) const = default;
};

/// A JSON object, for "options" of a model folder; Error(kModel) when it cannot be read.
std::string vocoder_feature_options_json(const VocoderFeatureOptions& options);
VocoderFeatureOptions parse_vocoder_feature_options(std::string_view json, std::string_view source);

/// F0 of frames in which no voice is found anywhere, Hz.
inline constexpr double kDefaultF0Hz = 150.0;

FeatureMatrix vocoder_features(const VocoderFeatureOptions& options, AudioView audio);

}  // namespace bivox
