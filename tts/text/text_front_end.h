// The text side of synthesis in one: text or SSML in, utterances out, sentence by sentence.
//
//   input ── clean_text / read_ssml ─> MarkedText ── split_sentences ─> ranges
//                                          └────────── analyze(range) ─> Utterance
//
// A long text is marked and split at once, which is fast, and analyzed sentence by sentence, so
// that the first sentence sounds while the others wait. Any bytes end in utterances, possibly none,
// but for SSML that is broken: Error(kInput) with line and column. Thread rule: immutable; share
// freely. Test: tests/tts/text/text_front_end_test.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tts/text/marked_text.h"
#include "tts/text/normalizer.h"
#include "tts/text/pronounce.h"
#include "tts/text/sentences.h"
#include "tts/text/utterance.h"

namespace bivox {

enum class TextForm {
  kAuto,   ///< SSML where the text begins with "<speak" or "<?xml", else plain.
  kPlain,  ///< Plain text, in which Markdown is understood.
  kSsml,
};

class TextFrontEnd {
 public:
  explicit TextFrontEnd(std::shared_ptr<const Pronouncer> pronouncer);

  MarkedText mark(std::string_view input, TextForm form = TextForm::kAuto) const;
  Utterance analyze(const MarkedText& text, const SentenceRange& sentence) const;
  /// All of it at once. Sentences without a word are left out.
  std::vector<Utterance> utterances(std::string_view input, TextForm form = TextForm::kAuto) const;

  const Pronouncer& pronouncer() const { return *pronouncer_; }

 private:
  std::shared_ptr<const Pronouncer> pronouncer_;
  Normalizer normalizer_;
};

}  // namespace bivox
