#include "tts/text/text_front_end.h"

#include <algorithm>
#include <utility>

#include "dsp/core/check.h"
#include "tts/text/characters.h"
#include "tts/text/clean_text.h"
#include "tts/text/heteronyms.h"
#include "tts/text/ssml.h"

namespace bivox {
namespace {

SentenceKind kind_of(Punctuation last, bool continues) {
  if (continues) return SentenceKind::kContinuing;
  switch (last) {
    case Punctuation::kQuestion:
      return SentenceKind::kQuestion;
    case Punctuation::kExclamation:
      return SentenceKind::kExclamation;
    case Punctuation::kComma:
    case Punctuation::kColon:
    case Punctuation::kSemicolon:
    case Punctuation::kDash:
      return SentenceKind::kContinuing;
    default:
      return SentenceKind::kStatement;
  }
}

}  // namespace

TextFrontEnd::TextFrontEnd(std::shared_ptr<const Pronouncer> pronouncer)
    : pronouncer_(std::move(pronouncer)),
      normalizer_(
          [known = pronouncer_.get()](std::string_view word) { return known->is_word(word); },
          [known = pronouncer_.get()](std::string_view word) { return known->is_listed(word); }) {
  BIVOX_CHECK(pronouncer_ != nullptr);
}

MarkedText TextFrontEnd::mark(std::string_view input, TextForm form) const {
  const bool ssml = form == TextForm::kSsml || (form == TextForm::kAuto && looks_like_ssml(input));
  return ssml ? read_ssml(input, normalizer_) : clean_text(input);
}

Utterance TextFrontEnd::analyze(const MarkedText& text, const SentenceRange& sentence) const {
  const std::vector<SpokenWord> spoken = normalizer_.normalize(text, sentence);
  const std::vector<ReadWord> pronounced = pronouncer_->pronounce(spoken, text);
  Utterance result;
  result.source_begin = text.source[sentence.begin];
  result.source_end = text.source_end[sentence.end - 1];
  // What stands before the first sentence belongs to it, what stands after one to that one.
  size_t gap = sentence.begin;
  while (gap > 0 && is_blank(text.text[gap - 1])) --gap;
  auto event = std::lower_bound(
      text.events.begin(), text.events.end(), gap == 0 ? size_t{0} : sentence.begin,
      [](const TextEvent& earlier, size_t at) { return earlier.at < at; });
  const auto take_events = [&](size_t until, bool last) {
    for (; event != text.events.end() && (event->at < until || (last && event->at == until));
         ++event) {
      if (!event->mark.empty()) {
        result.marks.push_back({event->mark, static_cast<int>(result.words.size())});
      } else if (result.words.empty()) {
        result.pause_before_s =
            result.pause_before_s.value_or(0.0F) + event->pause_s.value_or(0.0F);
      } else {
        UtteranceWord& word = result.words.back();
        word.pause_s = word.pause_s.value_or(0.0F) + event->pause_s.value_or(0.0F);
        word.break_after = *word.pause_s > 0.0F ? std::max(word.break_after, BreakStrength::kMinor)
                                                : BreakStrength::kNone;
      }
    }
  };
  for (size_t i = 0; i < spoken.size(); ++i) {
    if (pronounced[i].phones.empty()) {
      // Nothing to say; its punctuation is kept.
      if (!result.words.empty()) {
        UtteranceWord& word = result.words.back();
        word.after = std::max(word.after, spoken[i].after);
        word.break_after = std::max(word.break_after, break_of(word.after));
      }
      continue;
    }
    take_events(spoken[i].begin + 1, false);
    UtteranceWord word;
    word.text = spoken[i].text;
    if (spoken[i].atom >= 0) {
      const TextAtom& atom = text.atoms[static_cast<size_t>(spoken[i].atom)];
      word.source_begin = atom.source_begin;
      word.source_end = atom.source_end;
    } else {
      word.source_begin = text.source[spoken[i].begin];
      word.source_end = text.source_end[spoken[i].end - 1];
    }
    word.first_phone = static_cast<int>(result.phones.size());
    word.num_phones = static_cast<int>(pronounced[i].phones.size());
    word.after = spoken[i].after;
    word.break_after = break_of(word.after);
    word.function_word = is_function_word(word.text);
    word.phone_source = pronounced[i].source;
    const auto style =
        std::upper_bound(text.styles.begin(), text.styles.end(), spoken[i].begin,
                         [](size_t at, const StyleSpan& span) { return at < span.begin; });
    if (style != text.styles.begin() && spoken[i].begin < std::prev(style)->end) {
      word.style = std::prev(style)->style;
    }
    for (const StressedPhone phone : pronounced[i].phones) {
      result.phones.push_back({phone, static_cast<int>(result.words.size())});
    }
    result.words.push_back(std::move(word));
  }
  size_t end = sentence.end;
  while (end < text.text.size() && is_blank(text.text[end])) ++end;
  take_events(end, end == text.text.size());
  if (result.words.empty()) return result;
  UtteranceWord& last = result.words.back();
  result.source_end = std::max(result.source_end, last.source_end);
  result.kind = kind_of(last.after, sentence.continues);
  if (last.pause_s.value_or(1.0F) > 0.0F) {
    last.break_after = sentence.continues        ? std::max(last.break_after, BreakStrength::kMinor)
                       : sentence.ends_paragraph ? BreakStrength::kParagraph
                                                 : BreakStrength::kSentence;
  }
  return result;
}

std::vector<Utterance> TextFrontEnd::utterances(std::string_view input, TextForm form) const {
  const MarkedText text = mark(input, form);
  std::vector<Utterance> result;
  for (const SentenceRange& sentence : split_sentences(text.text)) {
    Utterance utterance = analyze(text, sentence);
    if (!utterance.words.empty()) result.push_back(std::move(utterance));
  }
  return result;
}

}  // namespace bivox
