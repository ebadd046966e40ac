#include "tts/text/utterance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "front_end_fixture.h"

namespace bivox {
namespace {

using testing::ElementsAre;

TEST(Utterance, SyllablesTakeTheLongestOnset) {
  EXPECT_THAT(syllable_starts(speech_phones("EH1 K S T R AH0")), ElementsAre(0, 2));
  EXPECT_THAT(syllable_starts(speech_phones("HH AH0 L OW1")), ElementsAre(0, 2));
  EXPECT_THAT(syllable_starts(speech_phones("S IH1 NG IH0 NG")), ElementsAre(0, 3));
  EXPECT_THAT(syllable_starts(speech_phones("IY0 AE1")), ElementsAre(0, 1));
  EXPECT_THAT(syllable_starts(speech_phones("M")), ElementsAre(0));
}

TEST(Utterance, PhrasesAndContexts) {
  const auto utterances = front_end().utterances("Hello, my friend?");
  ASSERT_EQ(utterances.size(), 1U);
  const Utterance& utterance = utterances[0];
  EXPECT_EQ(utterance.kind, SentenceKind::kQuestion);
  EXPECT_EQ(display_phones(utterance), "HH AH0 L OW1 , M AY1 | F R EH1 N D ?");
  const auto contexts = phone_contexts(utterance);
  // Silences at the beginning, at the comma and at the end.
  ASSERT_EQ(contexts.size(), utterance.phones.size() + 3);
  EXPECT_EQ(contexts[0].phone.phone, kSilencePhone);
  EXPECT_EQ(contexts[5].phone.phone, kSilencePhone);
  EXPECT_EQ(contexts[5].phrase_break, BreakStrength::kMinor);
  EXPECT_EQ(contexts.back().phone.phone, kSilencePhone);
  EXPECT_EQ(contexts.back().phrase_punctuation, Punctuation::kQuestion);
  const PlacedPhone& l = contexts[3];
  EXPECT_EQ(phone_name(l.phone), "L");
  EXPECT_EQ(l.syllable_stress, 1);
  EXPECT_EQ(l.syllable_in_word, 1);
  EXPECT_EQ(l.phone_in_syllable, 0);
  EXPECT_EQ(l.phones_in_syllable, 2);
  EXPECT_EQ(l.phone_in_word, 2);
  EXPECT_EQ(l.words_in_phrase, 1);
  EXPECT_EQ(l.phrases_in_sentence, 2);
  EXPECT_EQ(l.phrase_punctuation, Punctuation::kComma);
  const PlacedPhone& f = contexts[8];
  EXPECT_EQ(phone_name(f.phone), "F");
  EXPECT_EQ(f.word_in_phrase, 1);
  EXPECT_EQ(f.phrase_in_sentence, 1);
  EXPECT_FALSE(f.function_word);
  EXPECT_TRUE(contexts[6].function_word);
}

TEST(Utterance, KindsAndBreaks) {
  const auto utterances = front_end().utterances("No! Yes: go.\n\nEnd");
  ASSERT_EQ(utterances.size(), 3U);
  EXPECT_EQ(utterances[0].kind, SentenceKind::kExclamation);
  EXPECT_EQ(utterances[0].words[0].break_after, BreakStrength::kSentence);
  EXPECT_EQ(utterances[1].words[0].break_after, BreakStrength::kMajor);
  EXPECT_EQ(utterances[1].words.back().break_after, BreakStrength::kParagraph);
  EXPECT_EQ(utterances[2].kind, SentenceKind::kStatement);
}

}  // namespace
}  // namespace bivox
