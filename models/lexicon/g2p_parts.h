// What a pronunciation model is made of, and its file.
//
// File (little endian): "BIVOXG2P", version (u32), CRC-32 of the rest (u32); number of phones and
// their names (a length byte each); number of pairs (u32) and four bytes a pair; the names of the
// letters a..z as phones (a length byte each); the two n-grams
// (g2p_ngram.h); the ranker (g2p_ranker.h).
// Thread rule: immutable once in a G2pModel. Test: tests/models/g2p_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "models/lexicon/g2p.h"
#include "models/lexicon/g2p_decoder.h"
#include "models/lexicon/g2p_ngram.h"
#include "models/lexicon/g2p_ranker.h"
#include "models/lexicon/g2p_units.h"

namespace bivox {

struct G2pModel::Parts {
  G2pUnits units;
  /// How the letter is called, for initialisms; empty where the dictionary does not say.
  std::array<std::vector<uint8_t>, kG2pLetters> letter_names;
  G2pNgram forward;   ///< Over the units of a word in order: the search follows it.
  G2pNgram backward;  ///< Over the units from the last to the first: judges what the search found.
  G2pRanker ranker;   ///< Has the last word.
  G2pBeam beam;
};

/// A candidate that the ranker is to judge.
struct G2pListed {
  G2pCandidate candidate;
  float backward_log_prob;  ///< log P of the path's units, read from the last to the first.
};

/// The likely ones among the candidates of the search: see G2pBeam::shortlist.
std::vector<G2pListed> shortlist(const G2pModel::Parts& parts, std::vector<G2pCandidate> candidates,
                                 float width);

}  // namespace bivox
