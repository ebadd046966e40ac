// How a dictionary spells a word of somebody's text: as it stands, else in lower or in upper case.
//
// Thread rule: pure functions. Test: tests/apps/dictionary_words_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/lexicon/lexicon.h"

namespace bivox {

/// The three forms that are looked up, in that order.
std::vector<std::string> case_variants(std::string_view word);

/// The word of the dictionary that is one of them; absent if none is.
std::optional<WordIndex> find_in_any_case(std::string_view word, const Lexicon& lexicon);
std::optional<std::string> dictionary_spelling(std::string_view word, const Lexicon& lexicon);

}  // namespace bivox
