// Trains the parallel WaveNet to turn source-filter speech into speech.
//
// The waveform of a recording cannot be predicted: its noise is chance, and its phase too. What can
// be learnt is the distribution of its short-time spectra, and what the features tell: the mel
// powers. With two draws y_1 and y_2 of the source for a crop x the loss is
//
//   L = d(y_1, x) / 2 + d(y_2, x) / 2 - r d(y_1, y_2) / 2 + w (m(y_1, x) + m(y_2, x)) / 2
//
// with d the multi-resolution STFT distance of losses.h and m the mel distance (mel_distance.h).
// For w = 0 and r = 1 it is an energy distance, least when y and x have the same distribution; but
// two draws of source-filter speech are apart by 0.99 and source-filter speech and the recording by
// 1.10, so that most of its gradient is chance. m is not: it falls as far as the network corrects
// the powers that a draw happens to have. For r = 0, one draw is enough and halves the work; it is
// the default, as source-filter speech is no smoother than speech to begin with and stays so.
//
// Thread rule: one thread; the reader of examples runs on the loader's. Errors: those of
// run_training(). Sources: Gritsenko et al. 2020, "A spectral energy distance for parallel speech
// synthesis", equations 5-8; Yamamoto et al. 2020, equations 5-8.
// Test: tests/tts/vocoder_training_test.cpp.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "models/nn/losses.h"
#include "models/nn/training_loop.h"
#include "tts/vocoder/mel_distance.h"
#include "tts/vocoder/parallel_wavenet.h"
#include "tts/vocoder/vocoder_data.h"
#include "tts/vocoder/vocoder_rows.h"

namespace bivox {

/// The resolutions of the loss, made for 16 kHz and scaled to the rate.
StftLossOptions vocoder_stft_loss(int sample_rate_hz);

/// The folded output [batch x rows x fold] as a waveform [batch x rows * fold x 1].
Var unfold(Var y);

/// What one example is: streams rows (of every draw; repulsion needs two), samples.
TrainingExample parallel_example(const std::shared_ptr<const SourceFilterModel>& model,
                                 const FeatureScale& scale, const ParallelWaveNetOptions& options,
                                 const VocoderData& data, const VocoderData::Crop& crop,
                                 uint64_t seed, int draws);

/// How the parts of the loss weigh.
struct ParallelLossOptions {
  StftLossOptions stft;
  MelDistanceOptions mel;
  float repulsion = 0.0F;   ///< r
  float mel_weight = 2.0F;  ///< w
};
ParallelLossOptions parallel_loss_options(int sample_rate_hz);

/// The summed loss of a batch of such examples, and what it is made of.
struct ParallelLoss {
  SummedLoss loss;
  double distance = 0.0;   ///< mean of d(y, x)
  double repulsion = 0.0;  ///< mean of d(y_1, y_2)
  double mel = 0.0;        ///< mean of the mel distance of y and x

  /// L for the weights given, a crop.
  double value(const ParallelLossOptions& options) const {
    return distance - 0.5 * static_cast<double>(options.repulsion) * repulsion +
           static_cast<double>(options.mel_weight) * mel;
  }
};
ParallelLoss parallel_loss(Network& network, Tape& tape, TrainingBatch& batch,
                           const ParallelLossOptions& options);

}  // namespace bivox
