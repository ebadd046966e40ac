#include "tts/text/utterance.h"

#include <algorithm>
#include <array>

namespace bivox {
namespace {

/// Whether consonants may begin a syllable together.
bool is_onset(std::span<const StressedPhone> phones) {
  if (phones.size() == 1) return kSpeechPhones[phones[0].phone] != "NG";
  static constexpr std::array<std::string_view, 43> kOnsets = {
      "P R", "P L",  "B R",   "B L",   "T R",   "T W",   "D R",   "D W",   "K R",   "K L", "K W",
      "G R", "G L",  "G W",   "F R",   "F L",   "TH R",  "SH R",  "S P",   "S T",   "S K", "S M",
      "S N", "S L",  "S W",   "S F",   "P Y",   "B Y",   "K Y",   "M Y",   "F Y",   "V Y", "HH Y",
      "N Y", "HH W", "S P R", "S P L", "S T R", "S K R", "S K W", "S K L", "S P Y", "TH W"};
  return std::find(kOnsets.begin(), kOnsets.end(), phone_names(phones)) != kOnsets.end();
}

std::string_view display_mark(Punctuation punctuation) {
  switch (punctuation) {
    case Punctuation::kNone:
      return "";
    case Punctuation::kComma:
    case Punctuation::kParenthesis:
      return ",";
    case Punctuation::kDash:
      return " -";
    case Punctuation::kSemicolon:
      return ";";
    case Punctuation::kColon:
      return ":";
    case Punctuation::kEllipsis:
      return "...";
    case Punctuation::kPeriod:
      return ".";
    case Punctuation::kExclamation:
      return "!";
    case Punctuation::kQuestion:
      return "?";
  }
  return "";
}

}  // namespace

BreakStrength break_of(Punctuation punctuation) {
  switch (punctuation) {
    case Punctuation::kNone:
      return BreakStrength::kNone;
    case Punctuation::kComma:
    case Punctuation::kParenthesis:
      return BreakStrength::kMinor;
    case Punctuation::kDash:
    case Punctuation::kSemicolon:
    case Punctuation::kColon:
    case Punctuation::kEllipsis:
      return BreakStrength::kMajor;
    case Punctuation::kPeriod:
    case Punctuation::kExclamation:
    case Punctuation::kQuestion:
      return BreakStrength::kSentence;
  }
  return BreakStrength::kNone;
}

std::vector<int> syllable_starts(std::span<const StressedPhone> phones) {
  std::vector<int> starts;
  int last_vowel = -1;
  for (size_t i = 0; i < phones.size(); ++i) {
    if (phones[i].stress < 0) continue;
    if (last_vowel < 0) {
      starts.push_back(0);
    } else {
      size_t begin = i;
      while (begin > static_cast<size_t>(last_vowel) + 1 && i - begin < 3 &&
             is_onset(phones.subspan(begin - 1, i - begin + 1))) {
        --begin;
      }
      starts.push_back(static_cast<int>(begin));
    }
    last_vowel = static_cast<int>(i);
  }
  if (starts.empty() && !phones.empty()) starts.push_back(0);
  return starts;
}

std::vector<PlacedPhone> phone_contexts(const Utterance& utterance) {
  struct Phrase {
    size_t begin;
    size_t end;
  };
  std::vector<Phrase> phrases;
  size_t begin = 0;
  for (size_t w = 0; w < utterance.words.size(); ++w) {
    const bool last = w + 1 == utterance.words.size();
    if (!last && utterance.words[w].break_after == BreakStrength::kNone) continue;
    phrases.push_back({begin, w + 1});
    begin = w + 1;
  }
  std::vector<PlacedPhone> contexts;
  contexts.reserve(utterance.phones.size() + phrases.size() + 1);
  PlacedPhone silence;
  silence.kind = utterance.kind;
  silence.phrases_in_sentence = static_cast<int>(phrases.size());
  silence.pause_s = utterance.pause_before_s;
  silence.phrase_break = BreakStrength::kSentence;
  contexts.push_back(silence);
  for (size_t p = 0; p < phrases.size(); ++p) {
    const UtteranceWord& closing = utterance.words[phrases[p].end - 1];
    for (size_t w = phrases[p].begin; w < phrases[p].end; ++w) {
      const UtteranceWord& word = utterance.words[w];
      std::vector<StressedPhone> phones;
      for (int i = 0; i < word.num_phones; ++i) {
        phones.push_back(utterance.phones[static_cast<size_t>(word.first_phone + i)].phone);
      }
      const std::vector<int> starts = syllable_starts(phones);
      PlacedPhone context;
      context.word = static_cast<int>(w);
      context.syllables_in_word = static_cast<int>(starts.size());
      context.phones_in_word = word.num_phones;
      context.word_in_phrase = static_cast<int>(w - phrases[p].begin);
      context.words_in_phrase = static_cast<int>(phrases[p].end - phrases[p].begin);
      context.phrase_in_sentence = static_cast<int>(p);
      context.phrases_in_sentence = static_cast<int>(phrases.size());
      context.phrase_break = closing.break_after;
      context.phrase_punctuation = closing.after;
      context.kind = utterance.kind;
      context.function_word = word.function_word;
      context.style = word.style;
      for (size_t s = 0; s < starts.size(); ++s) {
        const int first = starts[s];
        const int end = s + 1 < starts.size() ? starts[s + 1] : word.num_phones;
        context.syllable_in_word = static_cast<int>(s);
        context.phones_in_syllable = end - first;
        context.syllable_stress = 0;
        for (int i = first; i < end; ++i) {
          context.syllable_stress =
              std::max<int>(context.syllable_stress, phones[static_cast<size_t>(i)].stress);
        }
        for (int i = first; i < end; ++i) {
          context.phone = phones[static_cast<size_t>(i)];
          context.phone_in_syllable = i - first;
          context.phone_in_word = i;
          contexts.push_back(context);
        }
      }
    }
    silence.phrase_in_sentence = static_cast<int>(p);
    silence.phrase_break = closing.break_after;
    silence.phrase_punctuation = closing.after;
    silence.pause_s = closing.pause_s;
    contexts.push_back(silence);
  }
  return contexts;
}

std::string display_words(const Utterance& utterance) {
  std::string line;
  for (const UtteranceWord& word : utterance.words) {
    if (!line.empty()) line += ' ';
    line += word.text;
    line += display_mark(word.after);
  }
  return line;
}

std::string display_phones(const Utterance& utterance) {
  std::string line;
  for (size_t w = 0; w < utterance.words.size(); ++w) {
    const UtteranceWord& word = utterance.words[w];
    if (w > 0) line += utterance.words[w - 1].break_after == BreakStrength::kNone ? " | " : " ";
    for (int i = 0; i < word.num_phones; ++i) {
      if (i > 0) line += ' ';
      line += phone_name(utterance.phones[static_cast<size_t>(word.first_phone + i)].phone);
    }
    std::string_view mark = display_mark(word.after);
    while (mark.starts_with(' ')) mark.remove_prefix(1);
    if (mark.empty() && word.break_after != BreakStrength::kNone) mark = ",";
    if (!mark.empty()) line += ' ' + std::string(mark);
  }
  return line;
}

}  // namespace bivox
