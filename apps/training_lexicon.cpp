#include "apps/training_lexicon.h"

#include <fmt/format.h>

#include <set>
#include <sstream>

#include "apps/model_finder.h"
#include "apps/unknown_words.h"
#include "dsp/core/error.h"
#include "models/lexicon/text_normalization.h"

namespace bivox {
namespace {

// In the order of the alphabet, so that the lexicon does not depend on that of the data.
std::vector<std::string> missing_words(std::span<const UtteranceText> utterances,
                                       const Lexicon& lexicon) {
  std::set<std::string> missing;
  for (const UtteranceText& utterance : utterances) {
    std::istringstream tokens(normalize_text(utterance.text));
    for (std::string word; tokens >> word;) {
      if (!lexicon.find(word)) missing.insert(word);
    }
  }
  return {missing.begin(), missing.end()};
}

}  // namespace

TextLexicon load_text_lexicon(const std::string& dictionary,
                              std::span<const UtteranceText> utterances, bool use_g2p,
                              Console& console) {
  TextLexicon out;
  out.path = dictionary;
  if (dictionary.empty()) {
    out.path = find_language_files(kTrainingDictionary).dictionary;
    if (out.path.empty()) {
      throw Error(ErrorCode::kModel, fmt::format("{} brings no dictionary", kTrainingDictionary),
                  "name one with --dict");
    }
  }
  out.training = load_training_lexicon(out.path);
  if (!use_g2p) return out;
  const std::vector<std::string> missing = missing_words(utterances, out.training.lexicon);
  if (missing.empty()) return out;
  const CompletedWords completed =
      complete_lexicon(out.training.lexicon, out.training.phones, missing);
  out.pronounced = completed.pronounced.size();
  if (out.pronounced > 0) {
    console.log(LogLevel::kNotice,
                fmt::format("not in the dictionary, pronounced by their letters: {}",
                            describe(completed.pronounced)));
  }
  return out;
}

}  // namespace bivox
