// The best phone sequences for a word's letters under an n-gram over units.
//
// Beam search over the letters: a hypothesis is (letters read, n-gram context, phones so far).
// Hypotheses that agree in all three came by different cuts of the same letters into units; their
// probabilities are added. What falls a beam below the best of its position is dropped.
// Source: Bisani, Ney 2008, section 2.4 (sum instead of maximum over segmentations).
// Thread rule: one decoder a thread at a time; its memory is used again from word to word. Test:
// tests/models/g2p_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/lexicon/g2p_ngram.h"
#include "models/lexicon/g2p_units.h"

namespace bivox {

struct G2pBeam {
  float width = 6.0F;          ///< Nats below the best hypothesis of the same position.
  size_t max_hypotheses = 32;  ///< Kept at each position.
  /// Nats below the best by the mean of both n-grams: what is less likely is not ranked.
  float shortlist = 4.0F;
};

struct G2pCandidate {
  std::vector<uint8_t> phones;
  std::vector<G2pUnit> path;  ///< The units of its most likely cut.
  float log_prob = 0.0F;      ///< log P(letters, phones), summed over what the search kept.
};

class G2pDecoder {
 public:
  G2pDecoder(const G2pUnits& units, const G2pNgram& ngram);

  /// All phone sequences that the search kept, in no order; empty when the model has no way to read
  /// the letters.
  std::vector<G2pCandidate> decode(std::span<const uint8_t> letters, const G2pBeam& beam);

 private:
  struct Hypothesis {
    float log_prob;       // summed over cuts
    float best_log_prob;  // of the best cut, which `unit` and `previous` belong to
    G2pNgram::State state;
    uint64_t phones;    // hash of the phones so far
    uint32_t previous;  // in hypotheses_ of the position that the unit began at
    G2pUnit unit;
    uint8_t num_letters;
  };

  void extend(size_t position, G2pUnits::Range range, uint8_t num_letters, const G2pBeam& beam);
  void add(size_t position, const Hypothesis& hypothesis);
  /// The place in the position's index of the hypothesis that agrees with this one, or where it
  /// would go.
  uint32_t& index_of(size_t position, const Hypothesis& hypothesis);
  void cut(size_t position, const G2pBeam& beam);

  const G2pUnits& units_;
  const G2pNgram& ngram_;
  std::vector<uint8_t> seen_;
  std::vector<std::vector<Hypothesis>> positions_;  // [letters read]
  // [letters read] open addressing, a power of two: place in positions_ plus one, or 0.
  std::vector<std::vector<uint32_t>> indices_;
  std::vector<float> best_;  // [letters read] best log_prob so far
};

}  // namespace bivox
