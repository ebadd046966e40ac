// The words of a running text, spelt as a dictionary spells them.
//
// Each token is looked up as it stands, then in lower and in upper case (word_spelling.h); if that
// fails, without its punctuation and cut at hyphens (models/lexicon/text_normalization.h).
// Thread rule: free functions. Test: tests/apps/dictionary_words_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/lexicon/lexicon.h"

namespace bivox {

struct DictionaryWords {
  std::vector<std::string> words;    ///< Known ones, in the order of the text.
  std::vector<std::string> unknown;  ///< Each once, without punctuation.
};

DictionaryWords find_dictionary_words(std::string_view text, const Lexicon& lexicon);

/// All words of the text in order: known ones as the dictionary spells them, others as written but
/// without punctuation.
std::vector<std::string> spell_words(std::string_view text, const Lexicon& lexicon);

}  // namespace bivox
