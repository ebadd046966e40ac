// Pronunciations for words that the dictionary lacks, by the bundled model g2p-en
// (models/lexicon/g2p.h). The list of what was made up goes into the results, so that users can
// correct it.
//
// A word gets its best pronunciation, and others that are nearly as likely: for recognition a
// second guess is cheap, and alignment takes what fits best.
// Errors: Error(kModel) when there are such words but no model. Thread rule: free functions. Test:
// tests/apps/unknown_words_test.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "asr/transcript/transcript.h"
#include "models/lexicon/lexicon.h"
#include "models/lexicon/phone_set.h"

namespace bivox {

struct CompletedWords {
  std::vector<PronouncedWord> pronounced;  ///< Added to the lexicon; the best pronunciation.
  std::vector<std::string> silent;         ///< Without a letter that could be pronounced.
};

/// Adds pronunciations of those of `words` that the lexicon does not have, as they are written.
CompletedWords complete_lexicon(Lexicon& lexicon, const PhoneSet& phones,
                                std::span<const std::string> words);

/// "Ronicky (R AA1 N IH0 K IY0), ...": for a notice; at most `count`, then how many more.
std::string describe(std::span<const PronouncedWord> words, size_t count = 5);

}  // namespace bivox
