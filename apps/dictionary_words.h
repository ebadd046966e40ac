// The words of a running text, spelt as a dictionary spells them.
//
// Each token is looked up as it stands, then in lower and in upper case; if that fails, without its
// punctuation and cut at hyphens (asr/evaluation/text_normalization.h).
// Thread rule: free functions. Test: tests/apps/dictionary_words_test.cpp.
#pragma once

#include <optional>
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

/// How the dictionary spells one word: as it stands, in lower or in upper case; absent if in none.
std::optional<std::string> dictionary_spelling(std::string_view word, const Lexicon& lexicon);

/// The three forms that are looked up, in that order.
std::vector<std::string> case_variants(std::string_view word);

}  // namespace bivox
