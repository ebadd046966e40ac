// Makes two texts comparable before words are counted: what is not heard must not count as an
// error.
//
// In this order, each step an option:
//   1. fold_case: upper to lower, ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic letters.
//   2. strip_punctuation: hyphens, dashes and slashes become blanks ("twenty-one" is two words);
//      other punctuation of ASCII and Unicode's General Punctuation block, and the signs of
//      Latin-1, go away. Apostrophes stay inside of words ("don't", the curly one written as ') and
//      go at their edges, where they cannot be told from quotes.
//   3. Blanks are made single.
// Numbers, abbreviations and spellings are left alone: they are different words here, as for
// sclite. Text that is not UTF-8 passes through byte by byte. Thread rule: free function. Test:
// tests/models/text_normalization_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace bivox {

struct TextNormalization {
  bool fold_case = true;
  bool strip_punctuation = true;
};

std::string normalize_text(std::string_view text, const TextNormalization& options = {});

}  // namespace bivox
