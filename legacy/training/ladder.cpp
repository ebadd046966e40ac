#include "legacy/training/ladder.h"

#include <algorithm>

#include "dsp/core/check.h"
#include "legacy/gmm/fmllr.h"
#include "legacy/gmm/lda.h"
#include "legacy/gmm/mllt.h"
#include "legacy/hmm/tree_building.h"

namespace bivox {
namespace {

// Passes before which the transforms are estimated anew.
bool estimates_transform(int pass) { return pass == 2 || pass == 4 || pass == 6 || pass == 12; }

}  // namespace

Ladder::Ladder(const TrainingCorpus& corpus, const TrainingLexicon& lexicon, LadderOptions options,
               TrainingReport report)
    : corpus_(corpus),
      lexicon_(lexicon),
      options_(options),
      report_(std::move(report)),
      features_(corpus.utterances.size()) {}

EmTrainingOptions Ladder::em_options(const char* rung, int gaussians) const {
  EmTrainingOptions options;
  options.rung = rung;
  options.target_gaussians = gaussians;
  options.threads = options_.threads;
  options.seed = options_.seed;
  return options;
}

void Ladder::make_features(FeatureForm form, const FeatureMatrix& transform) {
  run_blocks(kTrainingBlocks, options_.threads, [&](int block) {
    const auto [first, last] = block_range(block, features_.size());
    for (size_t u = first; u < last; ++u) {
      FeatureMatrix rows = expand_features(corpus_.utterances[u].cepstra, form);
      if (transform.size() > 0) {
        features_[u] = rows * transform.transpose();
      } else {
        features_[u] = std::move(rows);
      }
    }
  });
}

StateTree Ladder::grow_tree(int states) const {
  const PhoneSet& phones = lexicon_.phones;
  const auto dims = static_cast<int>(features_.front().cols());
  std::vector<ContextStatistics> parts(kTrainingBlocks, ContextStatistics(phones, dims));
  run_blocks(kTrainingBlocks, options_.threads, [&](int block) {
    const auto [first, last] = block_range(block, features_.size());
    for (size_t u = first; u < last; ++u) {
      const float* row = features_[u].data();
      for (const StateRun& run : alignments_[u]) {
        for (int t = 0; t < run.frames; ++t, row += dims) {
          parts[static_cast<size_t>(block)].add(run.phone, run.state, run.context, row);
        }
      }
    }
  });
  for (int block = 1; block < kTrainingBlocks; ++block) {
    parts[0].add(parts[static_cast<size_t>(block)]);
  }
  TreeOptions options;
  options.max_states = states;
  return grow_state_tree(parts[0], phones, options_.states_per_hmm, options);
}

const GmmHmm& Ladder::train_mono() {
  make_features(FeatureForm::kDeltas, {});
  alignments_.clear();
  for (size_t u = 0; u < features_.size(); ++u) {
    alignments_.push_back(equal_alignment(corpus_.utterances[u].words, lexicon_.lexicon,
                                          lexicon_.phones, options_.states_per_hmm,
                                          static_cast<int>(features_[u].rows())));
  }
  model_.emplace(StateTree(lexicon_.phones, options_.states_per_hmm), FeatureForm::kDeltas);
  EmTrainingOptions options = em_options("mono", options_.mono_gaussians);
  options.passes = 30;
  options.realign_passes = {1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 25};
  options.last_split_pass = 22;
  options.align_beam = 250.0F;
  EmTraining training(corpus_, lexicon_.lexicon, features_, options, report_);
  training.run(*model_, alignments_);
  training.align(*model_, alignments_);
  return *model_;
}

const GmmHmm& Ladder::train_tri() {
  BIVOX_CHECK(model_ && model_->form == FeatureForm::kDeltas);
  model_.emplace(grow_tree(options_.tri_states), FeatureForm::kDeltas);
  EmTraining training(corpus_, lexicon_.lexicon, features_,
                      em_options("tri", options_.tri_gaussians), report_);
  training.run(*model_, alignments_);
  training.align(*model_, alignments_);
  return *model_;
}

const GmmHmm& Ladder::train_lda_mllt() {
  BIVOX_CHECK(model_.has_value());
  const int spliced = training_front_end(FeatureForm::kSplice).dims();
  std::vector<LdaStatistics> parts(kTrainingBlocks,
                                   LdaStatistics(model_->tree.num_states(), spliced));
  run_blocks(kTrainingBlocks, options_.threads, [&](int block) {
    const auto [first, last] = block_range(block, features_.size());
    for (size_t u = first; u < last; ++u) {
      if (alignments_[u].empty()) continue;
      parts[static_cast<size_t>(block)].accumulate(
          expand_features(corpus_.utterances[u].cepstra, FeatureForm::kSplice),
          tied_states(alignments_[u], model_->tree));
    }
  });
  for (int block = 1; block < kTrainingBlocks; ++block) {
    parts[0].add(parts[static_cast<size_t>(block)]);
  }
  FeatureMatrix transform = parts[0].estimate(options_.lda_dims);
  make_features(FeatureForm::kSplice, transform);
  model_.emplace(grow_tree(options_.lda_states), FeatureForm::kSplice);
  model_->transform = std::move(transform);

  const auto rotate = [&](int pass) {
    if (!estimates_transform(pass)) return;
    std::vector<MlltStatistics> sums(kTrainingBlocks, MlltStatistics(options_.lda_dims));
    run_blocks(kTrainingBlocks, options_.threads, [&](int block) {
      const auto [first, last] = block_range(block, features_.size());
      // A quarter of the utterances tells 1,600 numbers well enough.
      for (size_t u = first; u < last; u += 4) {
        if (alignments_[u].empty()) continue;
        sums[static_cast<size_t>(block)].accumulate(model_->mixtures, features_[u],
                                                    tied_states(alignments_[u], model_->tree));
      }
    });
    for (int block = 1; block < kTrainingBlocks; ++block) {
      sums[0].add(sums[static_cast<size_t>(block)]);
    }
    const FeatureMatrix matrix = sums[0].estimate();
    model_->transform = matrix * model_->transform;
    make_features(FeatureForm::kSplice, model_->transform);
    model_->mixtures.transform_means({matrix.data(), static_cast<size_t>(matrix.size())});
  };
  EmTraining training(corpus_, lexicon_.lexicon, features_,
                      em_options("lda-mllt", options_.lda_gaussians), report_);
  training.run(*model_, alignments_, rotate);
  training.align(*model_, alignments_);
  return *model_;
}

void Ladder::adapt_speakers(const GmmHmm& model) {
  const auto speakers = corpus_.speakers.size();
  const int dims = model.mixtures.dims();
  std::vector<std::vector<size_t>> utterances(speakers);
  for (size_t u = 0; u < features_.size(); ++u) {
    utterances[static_cast<size_t>(corpus_.utterances[u].speaker)].push_back(u);
  }
  speaker_transforms_.resize(speakers);
  run_blocks(static_cast<int>(speakers), options_.threads, [&](int speaker) {
    const auto s = static_cast<size_t>(speaker);
    FmllrStatistics statistics(dims);
    for (const size_t u : utterances[s]) {
      if (alignments_[u].empty()) continue;
      std::vector<int> states = tied_states(alignments_[u], model.tree);
      // Silence says nothing of the speaker.
      size_t t = 0;
      for (const StateRun& run : alignments_[u]) {
        for (int i = 0; i < run.frames; ++i, ++t) {
          if (model.tree.phones().is_filler(run.phone)) states[t] = -1;
        }
      }
      const FeatureMatrix plain =
          expand_features(corpus_.utterances[u].cepstra, model.form) * model.transform.transpose();
      statistics.accumulate(model.mixtures, features_[u], plain, states);
      if (statistics.frames() > 12000.0) break;  // two minutes of speech fix 1,640 numbers
    }
    speaker_transforms_[s] = statistics.estimate();
    for (const size_t u : utterances[s]) {
      const FeatureMatrix plain =
          expand_features(corpus_.utterances[u].cepstra, model.form) * model.transform.transpose();
      features_[u] = apply_affine(speaker_transforms_[s], plain);
    }
  });
}

const GmmHmm& Ladder::train_sat() {
  BIVOX_CHECK(model_ && model_->transform.size() > 0);
  adapt_speakers(*model_);
  GmmHmm sat(grow_tree(options_.sat_states), FeatureForm::kSplice);
  sat.transform = model_->transform;
  model_ = std::move(sat);
  const auto adapt = [&](int pass) {
    if (estimates_transform(pass)) adapt_speakers(*model_);
  };
  EmTraining training(corpus_, lexicon_.lexicon, features_,
                      em_options("sat", options_.sat_gaussians), report_);
  training.run(*model_, alignments_, adapt);
  training.align(*model_, alignments_);
  return *model_;
}

}  // namespace bivox
