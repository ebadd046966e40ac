// The N best word sequences of a lattice: different words, not different times or pronunciations.
//
// Every node keeps its N best distinct word sequences from the start (k-best Viterbi on the acyclic
// lattice), so the list is exact. Cost: arcs times N.
// Source: Huang & Chiang 2005, "Better k-best parsing", algorithm 2 without laziness.
// Test: tests/asr/search/nbest_test.cpp (against enumeration of all paths).
#pragma once

#include <vector>

#include "asr/search/lattice.h"
#include "asr/search/search_network.h"

namespace bivox {

struct NbestEntry {
  std::vector<TreeWord> words;  ///< Without fillers.
  double log_score = 0.0;
};

/// At most `count` entries, best first.
std::vector<NbestEntry> nbest(const SearchNetwork& network, const Lattice& lattice, int count);

}  // namespace bivox
