// A grammar as a graph of words: rules written out in place of their references.
//
// States are dense; an arc is a word, or silent: nothing, a tag, the beginning or the end of a
// rule. Every way from start() to final() is a sentence, and the arcs on it say by which rules it
// came about. The sum over the arcs that leave a state is 1:
//
//   /w1/ a | /w2/ b   each w / (w1 + w2)        [a]   1/2 with a, 1/2 without
//   a*                1/2 again, 1/2 on         a+    a, then 1/2 again, 1/2 on
//
// Recursion. A rule that refers to itself in its last place (also through other rules) becomes an
// arc back to its beginning. Anywhere else, and where no word lies between, it is an Error: such
// grammars are not regular, or never come to a word. Tags of a recursive reference count before
// those of what it refers to.
//
// Errors: Error(kModel) with file, line and column; also for a graph of more than `max_states`.
// Thread rule: immutable after building. Test: tests/models/grammar_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/lm/grammar_rules.h"

namespace bivox {

struct GrammarArc {
  enum class Kind : uint8_t {
    kWord,       ///< `label` is an index into words().
    kNothing,    ///< No label.
    kTag,        ///< `label` is an index into tags().
    kRuleBegin,  ///< `label` is a place where a rule was written out, see rule_at().
    kRuleAgain,  ///< The same; a recursive reference: the rule begins within itself.
    kRuleEnd,    ///< Ends what kRuleBegin of this label began, and all that is within it.
  };
  Kind kind;
  uint32_t label;
  uint32_t next;
  double log_prob;  ///< Natural log.
};

class GrammarGraph {
 public:
  /// `root` names the rule that is spoken; empty: any public rule of the main file, all alike.
  GrammarGraph(const GrammarRules& rules, std::string_view root, size_t max_states);

  std::span<const GrammarArc> arcs(uint32_t state) const {
    return {arcs_.data() + first_arc_[state], first_arc_[state + 1] - first_arc_[state]};
  }
  uint32_t num_states() const { return static_cast<uint32_t>(first_arc_.size() - 1); }
  uint32_t start() const { return 0; }
  uint32_t final() const { return 1; }

  const std::vector<std::string>& words() const { return words_; }
  const std::vector<std::string>& tags() const { return tags_; }
  /// The name of the rule that was written out at a place.
  const std::string& rule_at(uint32_t place) const { return rule_names_[rule_of_place_[place]]; }

 private:
  class Builder;

  std::vector<GrammarArc> arcs_;
  std::vector<uint32_t> first_arc_;
  std::vector<std::string> words_;
  std::vector<std::string> tags_;
  std::vector<std::string> rule_names_;
  std::vector<uint32_t> rule_of_place_;
};

}  // namespace bivox
