// Contextual biasing: a bonus for phrases that a user expects, as an automaton over words.
//
// A word sequence W gains, beside its language model score,
//
//   B(W) = sum over the phrases, over their occurrences in W, of bonus * (words of the phrase)
//
// in natural logs. Occurrences may overlap, and a phrase within a phrase counts too. So that the
// beam does not drop a phrase before it is whole, each of its words is paid in advance, and what
// was paid is taken back when the phrase breaks off: with the potential a(q) = the largest bonus *
// depth of a phrase that state q has begun, a step q -> r pays  out(r) + a(r) - a(q)  (potential
// shaping: a path's advances sum to zero). Negative bonuses are paid on completion only.
//
// States are the proper prefixes of phrases; 0 is "within none". Like the language model it is a
// back-off automaton: what a state does not list, shorter() does, for shorter_bonus(). So search
// and look-ahead treat both alike (language_model.h).
//
// Thread rule: immutable. Errors: Error(kUsage) for an empty phrase or a bonus that is no number.
// Source: Aho & Corasick 1975 (the automaton); Zhao et al. 2019, "Shallow-fusion end-to-end
// contextual biasing", section 3 (advance per unit, taken back on failure). Test:
// tests/models/phrase_boost_test.cpp (against counting occurrences).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/lm/ngram.h"

namespace bivox {

/// Index of a state of PhraseBoost; 0: within no phrase.
using PhraseState = uint32_t;

class PhraseBoost {
 public:
  struct Phrase {
    std::vector<LmWord> words;
    float bonus = 0.0F;  ///< For each word, natural log.
  };

  /// Words are below `num_words`. Of a phrase that is listed twice the larger bonus counts.
  PhraseBoost(uint32_t num_words, std::span<const Phrase> phrases);

  struct Step {
    float bonus;
    PhraseState next;
  };
  /// What `word` pays in `state`, and where it leads. Hot: no allocation.
  Step step(PhraseState state, LmWord word) const noexcept;

  /// The state of the longest proper suffix; of state 0: 0.
  PhraseState shorter(PhraseState state) const noexcept { return states_[state].shorter; }
  /// What going there pays (at most 0).
  float shorter_bonus(PhraseState state) const noexcept { return states_[state].shorter_bonus; }
  /// Calls f(LmWord word, Step) for the words that `state` lists, ascending.
  template <class F>
  void for_each_successor(PhraseState state, F&& f) const {
    for (uint32_t a = states_[state].first_arc; a < states_[state + 1].first_arc; ++a) {
      f(arcs_[a].word, Step{arcs_[a].bonus, arcs_[a].next});
    }
  }
  /// What `word` pays within no phrase.
  float start_bonus(LmWord word) const noexcept {
    return start_arcs_[word] == 0 ? 0.0F : arcs_[start_arcs_[word] - 1].bonus;
  }
  uint32_t num_states() const noexcept { return static_cast<uint32_t>(states_.size() - 1); }

 private:
  struct State {
    PhraseState shorter;
    float shorter_bonus;
    uint32_t first_arc;
  };
  struct Arc {
    LmWord word;
    PhraseState next;
    float bonus;
  };

  std::vector<State> states_;  // and one more, the end
  std::vector<Arc> arcs_;
  std::vector<uint32_t> start_arcs_;  // of each word: its arc from state 0 + 1, or 0
};

}  // namespace bivox
