// The training of the acoustic model, from aligned speech to the networks of AcousticParts.
//
//   L = mean |mel - mel'| + s (1 - SSIM(mel, mel'))          each mean over frames and bins
//     + mean over voiced frames |ln F0 - ln F0'| + mean (voicing - voicing')^2
//     + mean over phones |ln d - ln d'|
//
// all normalised. The decoder is given the pitch and the durations of the recording, the pitch
// network its durations: each learns its own part. Of three networks one AdamW takes care.
//
// Means of what could have been are smoother than speech. What the networks lose in variance is
// measured afterwards on recordings kept apart and given back (AcousticParts::liveliness): the
// deviation of every mel cepstrum, and that of ln F0 within a sentence.
//
// Seeded and resumable: run_training() (models/nn/training_loop.h) says how. After every epoch the
// averaged weights are measured on `dev`. Thread rule: runs on the calling thread. Errors:
// Error(kInput) without speech; those of run_training(). Sources: see acoustic_model.h; Toda &
// Tokuda 2007, "A speech parameter generation algorithm considering global variance", section III.
// Test: tests/tts/prosody/acoustic_training_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "models/nn/training_loop.h"
#include "tts/prosody/acoustic_model.h"
#include "tts/prosody/aligned_speech.h"

namespace bivox {

struct AcousticTrainingOptions {
  int64_t epochs = 30;
  double batch_s = 16.0;  ///< Seconds of speech a step, at most.
  double rate = 3e-3;     ///< The largest.
  float ssim_weight = 1.0F;
  uint64_t seed = 1;
  std::filesystem::path run_folder;  ///< Of checkpoint and tables; empty: none.
  int64_t checkpoint_steps = 100;
  std::string data_name;  ///< What a resumed run must have in common, beside the options.
};

/// Means over recordings.
struct AcousticMeasures {
  double mel = 0.0;  ///< |ln mel - ln mel'|, natural, with the recording's durations and pitch.
  double f0_cents = 0.0;  ///< |F0 - F0'| of voiced frames, with the recording's durations.
  double voicing = 0.0;   ///< Share of frames with the wrong voicing.
  double duration = 0.0;  ///< |ln d - ln d'| of phones.
};

struct AcousticTrainingCalls {
  /// `parts` holds the averaged weights during the call.
  std::function<void(int64_t epoch, double loss, const AcousticMeasures& measured)> epoch;
  std::function<void(const TrainingProgress&)> progress;
  std::function<bool()> stop;
};

/// What the networks of `parts` say of speech they have not learnt from; sets their liveliness.
AcousticMeasures measure_acoustic_model(ComputeContext& context,
                                        std::span<const AlignedSpeech> speech,
                                        AcousticParts& parts);

/// Trains the networks of `parts`, of which features, options and speakers are set; the rest is
/// made. False when stopped.
bool train_acoustic_model(ComputeContext& context, std::span<const AlignedSpeech> train,
                          std::span<const AlignedSpeech> dev,
                          const AcousticTrainingOptions& options, AcousticParts& parts,
                          const AcousticTrainingCalls& calls);

}  // namespace bivox
