// A sentence ready to be spoken: words, their phones with stress, and where it pauses. This is what
// the acoustic model reads.
//
//   words    [num_words]   text, place in the input, range of phones, what follows, style
//   phones   [num_phones]  of all words in order; without silences
//   context  [num_phones + silences], phone_contexts(): every phone with its place in syllable,
//            word, phrase and sentence; a silence stands at the beginning, at each break, at the
//            end
//
// A phrase is what lies between two breaks. Thread rule: a value.
// Test: tests/tts/text/utterance_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tts/text/marked_text.h"
#include "tts/text/normalizer.h"
#include "tts/text/pronounce.h"
#include "tts/text/speech_phones.h"

namespace bivox {

enum class BreakStrength : uint8_t {
  kNone,
  kMinor,  ///< Comma, bracket.
  kMajor,  ///< Semicolon, colon, dash, ellipsis.
  kSentence,
  kParagraph,
};

enum class SentenceKind : uint8_t {
  kStatement,
  kQuestion,
  kExclamation,
  kContinuing,  ///< Cut or ended by a comma or colon: the voice stays up.
};

struct UtterancePhone {
  StressedPhone phone;
  int word = 0;  ///< Index into words.
};

struct UtteranceWord {
  std::string text;         ///< As spoken: "nineteen"; a letter is upper case.
  size_t source_begin = 0;  ///< Bytes of the input that it was read from.
  size_t source_end = 0;
  int first_phone = 0;
  int num_phones = 0;
  Punctuation after = Punctuation::kNone;
  BreakStrength break_after = BreakStrength::kNone;
  std::optional<float> pause_s;  ///< Length of the pause after it, where markup gives one.
  bool function_word = false;
  PhoneSource phone_source = PhoneSource::kNone;
  ProsodyStyle style;
};

/// A mark that was set in the markup, reached before `word` (or at the end of the sentence).
struct UtteranceMark {
  std::string name;
  int word = 0;
};

struct Utterance {
  size_t source_begin = 0;
  size_t source_end = 0;
  SentenceKind kind = SentenceKind::kStatement;
  std::optional<float> pause_before_s;  ///< Before the first word, where markup gives one.
  std::vector<UtteranceWord> words;
  std::vector<UtterancePhone> phones;
  std::vector<UtteranceMark> marks;
};

/// One phone (or silence) in its place. Counts are of what lies before (from) and after (to).
struct PlacedPhone {
  StressedPhone phone;       ///< kSilencePhone at breaks.
  int word = -1;             ///< -1 for silences.
  int syllable_stress = -1;  ///< Of the syllable it is in; -1 for silences.
  int phone_in_syllable = 0, phones_in_syllable = 0;
  int syllable_in_word = 0, syllables_in_word = 0;
  int phone_in_word = 0, phones_in_word = 0;
  int word_in_phrase = 0, words_in_phrase = 0;
  int phrase_in_sentence = 0, phrases_in_sentence = 0;
  BreakStrength phrase_break =
      BreakStrength::kNone;  ///< At the end of its phrase; for a silence its own.
  Punctuation phrase_punctuation = Punctuation::kNone;
  SentenceKind kind = SentenceKind::kStatement;
  bool function_word = false;
  ProsodyStyle style;
  std::optional<float> pause_s;  ///< For silences with a given length.
};

std::vector<PlacedPhone> phone_contexts(const Utterance& utterance);

/// Syllables of a word: the index of the first phone of each. Onsets are as long as English allows.
std::vector<int> syllable_starts(std::span<const StressedPhone> phones);

BreakStrength break_of(Punctuation punctuation);

/// "one two, three." for display: words with their punctuation.
std::string display_words(const Utterance& utterance);
/// "W AH1 N | T UW1 , TH R IY1 ." for display.
std::string display_phones(const Utterance& utterance);

}  // namespace bivox
