// Which letters of a word make which of its phones: many-to-many alignment by expectation
// maximization.
//
// A word is cut into pairs of shape (letters:phones) 1:0, 1:1, 1:2 and 2:1. The model is a table
// P(pair); the E step sums over all ways to cut a word,
//
//   alpha(i, j) = sum over shapes (a, b) of alpha(i-a, j-b) P(letters i-a..i, phones j-b..j)
//
// and likewise beta from the end; the M step normalizes the expected counts. Pairs are learnt on
// phones without stress (39 instead of 69 in English: stress does not depend on the letters at
// hand), then the best cut of every word carries the stressed phones.
// Source: Bisani, Ney 2008, section 2.2; Jiampojamarn et al. 2007 (many-to-many alignments).
// Thread rule: a function of its arguments. Test: tests/models/g2p_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "models/lexicon/g2p_units.h"

namespace bivox {

/// A word to learn from: letters 0..25, and phones that index a list of names.
struct G2pEntry {
  std::vector<uint8_t> letters;
  std::vector<uint8_t> phones;
};

struct G2pAlignmentOptions {
  int iterations = 12;
  /// A pair of n letters and phones costs penalty^(n - 2) when it has more than one of either: the
  /// likelihood alone would prefer few, large pairs.
  double size_penalty = 0.2;
};

using G2pAlignment = std::vector<G2pPair>;

/// The best cut of every entry, empty for one that the shapes cannot cut (more than twice as many
/// phones as letters, or less than half). `progress(done, total)` may be null.
std::vector<G2pAlignment> align_g2p(const std::vector<G2pEntry>& entries,
                                    const std::vector<std::string>& phones,
                                    const G2pAlignmentOptions& options,
                                    const std::function<void(int, int)>& progress);

}  // namespace bivox
