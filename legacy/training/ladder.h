// The ladder of Software 1.0: each rung trains a better model from the alignments of the one
// before.
//
//   mono      every phone alone, from a flat start         cepstra with differences
//   tri       phones in context, states tied by a tree      the same features
//   lda-mllt  the same on discriminative, decorrelated features (7 frames -> LDA -> MLLT)
//   sat       the same on features moved towards the model for every speaker (fMLLR)
//
// Thread rule: one ladder per training run. Sources: lda.h, mllt.h, fmllr.h, tree_building.h; the
// order and sizes follow Kaldi's egs/mini_librispeech. Test: tests/legacy/training_test.cpp.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "legacy/training/em_training.h"

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
  int states_per_hmm = 3;
  int threads = 2;
  uint64_t seed = 1;
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

  /// fMLLR transforms [speakers] of the last rung's training features.
  const std::vector<FeatureMatrix>& speaker_transforms() const { return speaker_transforms_; }

 private:
  EmTrainingOptions em_options(const char* rung, int gaussians) const;
  /// Features of all utterances: expanded, and multiplied by `transform` unless it is empty.
  void make_features(FeatureForm form, const FeatureMatrix& transform);
  StateTree grow_tree(int states) const;
  void adapt_speakers(const GmmHmm& model);

  const TrainingCorpus& corpus_;
  const TrainingLexicon& lexicon_;
  LadderOptions options_;
  TrainingReport report_;
  std::vector<FeatureMatrix> features_;
  std::vector<StateAlignment> alignments_;
  std::vector<FeatureMatrix> speaker_transforms_;
  std::optional<GmmHmm> model_;
};

}  // namespace bivox
