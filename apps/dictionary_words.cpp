#include "apps/dictionary_words.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "asr/evaluation/word_errors.h"
#include "asr/recognizer/word_spelling.h"
#include "models/lexicon/text_normalization.h"

namespace bivox {
namespace {

// Calls found(spelling) or unknown(bare word) for every word of the text.
template <class Found, class Unknown>
void for_each_word(std::string_view text, const Lexicon& lexicon, Found&& found,
                   Unknown&& unknown) {
  for (const std::string_view token : split_words(text)) {
    if (auto known = dictionary_spelling(token, lexicon)) {
      found(*std::move(known));
      continue;
    }
    const std::string bare = normalize_text(token, {.fold_case = false});
    for (const std::string_view part : split_words(bare)) {
      if (auto known = dictionary_spelling(part, lexicon)) {
        found(*std::move(known));
      } else {
        unknown(std::string(part));
      }
    }
  }
}

}  // namespace

DictionaryWords find_dictionary_words(std::string_view text, const Lexicon& lexicon) {
  DictionaryWords result;
  for_each_word(
      text, lexicon, [&](std::string word) { result.words.push_back(std::move(word)); },
      [&](std::string word) {
        if (std::find(result.unknown.begin(), result.unknown.end(), word) == result.unknown.end()) {
          result.unknown.push_back(std::move(word));
        }
      });
  return result;
}

std::vector<std::string> spell_words(std::string_view text, const Lexicon& lexicon) {
  std::vector<std::string> words;
  const auto take = [&](std::string word) { words.push_back(std::move(word)); };
  for_each_word(text, lexicon, take, take);
  return words;
}

}  // namespace bivox
