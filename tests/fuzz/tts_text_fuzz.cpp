// Any bytes as text and as SSML, to words, phones and contexts. The dictionary is a small one, so
// that a run spends its time in the rules. Seeds: tests/fuzz/corpus/tts_text, written by hand.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dsp/core/error.h"
#include "tts/text/text_front_end.h"

namespace {

const bivox::TextFrontEnd& front_end() {
  static const bivox::TextFrontEnd kFrontEnd(
      bivox::Pronouncer::parse("the DH AH0\na AH0\nread R EH1 D\nstop S T AA1 P\ncat K AE1 T\nfive "
                               "F AY1 V\nstreet S T R IY1 T\n"
                               "git G IH1 T\nhub HH AH1 B\n",
                               "bivox B IY1 V AA0 K S\n"));
  return kFrontEnd;
}

void check(std::string_view input, bivox::TextForm form) {
  for (const bivox::Utterance& utterance : front_end().utterances(input, form)) {
    if (utterance.words.empty() || utterance.source_end > input.size()) std::abort();
    int phones = 0;
    for (const bivox::UtteranceWord& word : utterance.words) {
      if (word.text.empty() || word.num_phones <= 0 || word.first_phone != phones) std::abort();
      if (word.source_begin > word.source_end || word.source_end > input.size()) std::abort();
      phones += word.num_phones;
    }
    if (static_cast<size_t>(phones) != utterance.phones.size()) std::abort();
    if (bivox::phone_contexts(utterance).size() < utterance.phones.size() + 2) std::abort();
    bivox::display_words(utterance);
    bivox::display_phones(utterance);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check(input, bivox::TextForm::kPlain);
  try {
    check(input, bivox::TextForm::kSsml);
  } catch (const bivox::Error& error) {
    if (error.code() != bivox::ErrorCode::kInput) std::abort();
  }
  return 0;
}
