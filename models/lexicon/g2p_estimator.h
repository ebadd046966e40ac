// From sequences of units to the n-gram over them: interpolated modified Kneser-Ney, then pruning.
//
//   P(u | h) = (c(h u) - D(c)) / c(h) + gamma(h) P(u | h')
//
// with c the number of occurrences for n-grams of the highest order and for those that begin a
// word, and the number of different units to the left for all others; D is 0, D1, D2 or D3+ by the
// count, per order. Everything lies in one trie in memory: a dictionary has a million units, where
// text has billions of words and needs an estimator that works on disk.
// Pruning drops an n-gram when the relative entropy between the models with and without it,
// weighted by how often its history occurs, is below a threshold, and when no n-gram that is kept
// contains it; back-off weights are then computed anew.
// Sources: Chen, Goodman: "An empirical study of smoothing techniques for language modeling", 1998,
// section 3; Stolcke: "Entropy-based pruning of backoff language models", 1998; Chelba et al. 2010
// (histories by their counts, since Kneser-Ney's lower orders are no marginals).
// Thread rule: a function of its arguments. Test: tests/models/g2p_test.cpp.
#pragma once

#include <vector>

#include "models/lexicon/g2p_ngram.h"
#include "models/lexicon/g2p_units.h"

namespace bivox {

inline constexpr int kG2pMaxOrder = 8;

struct G2pEstimatorOptions {
  int order = 8;           ///< 1 .. kG2pMaxOrder.
  double threshold = 0.0;  ///< Loss of likelihood per unit below which an n-gram is dropped, nats.
};

/// Nodes for G2pNgram. Sequences hold units below num_symbols - 2; the begin and end marks are
/// added here (num_symbols - 1 and num_symbols - 2).
std::vector<G2pNgramNode> estimate_g2p(const std::vector<std::vector<G2pUnit>>& sequences,
                                       int num_symbols, const G2pEstimatorOptions& options);

}  // namespace bivox
