// How well a model predicts a text.
//
//   perplexity = exp(-sum log P(w_i | h_i) / n)
//
// over the words and the sentence ends of the text, one sentence a line; words that the model does
// not know (out of vocabulary) are predicted as <unk>, and counted, or left out of the sum. Empty
// lines are skipped. A model without <unk> gives unknown words no probability: they are left out of
// every sum, and the context after them is empty. Thread rule: free functions. Errors: those of
// TextLines. Source: the counting is that of KenLM's `query`. Test:
// tests/models/perplexity_test.cpp.
#pragma once

#include <cstdint>
#include <string_view>

#include "models/lm/ngram.h"
#include "models/lm/text_lines.h"

namespace bivox {

struct PerplexityOptions {
  /// Folds A-Z to a-z.
  bool lower_case = false;
};

struct TextScore {
  uint64_t num_sentences = 0;
  uint64_t num_words = 0;  ///< Without sentence ends, unknown words included.
  uint64_t num_unknown = 0;
  double log_prob_words = 0.0;    ///< Natural log; of known words.
  double log_prob_ends = 0.0;     ///< Of sentence ends.
  double log_prob_unknown = 0.0;  ///< Of unknown words; 0 if the model has no <unk>.

  /// Over words and sentence ends, unknown words as <unk>.
  double perplexity() const;
  /// Over known words and sentence ends.
  double perplexity_of_known() const;
  /// Over known words only.
  double perplexity_of_known_words() const;
};

TextScore score_text(const NgramModel& model, TextLines& lines,
                     const PerplexityOptions& options = {});

}  // namespace bivox
