// From sequences of units to the n-gram over them: the language models' Kneser-Ney and pruning
// (models/lm), with words for units.
//
// What differs from text is the size: a dictionary has a million units, few enough to sort the
// n-grams of eight units in memory, where text needs packed numbers and disk.
// Thread rule: a function of its arguments. Test: tests/models/g2p_test.cpp.
#pragma once

#include <vector>

#include "models/lexicon/g2p_ngram.h"
#include "models/lexicon/g2p_units.h"

namespace bivox {

inline constexpr int kG2pMaxOrder = 8;

struct G2pEstimatorOptions {
  int order = 8;           ///< 2 .. kG2pMaxOrder.
  double threshold = 0.0;  ///< Relative entropy below which an n-gram is dropped, nats.
};

/// Nodes for G2pNgram. Sequences hold units below num_symbols - 2; the begin and end marks are
/// added here (num_symbols - 1 and num_symbols - 2).
std::vector<G2pNgramNode> estimate_g2p(const std::vector<std::vector<G2pUnit>>& sequences,
                                       int num_symbols, const G2pEstimatorOptions& options);

}  // namespace bivox
