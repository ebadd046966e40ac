// A vocoder that has learnt nothing, small enough for tests. Thread rule: pure functions. Test:
// those that use it.
#pragma once

#include "tts/vocoder/pulse_phase.h"
#include "tts/vocoder/vocoder.h"

namespace bivox {

/// Of both modes, with `layers` layers; weights as training begins with them.
inline VocoderParts tiny_vocoder(const VocoderFeatureOptions& features, const FeatureScale& scale,
                                 int layers = 2) {
  VocoderParts parts;
  parts.features = features;
  parts.scale = scale;
  auto& parallel = parts.parallel.emplace();
  parallel.options.layers = layers;
  parallel.options.cycle = 2;
  parallel.options.channels = 16;
  parallel.options.condition = 8;
  parallel.network = parallel_wavenet_network(parallel.options);
  initialize_parallel_wavenet(parallel.network, 3);
  auto& autoregressive = parts.autoregressive.emplace();
  autoregressive.options.layers = layers;
  autoregressive.options.cycle = 2;
  autoregressive.options.residual = 16;
  autoregressive.options.skip = 16;
  autoregressive.options.mel_bins = parts.features.columns();
  autoregressive.options.hop = parts.features.hop;
  autoregressive.options.guides = PulseGuides::kGuides;
  autoregressive.options.mixtures = 2;
  autoregressive.network = wavenet_network(autoregressive.options);
  autoregressive.network.initialize(4);
  return parts;
}

}  // namespace bivox
