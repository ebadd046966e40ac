// The three networks of the acoustic model, and the rows at their borders.
//
//   encoder   phone features [phones x F] -> (hidden [phones x hidden], ln frames [phones x 1])
//   pitch     frame rows [frames x (hidden + 4)] -> [frames / 2 x 4]: (ln F0, voicing) of each two
//   decoder   frame rows and pitch rows [frames x (hidden + 4 + 34)] -> [frames / 2 x 2 num_mel]
//
//   block(x) = ReLU(x + norm(conv(dropout(ReLU(norm(conv(x)))))))
//
// A frame row is the hidden row of its phone and its place there: (t + 1/2) / d, frames from the
// phone's start and to its end, each min(n, 20) / 20, and ln d / 4. A pitch row tells the decoder
// the pitch so that it can place harmonics: voicing, and times voicing: scaled ln F0 and 32 hats
// over ln F0 between min_f0_hz and max_f0_hz. Two frames a step halve the work; frames are even.
//
// All outputs are normalised: mel and ln F0 by FeatureScale, voicing as it is. Thread rule: pure
// functions. Errors: Error(kUsage) for options out of range. Sources: see acoustic_model.h.
// Test: tests/tts/prosody/acoustic_model_test.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/features/feature_matrix.h"
#include "models/nn/network.h"
#include "tts/vocoder/vocoder_features.h"
#include "tts/vocoder/vocoder_rows.h"

namespace bivox {

struct AcousticNetworkOptions {
  int encoder_channels = 192;
  int encoder_blocks = 3;
  int hidden = 128;  ///< What the encoder hands on for each phone.
  int pitch_channels = 128;
  int pitch_blocks = 2;
  int decoder_channels = 192;
  int decoder_blocks = 3;
  int kernel = 5;  ///< Odd.
  float dropout = 0.1F;

  void validate() const;
  bool operator==(const AcousticNetworkOptions&) const = default;
};
std::string acoustic_network_options_json(const AcousticNetworkOptions& options);
AcousticNetworkOptions parse_acoustic_network_options(std::string_view json,
                                                      std::string_view source);

inline constexpr int kFramesPerStep = 2;
inline constexpr int kPlaceColumns = 4;
inline constexpr int kPitchHats = 32;
inline constexpr int kPitchColumns = kPitchHats + 2;

/// Weights are zero until initialize().
Network make_encoder(const AcousticNetworkOptions& options, int speakers);
Network make_pitch_network(const AcousticNetworkOptions& options);
Network make_decoder(const AcousticNetworkOptions& options, int num_mel);

/// [frames x kPlaceColumns] of phones that last `durations` frames.
FeatureMatrix place_rows(std::span<const int> durations);
/// One pitch row: ln F0 and voicing in, kPitchColumns out.
void write_pitch_row(const VocoderFeatureOptions& features, const FeatureScale& scale, float log_f0,
                     float voicing, std::span<float> row) noexcept;

/// What a folder holds, to train and to save.
struct AcousticParts {
  VocoderFeatureOptions features;
  AcousticNetworkOptions options;
  FeatureScale scale;  ///< Of vocoder rows.
  std::vector<std::string> speakers;
  /// Gains and means of mel cepstra [num_mel] (liveliness.h).
  std::vector<float> liveliness;
  std::vector<float> cepstral_mean;
  float pitch_liveliness = 1.0F;  ///< Gain of ln F0 around its mean in a sentence.
  Network encoder;
  Network pitch;
  Network decoder;
};

}  // namespace bivox
