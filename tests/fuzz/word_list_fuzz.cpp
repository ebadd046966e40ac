// Lists of words and phrases from any bytes, and the language model that they are laid over.
// Seeds: tests/fuzz/corpus/word_list, written by hand.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dsp/core/error.h"
#include "models/lexicon/word_list.h"
#include "models/lm/language_model.h"

namespace {

constexpr std::string_view kArpa =
    "\\data\\\nngram 1=4\nngram 2=2\n\\1-grams:\n-1 </s>\n-99 <s> -0.3\n-1 a -0.2\n-1 b -0.1\n"
    "\\2-grams:\n-0.5 <s> a\n-0.4 a b\n\\end\\\n";

void use(const std::vector<bivox::ListedWord>& words,
         const std::vector<bivox::ListedPhrase>& phrases) {
  static const auto ngram = bivox::NgramModel::parse(
      std::as_bytes(std::span<const char>(kArpa.data(), kArpa.size())), "model");
  std::vector<bivox::AddedWord> added;
  std::vector<bivox::BoostedPhrase> boosted;
  for (const bivox::ListedWord& word : words) {
    added.push_back({word.word, -5.0F});
    if (word.boost) boosted.push_back({{word.word}, *word.boost});
  }
  for (const bivox::ListedPhrase& phrase : phrases) {
    for (const std::string& word : phrase.words) added.push_back({word, -6.0F});
    boosted.push_back({phrase.words, phrase.boost.value_or(1.5F)});
  }
  const bivox::LanguageModel lm(ngram, added, boosted);
  bivox::LmState state = lm.begin_state();
  for (const bivox::AddedWord& word : added) {
    const auto found = lm.find(word.text);
    if (!found || lm.word(*found) != word.text) std::abort();
    const auto step = lm.step(state, *found);
    if (!std::isfinite(step.log_prob)) std::abort();
    int backoffs = 0;
    for (bivox::LmState at = step.next; at != 0; at = lm.backoff_state(at)) {
      if (++backoffs > 10000) std::abort();
    }
    state = step.next;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  bivox::PhoneSet phones;
  phones.add("SIL", true);
  for (const char* name : {"AH", "B", "K", "T"}) phones.add(name);
  std::vector<bivox::ListedWord> words;
  std::vector<bivox::ListedPhrase> phrases;
  try {
    words = bivox::parse_word_list(text, phones, "input");
  } catch (const bivox::Error&) {
    // The expected end of most inputs.
  }
  try {
    phrases = bivox::parse_phrase_list(text, "input");
  } catch (const bivox::Error&) {
  }
  for (const bivox::ListedPhrase& phrase : phrases) {
    if (phrase.words.empty()) std::abort();
  }
  try {
    use(words, phrases);
  } catch (const bivox::Error&) {
    // Too many beginnings of phrases for the states of the model.
  }
  return 0;
}
