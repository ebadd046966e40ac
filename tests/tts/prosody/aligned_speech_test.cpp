#include "tts/prosody/aligned_speech.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/tts/text/front_end_fixture.h"

namespace bivox {
namespace {

// Phones of 70 ms each from 0.5 s on; `pause_s` after a word.
std::vector<PhoneTime> even_times(const Utterance& utterance, size_t paused_word, double pause_s) {
  std::vector<PhoneTime> times;
  double at = 0.5;
  for (size_t p = 0; p < utterance.phones.size(); ++p) {
    times.push_back({at, at + 0.07});
    at += 0.07;
    const auto word = static_cast<size_t>(utterance.phones[p].word);
    const bool ends = p + 1 < utterance.phones.size() &&
                      static_cast<size_t>(utterance.phones[p + 1].word) != word;
    if (ends && word == paused_word) at += pause_s;
  }
  return times;
}

FeatureMatrix rows_of(const VocoderFeatureOptions& features, int frames) {
  FeatureMatrix rows(frames, features.columns());
  for (int t = 0; t < frames; ++t) rows.row(t).setConstant(static_cast<float>(t));
  return rows;
}

int silences(const AlignedSpeech& speech) {
  int count = 0;
  for (const PlacedPhone& context : speech.contexts) count += context.word < 0 ? 1 : 0;
  return count;
}

TEST(AlignedSpeech, FollowsTheSpeakerNotTheText) {
  const VocoderFeatureOptions features;
  const Utterance utterance = front_end().utterances("Hello, my friend.").at(0);
  const FeatureMatrix rows = rows_of(features, 300);
  // The comma is paused at.
  const auto paused =
      align_speech(utterance, even_times(utterance, 0, 0.2), features, rows, 0.0, 3.0);
  ASSERT_TRUE(paused);
  EXPECT_EQ(silences(*paused), 3);
  EXPECT_EQ(paused->durations[5], 20);
  // It is read over.
  const auto fluent =
      align_speech(utterance, even_times(utterance, 0, 0.0), features, rows, 0.0, 3.0);
  ASSERT_TRUE(fluent);
  EXPECT_EQ(silences(*fluent), 2);
  EXPECT_EQ(fluent->contexts[1].phrases_in_sentence, 1);
  // A pause where the text has none.
  const auto hesitant =
      align_speech(utterance, even_times(utterance, 1, 0.1), features, rows, 0.0, 3.0);
  ASSERT_TRUE(hesitant);
  EXPECT_EQ(silences(*hesitant), 3);
  EXPECT_EQ(hesitant->contexts[1].phrases_in_sentence, 2);
  // One of 50 ms is none: it belongs to the vowel before the "f".
  const auto short_one =
      align_speech(utterance, even_times(utterance, 1, 0.05), features, rows, 0.0, 3.0);
  ASSERT_TRUE(short_one);
  EXPECT_EQ(silences(*short_one), 2);
  EXPECT_EQ(short_one->durations[6], 12);
  for (const auto& speech : {paused, fluent, hesitant, short_one}) {
    EXPECT_EQ(std::accumulate(speech->durations.begin(), speech->durations.end(), 0),
              speech->rows.rows());
    EXPECT_EQ(speech->rows.rows() % 2, 0);
    EXPECT_EQ(speech->durations.front(), 10);
    EXPECT_GE(speech->durations.back(), 25);
    EXPECT_EQ(speech->rows(0, 0), 40.0F);  // 100 ms before 0.5 s
  }
}

TEST(AlignedSpeech, NeedsNoSilenceAroundASentence) {
  const VocoderFeatureOptions features;
  const Utterance utterance = front_end().utterances("My friend.").at(0);
  const auto times = even_times(utterance, 9, 0.0);
  const FeatureMatrix rows = rows_of(features, 300);
  const auto tight =
      align_speech(utterance, times, features, rows, times.front().start_s, times.back().end_s);
  ASSERT_TRUE(tight);
  EXPECT_EQ(tight->durations.front(), 1);
  EXPECT_GE(tight->durations.back(), 1);
  EXPECT_EQ(tight->durations[1], 6);
}

TEST(AlignedSpeech, RefusesTimesThatMakeNoSense) {
  const VocoderFeatureOptions features;
  const Utterance utterance = front_end().utterances("My friend.").at(0);
  auto times = even_times(utterance, 9, 0.0);
  EXPECT_FALSE(align_speech(utterance, times, features, rows_of(features, 60), 0.0, 0.6));
  times[2].end_s = times[2].start_s;
  EXPECT_FALSE(align_speech(utterance, times, features, rows_of(features, 300), 0.0, 3.0));
}

TEST(AlignedSpeech, LoudnessIsTheSameForAll) {
  const VocoderFeatureOptions features;
  FeatureMatrix quiet(40, features.columns());
  quiet.setConstant(-6.0F);
  quiet.col(features.voicing_column()).head(20).setOnes();
  quiet.col(features.voicing_column()).tail(20).setZero();
  FeatureMatrix loud = quiet;
  loud.leftCols(features.num_mel).array() += 3.0F;
  normalize_loudness(features, quiet);
  normalize_loudness(features, loud);
  EXPECT_NEAR(quiet(5, 10), loud(5, 10), 1e-4F);
  // 0.08 rms: ln(512 * 150 * 0.08^2) over 80 bands.
  EXPECT_NEAR(quiet(5, 10), std::log(512.0 * 150.0 * 0.0064 / 80.0), 1e-3);
  FeatureMatrix unvoiced = loud;
  unvoiced.col(features.voicing_column()).setZero();
  const FeatureMatrix before = unvoiced;
  normalize_loudness(features, unvoiced);
  EXPECT_EQ(unvoiced, before);
}

}  // namespace
}  // namespace bivox
