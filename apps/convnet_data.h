// From recordings with texts to what the ConvNet trains on: the data of `bivox train convnet`.
//
//   text -> words -> alignment by a model that exists -> phones with durations
//   audio -> renderings (asr/convnet/training_data.h)
//   all of it -> a tree of tied states at the network's frame rate
//
// The aligner is any acoustic model; phones are its phones. Words that the dictionary lacks are
// pronounced by their letters. Utterances whose text does not fit their audio are left out and
// named. Every fiftieth utterance, by a hash of its id, is kept apart to measure on.
//
// Alignments and tree are kept in the folder of the run, so that a run that goes on has exactly
// those of the one before; features are made anew, to the same bits.
// Thread rule: runs `threads` threads itself; results do not depend on their number. Errors:
// Error(kInput) when no utterance is left, Error(kRuntime) after Ctrl-C. Test:
// tests/apps/cli_train_convnet_test.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/console.h"
#include "asr/convnet/training_data.h"
#include "asr/evaluation/utterance_texts.h"
#include "models/acoustic_model.h"
#include "models/io/hmm_file.h"
#include "models/lexicon/lexicon.h"

namespace bivox {

struct ConvNetDataOptions {
  FrontEndOptions front_end;
  RenderingOptions renderings;
  AudioAugmentOptions audio;
  int states = 1800;
  int states_per_phone = 2;
  int threads = 1;
  uint64_t seed = 1;
  /// Where alignments and tree are kept; made if absent.
  std::filesystem::path folder;
  /// Of data and aligner: what is kept for another one is made anew.
  std::string description;
};

struct ConvNetData {
  std::vector<ConvNetExample> train;
  std::vector<ConvNetExample> dev;
  StateTree tree;
  double audio_s = 0.0;               ///< Of recordings, train and dev.
  std::vector<std::string> left_out;  ///< "id: why".
};

/// `tree` null: one is grown.
ConvNetData make_convnet_data(std::span<const UtteranceText> utterances,
                              const AcousticModel& aligner, const Lexicon& lexicon,
                              const StateTree* tree, const ConvNetDataOptions& options,
                              Console& console);

/// Log-mel of recordings of noise, at most 30 s of each.
std::vector<Rendering> make_noises(std::span<const std::string> sources,
                                   const FrontEndOptions& front_end);

/// A recording of noise as an example of silence, from its start: what a recognizer is to say
/// nothing to.
ConvNetExample silent_example(const Rendering& noise, const PhoneSet& phones);

}  // namespace bivox
