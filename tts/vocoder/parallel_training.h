// Trains the parallel WaveNet to turn source-filter speech into speech.
//
// The waveform of a recording cannot be predicted: its noise is chance, and its phase too. What can
// be learnt is the distribution of its short-time spectra. Every crop is made twice, with two draws
// of the source, and the loss is the energy distance of spectra
//
//   L = d(y_1, x) / 2 + d(y_2, x) / 2 - r d(y_1, y_2) / 2
//
// with d the multi-resolution STFT distance of losses.h. For r = 1 it is least when y and x have
// the same distribution; without the last term noise would be smoothed away, as the middle of all
// spectra is nearer to each than one more draw. No discriminator is needed.
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
#include "tts/vocoder/parallel_wavenet.h"
#include "tts/vocoder/vocoder_data.h"
#include "tts/vocoder/vocoder_rows.h"

namespace bivox {

struct ParallelTrainingOptions {
  int crop_frames = 64;
  int crops = 4;  ///< A step; each is made twice.
  int64_t epochs = 20;
  double rate = 1e-3;
  float repulsion = 1.0F;  ///< r
  uint64_t seed = 1;
};

/// The resolutions of the loss, made for 16 kHz and scaled to the rate.
StftLossOptions vocoder_stft_loss(int sample_rate_hz);

/// The folded output [batch x rows x fold] as a waveform [batch x rows * fold x 1].
Var unfold(Var y);

/// What one example is: streams rows (first draw), rows (second draw), samples.
TrainingExample parallel_example(const std::shared_ptr<const SourceFilterModel>& model,
                                 const FeatureScale& scale, const ParallelWaveNetOptions& options,
                                 const VocoderData& data, const VocoderData::Crop& crop,
                                 uint64_t seed);

/// The summed loss of a batch of such examples, and what it is made of.
struct ParallelLoss {
  SummedLoss loss;
  double distance = 0.0;   ///< mean of d(y, x)
  double repulsion = 0.0;  ///< mean of d(y_1, y_2)
};
ParallelLoss parallel_loss(Network& network, Tape& tape, TrainingBatch& batch,
                           const StftLossOptions& stft, float repulsion);

}  // namespace bivox
