// --words and --boost: what a user adds to dictionary and language model at run time.
//
// A word is taken as the dictionary or the language model spells it (as it stands, in lower, in
// upper case), else as the user does. Words without a pronunciation get one (unknown_words.h);
// words that the language model lacks get the probability of a rare word of it. What
// cannot be used is an Error, but that a boost of a word means nothing where no language model is.
// Errors: Error(kInput) with file and line for a malformed list, Error(kUsage) for a phrase without
// words, Error(kModel) where nothing pronounces a word. Thread rule: free functions. Test:
// tests/apps/user_vocabulary_test.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "asr/transcript/transcript.h"
#include "models/lexicon/lexicon.h"
#include "models/lexicon/phone_set.h"
#include "models/lm/language_model.h"

namespace bivox {

struct VocabularyOptions {
  std::string words;                ///< Path of a word list (models/lexicon/word_list.h); or none.
  std::vector<std::string> boosts;  ///< Paths of phrase lists, or phrases.
  /// For phrases without a boost of their own, natural log. Names that the language model lacks
  /// gain up to here without harm to other words (tests/bench/boost_recall.py).
  float boost = 5.0F;
};

/// What is laid over a language model (models/lm/language_model.h).
struct UserVocabulary {
  std::vector<AddedWord> added;
  std::vector<BoostedPhrase> phrases;
  std::vector<PronouncedWord> pronounced;

  bool empty() const { return added.empty() && phrases.empty(); }
};

/// Adds --words, and the options of --boost if asked for.
void add_vocabulary_options(CLI::App& verb, VocabularyOptions& options, bool with_boost);

/// Reads the lists and completes the lexicon.
UserVocabulary load_user_vocabulary(const VocabularyOptions& options, const NgramModel& ngram,
                                    const PhoneSet& phones, Lexicon& lexicon);

/// The words of --words alone, added to the lexicon; for alignment, which needs no language model.
std::vector<PronouncedWord> add_listed_words(const VocabularyOptions& options,
                                             const PhoneSet& phones, Lexicon& lexicon);

}  // namespace bivox
