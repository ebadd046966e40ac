// Second pass: the scores of a larger language model in the place of those the search used.
//
// A lattice node stands for one context of the first language model; a larger one can tell more
// histories apart. So nodes are copied, one copy for each of its contexts that reaches the node:
//
//   copies(start) = { begin },   copies(to) = { next(c, w) : arc (from, to, w), c in copies(from) }
//
// and every arc of a copy takes
//
//   log (share P_larger(w | c) + (1 - share) P_first(w | h))
//
// where the second term is what the first pass gave it. Models of different texts know different
// things, so a mixture is better than either. Acoustic scores, penalties and times stay, and so do
// the phrases that the first model boosts. What the first pass dropped does not come back. Pruned:
// arcs whose best path, by the first pass's scores, is more than `beam` below the best one; of a
// node's copies those more than `beam` below its best or beyond the best max_copies. With both out
// of reach the best path is that of decoding with the larger model over the lattice's paths,
// exactly.
//
// Scores are natural logs of the objective (decoder.h). Thread rule: immutable; share freely.
// Cost: arcs times copies. Source: Ortmanns, Ney, Aubert 1997, "A word graph algorithm for large
// vocabulary continuous speech recognition", section 5. Test: tests/asr/search/rescoring_test.cpp
// (against every path of small lattices).
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "asr/search/lattice.h"
#include "asr/search/search_network.h"
#include "models/lm/language_model.h"

namespace bivox {

struct RescoringOptions {
  float share = 0.5F;  ///< Of the larger model, 0 .. 1; 1: it alone.
  float beam = 120.0F;
  int max_copies = 64;  ///< Of one lattice node.
};

class Rescorer {
 public:
  /// Words of the network that `larger` lacks get the probability of a rare word there. `phrases`
  /// are those boosted in the first pass.
  Rescorer(std::shared_ptr<const SearchNetwork> network, std::shared_ptr<const NgramModel> larger,
           std::span<const BoostedPhrase> phrases = {}, const RescoringOptions& options = {});

  /// The lattice with the larger model's scores. `ended` says whether the utterance did: only then
  /// its finals get log P(</s> | h).
  Lattice rescore(const Lattice& lattice, bool ended) const;

  const LanguageModel& lm() const { return lm_; }

 private:
  std::shared_ptr<const SearchNetwork> network_;
  RescoringOptions options_;
  LanguageModel lm_;
  std::vector<LmWord> lm_words_;  // of each TreeWord that is no filler
};

}  // namespace bivox
