#include "tts/prosody/phone_features.h"

#include <algorithm>

#include "dsp/core/check.h"

namespace bivox {
namespace {

// Appends numbers to a row.
class RowWriter {
 public:
  explicit RowWriter(float* row) : row_(row) {}

  void number(float value) { row_[at_++] = value; }
  void flag(bool value) { number(value ? 1.0F : 0.0F); }
  /// One of `count`; none for an index out of range.
  void choice(int index, int count) {
    for (int i = 0; i < count; ++i) flag(i == index);
  }
  int at() const { return at_; }

 private:
  float* row_;
  int at_ = 0;
};

float capped(int count, int limit) {
  return static_cast<float>(std::min(count, limit)) / static_cast<float>(limit);
}

int write_row(const PlacedPhone& c, int speakers, int speaker, float* row) {
  const bool speech = c.word >= 0;
  RowWriter out(row);
  out.choice(c.phone.phone, static_cast<int>(kSpeechPhones.size()));
  out.choice(c.phone.stress, 3);
  out.choice(c.syllable_stress, 3);
  out.flag(speech && c.phone_in_syllable == 0);
  out.flag(speech && c.phone_in_syllable + 1 == c.phones_in_syllable);
  out.flag(speech && c.phone_in_word == 0);
  out.flag(speech && c.phone_in_word + 1 == c.phones_in_word);
  out.flag(speech && c.syllable_in_word == 0);
  out.flag(speech && c.syllable_in_word + 1 == c.syllables_in_word);
  out.number(speech ? capped(c.word_in_phrase, 8) : 0.0F);
  out.number(speech ? capped(c.words_in_phrase - 1 - c.word_in_phrase, 8) : 0.0F);
  out.number(capped(c.syllables_in_word, 4));
  out.flag(c.phrase_in_sentence == 0);
  out.flag(c.phrase_in_sentence + 1 == c.phrases_in_sentence);
  out.number(capped(c.phrases_in_sentence, 4));
  out.choice(static_cast<int>(c.phrase_break), 5);
  const Punctuation mark = c.phrase_punctuation;
  out.flag(mark == Punctuation::kComma || mark == Punctuation::kParenthesis);
  out.flag(mark == Punctuation::kDash || mark == Punctuation::kSemicolon ||
           mark == Punctuation::kColon || mark == Punctuation::kEllipsis);
  out.flag(mark == Punctuation::kQuestion);
  out.flag(mark == Punctuation::kExclamation);
  out.choice(static_cast<int>(c.kind), 4);
  out.flag(c.function_word);
  out.flag(c.style.emphasis);
  out.choice(speaker, speakers);
  return out.at();
}

constexpr int kColumnsBeforeSpeaker = 73;

}  // namespace

int phone_feature_columns(int speakers) { return kColumnsBeforeSpeaker + speakers; }

FeatureMatrix phone_features(std::span<const PlacedPhone> contexts, int speakers, int speaker) {
  BIVOX_CHECK(speaker >= 0 && speaker < speakers);
  FeatureMatrix rows(static_cast<Eigen::Index>(contexts.size()), phone_feature_columns(speakers));
  for (Eigen::Index p = 0; p < rows.rows(); ++p) {
    const int written =
        write_row(contexts[static_cast<size_t>(p)], speakers, speaker, rows.row(p).data());
    BIVOX_CHECK(written == rows.cols());
  }
  return rows;
}

}  // namespace bivox
