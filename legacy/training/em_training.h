// The loop that every rung of the ladder runs: align, collect statistics, update, split.
//
// A rung brings a tree, features and first alignments; EmTraining makes mixtures that fit:
//
//   for each pass:  realign, on some passes, by Viterbi with the present model
//                   statistics of all frames (em_statistics.h), update, split towards the target
//
// Utterances are dealt to a fixed number of blocks and statistics are added in their order, so the
// result does not depend on the number of threads or of ranks (tested): with several ranks (MPI,
// models/nn/distributed.h) each aligns and counts the blocks that are its own, block b on rank
// b mod ranks, and block by block the sums are sent to all. A pass reports one line, on rank 0.
// Thread rule: one object per training run; it starts threads of its own. Source: the schedule
// follows Kaldi's steps/train_mono.sh and train_deltas.sh. Test: tests/legacy/training_test.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "legacy/gmm/em_statistics.h"
#include "legacy/gmm/sphinx_model.h"
#include "legacy/training/blocks.h"
#include "legacy/training/corpus.h"
#include "legacy/training/state_alignment.h"

namespace bivox {

/// One pass, for the log.
struct TrainingPass {
  std::string rung;
  int pass = 0;
  double log_likelihood_per_frame = 0.0;
  int num_states = 0;
  int num_gaussians = 0;
  int num_aligned = 0;  ///< Utterances that have an alignment.
  double seconds = 0.0;
};
using TrainingReport = std::function<void(const TrainingPass&)>;

struct EmTrainingOptions {
  std::string rung;
  int passes = 35;
  std::vector<int> realign_passes = {10, 20, 30};
  int target_gaussians = 10000;
  int last_split_pass = 25;
  double split_power = 0.25;
  double min_frames_per_density = 20.0;
  float align_beam = 150.0F;
  float silence_penalty = -1.0F;
  int threads = 2;
  uint64_t seed = 1;
  Communicator* communicator = nullptr;  ///< Of several ranks; outlives the training.
  int first_pass = 0;                    ///< To go on after the passes before it.
  int first_num_aligned = 0;             ///< Utterances that had an alignment then.
};

/// What to do around a pass.
struct PassHooks {
  /// May change features and model (MLLT, fMLLR) before the statistics of the pass are collected.
  std::function<void(int pass)> before = {};
  /// After the model has been updated and split: what a later run goes on from. Told how many
  /// utterances have an alignment.
  std::function<void(int pass, int num_aligned)> after = {};
};

/// An acoustic model under training.
struct GmmHmm {
  StateTree tree;
  std::vector<float> transitions;  ///< [phones][states_per_hmm][states_per_hmm + 1], log.
  MixtureModel mixtures;
  FeatureForm form = FeatureForm::kDeltas;
  FeatureMatrix transform;  ///< Of the columns of `form`; empty: none.

  GmmHmm(StateTree state_tree, FeatureForm feature_form);
  HmmSet hmms() const { return tree.make_hmm_set(transitions); }
  /// Ready to recognize with.
  std::shared_ptr<const GmmAcousticModel> acoustic_model(std::string origin) const;
};

/// Mean and variance [dims] of all features, for the flat start and as the floor of variances.
struct GlobalStatistics {
  std::vector<float> mean;
  std::vector<float> variance;
};
GlobalStatistics global_statistics(const std::vector<FeatureMatrix>& features);

class EmTraining {
 public:
  /// `features[u]` [frames x dims] as the mixtures see them. All must outlive the object.
  EmTraining(const TrainingCorpus& corpus, const Lexicon& lexicon,
             std::vector<FeatureMatrix>& features, EmTrainingOptions options,
             TrainingReport report);

  /// Trains model.mixtures and model.transitions; `alignments` [utterances] are read and renewed.
  void run(GmmHmm& model, std::vector<StateAlignment>& alignments, const PassHooks& hooks = {});

  /// Aligns every utterance with the model; one that cannot be aligned keeps what it had.
  /// Returns how many were aligned.
  int align(const GmmHmm& model, std::vector<StateAlignment>& alignments) const;

 private:
  int rank() const { return options_.communicator ? options_.communicator->rank() : 0; }
  int ranks() const { return options_.communicator ? options_.communicator->ranks() : 1; }
  bool is_mine(int block) const { return block % ranks() == rank(); }
  /// Gives every rank the alignments that the others have made, and sums `aligned`.
  void share(std::vector<StateAlignment>& alignments, int& aligned) const;
  void update_transitions(GmmHmm& model, const std::vector<StateAlignment>& alignments) const;

  const TrainingCorpus& corpus_;
  const Lexicon& lexicon_;
  std::vector<FeatureMatrix>& features_;
  EmTrainingOptions options_;
  TrainingReport report_;
};

}  // namespace bivox
