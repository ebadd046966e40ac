#include "apps/dictionary_words.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "asr/evaluation/text_normalization.h"
#include "asr/evaluation/word_errors.h"

namespace bivox {
namespace {

std::string upper_case(std::string word) {
  for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return word;
}

std::optional<std::string> spelling(std::string_view word, const Lexicon& lexicon) {
  const TextNormalization case_only = {.strip_punctuation = false};
  for (std::string variant :
       {std::string(word), normalize_text(word, case_only), upper_case(std::string(word))}) {
    if (lexicon.find(variant)) return variant;
  }
  return std::nullopt;
}

}  // namespace

DictionaryWords find_dictionary_words(std::string_view text, const Lexicon& lexicon) {
  DictionaryWords result;
  for (const std::string_view token : split_words(text)) {
    if (auto known = spelling(token, lexicon)) {
      result.words.push_back(*std::move(known));
      continue;
    }
    const std::string bare = normalize_text(token, {.fold_case = false});
    for (const std::string_view part : split_words(bare)) {
      if (auto known = spelling(part, lexicon)) {
        result.words.push_back(*std::move(known));
      } else if (std::find(result.unknown.begin(), result.unknown.end(), part) ==
                 result.unknown.end()) {
        result.unknown.emplace_back(part);
      }
    }
  }
  return result;
}

}  // namespace bivox
