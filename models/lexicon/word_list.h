// What users list to be recognized: words with pronunciations, and phrases.
//
//   word list     word [TAB phones] [TAB boost]     "Ronicky<TAB>R AA N IH K IY<TAB>2.5"
//   phrase list   words of the phrase [TAB boost]   "ronicky drew<TAB>3"
//
// One entry a line. A field that is empty or left out is not given; a second field that is a number
// is the boost. Phones are those of the acoustic model; a stress digit that it does not have is
// dropped. A boost is a bonus to the language model's natural log probability, for a phrase that
// of each of its words. Lines that are empty or begin with '#' say nothing, and a '#' after a blank
// ends a line. UTF-8, with or without a byte order mark, lines end in LF or CR LF.
//
// Errors: Error(kInput) with the name, the line number and the reason. Thread rule: free functions.
// Test: tests/models/word_list_test.cpp; fuzzed by tests/fuzz/word_list_fuzz.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/lexicon/phone_set.h"

namespace bivox {

struct ListedWord {
  std::string word;
  std::vector<PhoneId> phones;  ///< Empty where none were given.
  std::optional<float> boost;
};

struct ListedPhrase {
  std::vector<std::string> words;  ///< At least one.
  std::optional<float> boost;
};

/// `name` stands for the path in errors.
std::vector<ListedWord> parse_word_list(std::string_view text, const PhoneSet& phones,
                                        std::string_view name);
std::vector<ListedPhrase> parse_phrase_list(std::string_view text, std::string_view name);

}  // namespace bivox
