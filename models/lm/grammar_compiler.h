// From a grammar to the automaton that the search walks: an NgramModel whose contexts are the
// states of the grammar.
//
// Each state lists its words explicitly, and </s> where a sentence may end; backing off from it is
// impossible (kImpossibleLogProb), as are all unigrams. So the one decoder needs to know nothing of
// grammars: whatever leaves the grammar falls out of the beam, and what could be saved and mapped
// for n-grams can be for grammars.
//
// Rejection. Beside the grammar lies a loop over filler words, one for each phone: speech that is
// not of the grammar is closer to some sequence of phones than to any of its sentences. The loop
// starts where a sentence starts and, once entered, only ends with the utterance. A lower cost for
// each phone rejects more; what suits a recognizer depends on the scale of its scores.
//
// Errors: Error(kModel) for words that stand for something else (<s>, </s>), and for more states
// than an NgramModel counts. Thread rule: free function. Test: tests/models/grammar_test.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/lm/grammar.h"
#include "models/lm/ngram.h"

namespace bivox {

struct GrammarModelOptions {
  /// The words of the loop; empty: everything must be of the grammar.
  std::vector<std::string> filler_words;
  /// Of each filler word, natural log. What costs nothing else may be above 0.
  float filler_log_prob = 0.0F;
  /// Of an utterance in which no word is said, natural log; none: it has to be of the grammar too.
  std::optional<float> silence_log_prob;
};

std::shared_ptr<const NgramModel> compile_grammar(const Grammar& grammar,
                                                  const GrammarModelOptions& options = {});

}  // namespace bivox
