// A grammar as a deterministic automaton over words: what is left when rules, tags and silent arcs
// are gone.
//
//   log P(w1 ... wn) = sum_i log P(wi | state before wi) + final(state after wn)
//
// The probability of a sentence is the sum over all ways in which the grammar makes it (silent arcs
// removed and states determinized in the log semiring), so the arcs and the end of a state sum to
// 1 wherever nothing in the grammar is <VOID>. Equal states are merged.
//
// Not every weighted grammar has a deterministic form of finite size. The states of the result are
// sets of states of the grammar with their posterior probabilities; those are compared on a grid,
// fine at first (1e-6), coarse (1/2) if the automaton then grows beyond `max_states`. So the
// language is always exact, and so are probabilities but for those rare grammars. What stays too
// large on the coarse grid is an Error(kModel).
// Thread rule: values. Source: Mohri 2009, "Weighted automata algorithms", sections 5 to 7.
// Test: tests/models/grammar_test.cpp (against enumeration of the language).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "models/lm/grammar_graph.h"

namespace bivox {

struct WordAutomaton {
  struct Arc {
    uint32_t word;  ///< Index into the words of the grammar.
    uint32_t next;
    double log_prob;  ///< Natural log.
  };
  std::vector<uint32_t> first_arc;      ///< [num_states + 1]
  std::vector<Arc> arcs;                ///< Those of a state in ascending order of words.
  std::vector<double> final_log_probs;  ///< [num_states]; -inf where no sentence ends.

  /// State 0 is the start.
  uint32_t num_states() const { return static_cast<uint32_t>(final_log_probs.size()); }
  std::span<const Arc> arcs_of(uint32_t state) const {
    return {arcs.data() + first_arc[state], first_arc[state + 1] - first_arc[state]};
  }
  /// The arc of a state with this word, or nullptr.
  const Arc* find(uint32_t state, uint32_t word) const;
};

/// Makes the automaton; `source` stands for the grammar's path in errors. A grammar without any
/// sentence is an Error(kModel).
WordAutomaton make_word_automaton(const GrammarGraph& graph, std::string_view source,
                                  size_t max_states);

}  // namespace bivox
