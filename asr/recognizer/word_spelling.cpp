#include "asr/recognizer/word_spelling.h"

#include <cctype>

#include "models/lexicon/text_normalization.h"

namespace bivox {
namespace {

std::string upper_case(std::string word) {
  for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return word;
}

}  // namespace

std::vector<std::string> case_variants(std::string_view word) {
  return {std::string(word), normalize_text(word, {.strip_punctuation = false}),
          upper_case(std::string(word))};
}

std::optional<WordIndex> find_in_any_case(std::string_view word, const Lexicon& lexicon) {
  for (const std::string& variant : case_variants(word)) {
    if (const auto found = lexicon.find(variant)) return found;
  }
  return std::nullopt;
}

std::optional<std::string> dictionary_spelling(std::string_view word, const Lexicon& lexicon) {
  const std::optional<WordIndex> found = find_in_any_case(word, lexicon);
  if (!found) return std::nullopt;
  return lexicon.word(*found);
}

}  // namespace bivox
