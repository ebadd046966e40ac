// Trains the autoregressive WaveNet to tell the distribution of the next sample of excitation.
//
//   L = -sum_n log p(e[n] | e[< n], features)         (nats; a mixture of logistics)
//
// The history that the network sees is a little noisier than the truth, so that it learns to come
// back when its own samples have left the course.
//
// Thread rule: pure functions, but for the network's gradients. Sources: excitation.h; Salimans et
// al. 2017 (PixelCNN++), section 2.1. Test: tests/tts/vocoder_training_test.cpp.
#pragma once

#include <memory>

#include "models/nn/training_loop.h"
#include "models/nn/wavenet.h"
#include "tts/vocoder/vocoder_data.h"
#include "tts/vocoder/vocoder_rows.h"

namespace bivox {

/// The network for `features`.
WaveNetOptions autoregressive_wavenet_options(const VocoderFeatureOptions& features);

/// To draw nearly white noise of variance 1 at first, whatever it is told, with an open ear for the
/// history, which is 16 times smaller than the guides.
void initialize_autoregressive_wavenet(Network& network, const WaveNetOptions& options,
                                       uint64_t seed);

/// Streams: history and guides (pulse_phase.h) [samples x 1 + guides], normalised features [frames
/// x columns], excitation [samples x 1]. `noise`: largest standard deviation added to the history,
/// in deviations of e.
TrainingExample autoregressive_example(const std::shared_ptr<const SourceFilterModel>& model,
                                       const FeatureScale& scale, const WaveNetOptions& options,
                                       const VocoderData& data, const VocoderData::Crop& crop,
                                       double noise, uint64_t seed);

/// Summed over samples.
SummedLoss autoregressive_loss(Network& network, Tape& tape, TrainingBatch& batch);

}  // namespace bivox
