// Word lattice: what the search kept alive, as a graph of words with times and scores.
//
// Nodes are (end frame, language model state, last phone); arcs are words. Arcs are ordered so that
// every arc into a node comes before every arc out of it. Scores are natural logs, per arc:
//   arc.score() = acoustic + lm_weight * language + penalty
// Frames are indices of acoustic frames; an arc spans [start_frame, end_frame).
// Thread rule: a value. Test: tests/asr/search/lattice_test.cpp (against enumeration of all paths).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "asr/search/prefix_tree.h"

namespace bivox {

struct LatticeArc {
  uint32_t from;
  uint32_t to;
  TreeWord word;
  float acoustic;  ///< log p(x | word) over its frames, with cross-word contexts as decoded.
  float language;  ///< log P(word | history), unweighted; 0 for fillers.
  float penalty;   ///< Word or filler penalty.
};

struct LatticeNode {
  int32_t frame;  ///< First frame after the words that end here.
};

struct Lattice {
  std::vector<LatticeNode> nodes;  ///< Node 0 is the start; in order of time.
  std::vector<LatticeArc> arcs;    ///< Sorted by `to`.
  struct Final {
    uint32_t node;
    float score;  ///< lm_weight * log P(</s> | history).
  };
  std::vector<Final> finals;
  float language_weight = 1.0F;

  double score(const LatticeArc& arc) const {
    return static_cast<double>(arc.acoustic) +
           static_cast<double>(language_weight) * static_cast<double>(arc.language) +
           static_cast<double>(arc.penalty);
  }
};

/// The best path: indices of arcs from left to right. Empty if the lattice has no complete path.
std::vector<uint32_t> best_path(const Lattice& lattice);

/// Its score with that of its final; minus infinity if there is none.
double best_path_score(const Lattice& lattice);

/// Posterior probability of every arc, in [0, 1]: forward-backward over arc scores times `scale`.
/// Source: Wessel et al. 2001, section II.
std::vector<double> arc_posteriors(const Lattice& lattice, double scale);

}  // namespace bivox
