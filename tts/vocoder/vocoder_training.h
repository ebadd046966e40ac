// The training of a vocoder, from recordings to the networks of VocoderParts.
//
//   recordings -> VocoderData -> examples (crops of a random level, made on the loader's threads)
//   -> loss of the mode -> AdamW, one-cycle rate, averaged weights -> network
//
// The two networks are trained one at a time: parallel_training.h, autoregressive_training.h.
// Seeded and resumable: run_training() (training_loop.h) says how. After every epoch the averaged
// weights are measured on the dev recordings: the loss of the mode on a few crops, a crop or a
// sample; the caller can save what there is.
//
// Thread rule: runs on the calling thread. Errors: Error(kInput) without recordings; those of
// run_training(). Test: tests/tts/vocoder_training_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "models/nn/training_loop.h"
#include "tts/vocoder/vocoder.h"
#include "tts/vocoder/vocoder_data.h"

namespace bivox {

struct VocoderTrainingOptions {
  VocoderMode mode = VocoderMode::kParallel;  ///< Not kSourceFilter, which learns nothing.
  ParallelWaveNetOptions parallel;            ///< feature_columns and hop are set by the features.
  int64_t epochs = 20;
  int crop_frames = 64;
  int crops = 4;            ///< A step.
  double rate = 1.5e-3;     ///< The largest.
  float repulsion = 0.0F;   ///< Of kParallel: between two draws of one crop.
  float mel_weight = 2.0F;  ///< Of kParallel: of the mel distance.
  double noise = 0.1;       ///< Of kAutoregressive: on the history, in deviations.
  uint64_t seed = 1;
  std::filesystem::path run_folder;  ///< Of checkpoints and tables; empty: none.
  int64_t checkpoint_steps = 100;
  std::string data_name;  ///< What a resumed run must have in common, beside the options.
};

struct VocoderTrainingCalls {
  /// `parts` holds the averaged weights during the call; `dev` is their measure.
  std::function<void(int64_t epoch, double train, double dev, const VocoderParts& parts)> epoch;
  std::function<void(const TrainingProgress&)> progress;
  std::function<bool()> stop;
};

/// Trains the network of the mode into `parts`, in which features and scale are set; a network of
/// the mode that is there already is replaced. False when stopped.
bool train_vocoder(ComputeContext& context, const VocoderData& train, const VocoderData& dev,
                   const VocoderTrainingOptions& options, VocoderParts& parts,
                   const VocoderTrainingCalls& calls);

}  // namespace bivox
