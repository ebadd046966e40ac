// How likely the pronunciations of a word are, learnt from speech, kept beside the dictionary.
//
//   log P(pronunciation | word) = log( (count + 1) / max over the word's pronunciations (count + 1)
//   )
//
// The likeliest pronunciation of every word has 0, so that a word with many pronunciations is not
// at a disadvantage; a word that was never heard has 0 for all.
// File: one pronunciation a line, `word TAB natural log TAB phones`, words of which all are 0 left
// out. Errors: Error(kModel) with path, line and reason. Thread rule: pure functions.
// Source: Chen et al., "Pronunciation and silence probability modeling for ASR", Interspeech 2015,
// section 2.1 (maximum instead of sum). Test: tests/models/pronunciation_probabilities_test.cpp.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/lexicon/lexicon.h"

namespace bivox {

struct PronunciationProbability {
  std::string word;
  std::vector<PhoneId> phones;
  float log_prob = 0.0F;
};

/// From counts [words][pronunciations of the word] of `lexicon`.
std::vector<PronunciationProbability> pronunciation_probabilities(
    const Lexicon& lexicon, const std::vector<std::vector<double>>& counts);

/// Sets those that `lexicon` knows; returns how many.
int set_pronunciation_probabilities(const std::vector<PronunciationProbability>& probabilities,
                                    Lexicon& lexicon);

void save_pronunciation_probabilities(const std::filesystem::path& path, const PhoneSet& phones,
                                      const std::vector<PronunciationProbability>& probabilities);
std::vector<PronunciationProbability> load_pronunciation_probabilities(
    const std::filesystem::path& path, const PhoneSet& phones);

}  // namespace bivox
