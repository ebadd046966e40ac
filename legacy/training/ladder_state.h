// What the ladder needs to go on after it was stopped: one file for each rung.
//
//   RUNG.state   a finished rung: model, alignments, transforms of the speakers
//   RUNG.part    the same after some of the passes of a rung; gone once the rung is finished
//   passes.tsv   one line a pass: rung, pass, log-likelihood per frame, states, Gaussians,
//                utterances aligned, seconds; to plot
//
// State files are safetensors with all numbers as they are in memory, so a training that goes on
// from them ends with the same bits as one that was never stopped. Every file is replaced at once.
// A fingerprint of the data and the options keeps trainings apart.
// Errors: Error(kModel) for a damaged file; Error(kUsage) for one of another training.
// Thread rule: pure functions on files. Test: tests/legacy/training_test.cpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "legacy/training/em_training.h"

namespace bivox {

struct LadderState {
  std::string rung;
  int next_pass = 0;    ///< Passes done.
  int num_aligned = 0;  ///< Utterances with an alignment.
  GmmHmm model;
  std::vector<StateAlignment> alignments;         ///< [utterances]
  std::vector<FeatureMatrix> speaker_transforms;  ///< [speakers] or empty.
};

void save_ladder_state(const std::filesystem::path& path, const LadderState& state,
                       const std::string& fingerprint);
/// Nothing when there is no such file.
std::optional<LadderState> load_ladder_state(const std::filesystem::path& path,
                                             const PhoneSet& phones,
                                             const std::string& fingerprint);

/// A number of the utterances, their words and their features.
std::string corpus_fingerprint(const TrainingCorpus& corpus);

/// The whole of passes.tsv, written and read.
void save_passes(const std::filesystem::path& path, const std::vector<TrainingPass>& passes);
std::vector<TrainingPass> load_passes(const std::filesystem::path& path);

}  // namespace bivox
