// Learning the weights of the ranker from lists of candidates.
//
// Every list holds the candidates of one word as the search finds them with a model that has not
// seen the word, and which of them are right. The likelihood of the right ones,
//
//   L = sum over words of log( sum over right c of exp score(c) / sum over all c of exp score(c) ),
//
// is climbed by stochastic gradients with a step of its own for every weight (AdaGrad), for a few
// epochs: more would learn the words by heart. A word without a right candidate teaches nothing.
// Sources: Duchi, Hazan, Singer 2011 (AdaGrad). Thread rule: a function of its arguments. Test:
// tests/models/g2p_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/lexicon/g2p_ranker.h"
#include "models/lexicon/g2p_units.h"

namespace bivox {

struct G2pRankedCandidate {
  std::vector<G2pUnit> path;
  float forward_log_prob = 0.0F;
  float backward_log_prob = 0.0F;
  bool is_right = false;
};

struct G2pRankedWord {
  std::vector<uint8_t> letters;
  std::vector<G2pRankedCandidate> candidates;
};

struct G2pRankerOptions {
  int epochs = 3;
  float rate = 0.05F;
  uint64_t seed = 1;
};

/// `progress(done, total)` counts epochs and may be null.
G2pRanker train_g2p_ranker(const G2pUnits& units, const std::vector<G2pRankedWord>& words,
                           const G2pRankerOptions& options,
                           const std::function<void(int, int)>& progress);

}  // namespace bivox
