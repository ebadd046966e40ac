// Dictionaries from any bytes, with known phones and with phones learnt from the text itself.
// Seeds: tests/fuzz/corpus/lexicon, written by hand.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dsp/core/error.h"
#include "models/lexicon/lexicon.h"

namespace {

void use(const bivox::Lexicon& lexicon, const bivox::PhoneSet& phones) {
  int total = 0;
  for (bivox::WordIndex word = 0; word < lexicon.num_words(); ++word) {
    if (lexicon.find(lexicon.word(word)) != word) std::abort();
    for (int i = 0; i < lexicon.num_pronunciations(word); ++i) {
      const auto pronunciation = lexicon.pronunciation(word, i);
      if (pronunciation.empty()) std::abort();
      for (const bivox::PhoneId phone : pronunciation) {
        if (phone < 0 || phone >= phones.size()) std::abort();
      }
      ++total;
    }
  }
  if (total != lexicon.num_pronunciations()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    bivox::PhoneSet learnt;
    use(bivox::Lexicon::parse_open(text, learnt, "input"), learnt);
    bivox::PhoneSet known;
    for (const char* name : {"AH", "AH0", "B", "K", "T"}) known.add(name);
    use(bivox::Lexicon::parse(text, known, "input"), known);
  } catch (const bivox::Error&) {
    // The expected end of most inputs.
  }
  return 0;
}
