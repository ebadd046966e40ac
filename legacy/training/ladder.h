// The ladder of Software 1.0: each rung trains a better model from the alignments of the one
// before.
//
//   mono      every phone alone, from a flat start         cepstra with differences
//   tri       phones in context, states tied by a tree      the same features
//   lda-mllt  the same on discriminative, decorrelated features (7 frames -> LDA -> MLLT)
//   sat       the same on features moved towards the model for every speaker (fMLLR)
//   bmmi      the mixtures of sat, and those of lda-mllt for features that are not adapted, trained
//             to tell what was said from what else could have been heard
//             (discriminative_training.h)
//
// With LadderOptions::folder a training that was killed goes on from there: rungs that are finished
// are read, a rung in progress continues, and the result is the same to the bit.
//
// Errors: those of ladder_state.h. Thread rule: one ladder per training run. Sources: lda.h,
// mllt.h, fmllr.h, tree_building.h; the order and sizes follow Kaldi's egs/mini_librispeech.
// Test: tests/legacy/training_test.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "legacy/training/discriminative_training.h"
#include "legacy/training/em_training.h"
#include "legacy/training/ladder_state.h"

namespace bivox {

struct LadderOptions {
  int mono_gaussians = 1000;
  int tri_states = 2000;
  int tri_gaussians = 10000;
  int lda_states = 2500;
  int lda_gaussians = 15000;
  int lda_dims = 40;
  int sat_states = 2500;
  int sat_gaussians = 15000;
  int bmmi_passes = 4;
  float bmmi_boost = 0.1F;
  int states_per_hmm = 3;
  int threads = 2;
  uint64_t seed = 1;
  /// Where to keep what a stopped training goes on from (ladder_state.h); empty: nowhere.
  std::filesystem::path folder = {};
  /// Of several ranks, which share alignment and statistics (em_training.h); all hold the whole
  /// corpus and end with the same model. `folder` is one that all of them see; rank 0 writes.
  Communicator* communicator = nullptr;
  int save_every = 5;  ///< Passes between two states of an unfinished rung.
};

class Ladder {
 public:
  /// The references must outlive the ladder.
  Ladder(const TrainingCorpus& corpus, const TrainingLexicon& lexicon, LadderOptions options,
         TrainingReport report);

  // In this order; each returns the rung's model, which the ladder keeps.
  const GmmHmm& train_mono();
  const GmmHmm& train_tri();
  const GmmHmm& train_lda_mllt();
  const GmmHmm& train_sat();
  /// `first_pass`: in, the model of the rung lda-mllt; out, trained too, on features as they are.
  const GmmHmm& train_bmmi(GmmHmm& first_pass);

  /// fMLLR transforms [speakers] of the last rung's training features.
  const std::vector<FeatureMatrix>& speaker_transforms() const { return speaker_transforms_; }
  /// State alignments [utterances] by the last rung's model; empty where none was found.
  const std::vector<StateAlignment>& alignments() const { return alignments_; }

 private:
  EmTrainingOptions em_options(const char* rung, int gaussians) const;
  /// Features of all utterances: expanded, and multiplied by `transform` unless it is empty.
  void make_features(FeatureForm form, const FeatureMatrix& transform);
  StateTree grow_tree(int states) const;
  FeatureMatrix estimate_lda() const;
  /// MLLT: model_ and features_ move into the space where diagonal covariances fit better.
  void rotate_features();
  void adapt_speakers(const GmmHmm& model);

  /// Reads a finished rung; false if it is not there.
  bool restore_finished(const std::string& rung);
  /// Makes the features that the model was trained on, if they are not there.
  void ensure_features();
  /// Reads a rung in progress; false if there is none.
  bool restore_part(EmTrainingOptions& options);
  void take(LadderState state);
  /// EM passes of a rung on model_, with `before` as in PassHooks, and what follows the last one.
  const GmmHmm& train(const EmTrainingOptions& options,
                      const std::function<void(int pass)>& before = {});
  /// Discriminative passes of a rung on model_, or what an earlier run made of them.
  void train_discriminatively(const std::string& rung,
                              const std::vector<ConfusionLattice>& lattices);
  /// Keeps the passes for the log, those of `rung` from `first_pass` on anew.
  TrainingReport logging_report(const std::string& rung, int first_pass);
  void save(const std::string& rung, const char* ending, int next_pass, int num_aligned) const;
  bool writes() const { return !options_.communicator || options_.communicator->rank() == 0; }
  std::filesystem::path state_path(const std::string& rung, const char* ending) const;

  const TrainingCorpus& corpus_;
  const TrainingLexicon& lexicon_;
  LadderOptions options_;
  TrainingReport report_;
  std::string fingerprint_;
  std::vector<TrainingPass> passes_;
  bool features_ready_ = false;
  std::vector<FeatureMatrix> features_;
  std::vector<StateAlignment> alignments_;
  std::vector<FeatureMatrix> speaker_transforms_;
  std::optional<GmmHmm> model_;
};

}  // namespace bivox
