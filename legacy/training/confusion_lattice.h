// What else could have been heard in the training speech: lattices of the recognizer with a weak
// language model, in the form that discriminative training reads again and again.
//
// A weak model (unigrams of the training texts) is wanted: the texts are known, so a strong one
// would leave nothing to confuse, and it is the acoustic model that shall learn to tell words
// apart. Arcs are words with pronunciation, times and exact neighbouring phones; their graph score
// (language model, penalties) stays, their acoustic score is made anew by every pass. Arcs of a
// posterior below `min_posterior` are left out.
//
// Thread rule: pure functions; lattices are values. Source: Povey & Woodland, "Minimum phone error
// and I-smoothing for improved discriminative training", ICASSP 2002, section 4 (weak language
// models, lattices made once). Test: tests/legacy/discriminative_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "asr/search/decoder.h"
#include "legacy/gmm/gmm_scores.h"
#include "legacy/training/em_training.h"

namespace bivox {

struct ConfusionArc {
  uint32_t from = 0;
  uint32_t to = 0;
  WordIndex word = kSilenceWord;  ///< In the lexicon.
  int32_t pronunciation = 0;
  PhoneId left = 0;  ///< Last phone before, first phone behind; silence at the edges.
  PhoneId right = 0;
  float graph = 0.0F;  ///< Weighted language model and penalties, natural log.

  static constexpr WordIndex kSilenceWord = -1;
};

/// As Lattice (asr/search/lattice.h): node 0 is the start, arcs into a node come before those out
/// of it. Empty when the search found no way to the end.
struct ConfusionLattice {
  std::vector<int32_t> frames;  ///< [nodes]
  std::vector<ConfusionArc> arcs;
  struct Final {
    uint32_t node = 0;
    float graph = 0.0F;
  };
  std::vector<Final> finals;
};

struct ConfusionOptions {
  float scale = 0.1F;  ///< Of path scores, here and in lattice_posteriors.h.
  double min_posterior = 1e-5;
  float beam = 100.0F;
  float word_beam = 60.0F;
  int max_active = 3000;
};

/// The unigrams of the corpus' words, kUnknownWord left out. Every word is a context of its own,
/// though it changes nothing: the search keeps paths apart whose last words differ, so that
/// lattices hold them (word pair approximation: Schwartz & Austin, ICASSP 1991).
LanguageModel unigram_model(const TrainingCorpus& corpus);

/// [utterances], empty for blocks that are other ranks'. `features` as the model sees them.
std::vector<ConfusionLattice> find_confusions(const GmmHmm& model, const TrainingCorpus& corpus,
                                              const Lexicon& lexicon,
                                              const std::vector<FeatureMatrix>& features,
                                              const ConfusionOptions& options, int threads,
                                              Communicator* communicator);

}  // namespace bivox
