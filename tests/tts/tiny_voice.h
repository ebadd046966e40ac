// A voice that has learnt nothing, small enough for tests. Thread rule: pure functions. Test: those
// that use it.
#pragma once

#include <cmath>
#include <cstdint>

#include "tts/prosody/acoustic_model.h"

namespace bivox {

inline AcousticNetworkOptions tiny_networks() {
  AcousticNetworkOptions options;
  options.encoder_channels = 16;
  options.encoder_blocks = 1;
  options.hidden = 8;
  options.pitch_channels = 8;
  options.pitch_blocks = 1;
  options.decoder_channels = 16;
  options.decoder_blocks = 1;
  options.kernel = 3;
  return options;
}

/// Random weights around speech-like means: phones of some frames, voiced here and there.
inline AcousticParts tiny_voice(int speakers = 1, uint64_t seed = 1) {
  AcousticParts parts;
  parts.options = tiny_networks();
  for (int s = 0; s < speakers; ++s) {
    parts.speakers.push_back("s" + std::to_string(s));
  }
  const auto bins = static_cast<size_t>(parts.features.num_mel);
  parts.scale.mean.assign(bins, -5.0F);
  parts.scale.mean.push_back(static_cast<float>(std::log(200.0)));
  parts.scale.mean.push_back(0.5F);
  parts.scale.deviation.assign(bins, 2.0F);
  parts.scale.deviation.push_back(0.2F);
  parts.scale.deviation.push_back(0.5F);
  parts.liveliness.assign(bins, 1.0F);
  parts.cepstral_mean.assign(bins, 0.0F);
  parts.encoder = make_encoder(parts.options, speakers);
  parts.pitch = make_pitch_network(parts.options);
  parts.decoder = make_decoder(parts.options, parts.features.num_mel);
  parts.encoder.initialize(seed);
  parts.pitch.initialize(seed + 1);
  parts.decoder.initialize(seed + 2);
  // Phones of about seven frames.
  for (const auto& parameter : parts.encoder.parameters()) {
    if (parameter->name == "encoder.duration.bias") parameter->value.fill(2.0F);
  }
  return parts;
}

}  // namespace bivox
