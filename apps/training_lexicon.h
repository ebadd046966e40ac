// The dictionary that training aligns with: phones without stress, and every word of the texts.
//
// Words that the dictionary lacks are pronounced by the bundled model g2p-en
// (apps/unknown_words.h); without it they become the unknown word with its own phone
// (legacy/training/corpus.h). Errors: Error(kModel). Thread rule: a free function. Test:
// tests/apps/cli_train_gmm_test.cpp.
#pragma once

#include <span>
#include <string>

#include "apps/console.h"
#include "asr/evaluation/utterance_texts.h"
#include "legacy/training/corpus.h"

namespace bivox {

/// The default dictionary: that of this bundled language model.
inline constexpr const char* kTrainingDictionary = "en-small";

struct TextLexicon {
  TrainingLexicon training;
  std::filesystem::path path;  ///< Of the dictionary.
  size_t pronounced = 0;       ///< Words of the texts that were pronounced by their letters.
};

/// `dictionary`: a file in CMUdict form, or empty for the default.
TextLexicon load_text_lexicon(const std::string& dictionary,
                              std::span<const UtteranceText> utterances, bool use_g2p,
                              Console& console);

}  // namespace bivox
