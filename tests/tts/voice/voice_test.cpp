#include "tts/voice/voice.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dsp/core/error.h"
#include "tests/apps/run_bivox.h"
#include "tests/tts/tiny_voice_folder.h"

namespace bivox {
namespace {

std::shared_ptr<const Pronouncer> few_words() { return Pronouncer::parse(kTinyDictionary); }

class VoiceTest : public ::testing::Test {
 protected:
  VoiceTest() : voice_(load(true)) {}
  std::shared_ptr<const Voice> load(bool with_vocoder) {
    write_tiny_voice(scratch_.path() / "voice-tiny", with_vocoder);
    return Voice::load(scratch_.path() / "voice-tiny", few_words());
  }
  ScratchFolder scratch_;
  std::shared_ptr<const Voice> voice_;
};

double rms(std::span<const float> samples) {
  double sum = 0.0;
  for (const float x : samples) sum += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(sum / static_cast<double>(std::max<size_t>(samples.size(), 1)));
}

TEST_F(VoiceTest, SpeaksAndTellsWhen) {
  std::vector<TimedSentence> sentences;
  size_t before_first = 1;
  std::vector<float> audio;
  VoiceSink sink;
  sink.audio = [&](std::span<const float> samples) {
    if (audio.empty()) before_first = sentences.size();
    audio.insert(audio.end(), samples.begin(), samples.end());
    return true;
  };
  sink.sentence = [&](const TimedSentence& sentence) { sentences.push_back(sentence); };
  const std::string text = "Good morning. One two.";
  const SpeechSummary summary = voice_->speak(text, {}, sink);
  EXPECT_EQ(summary.sentences, 2U);
  EXPECT_EQ(summary.samples, static_cast<int64_t>(audio.size()));
  EXPECT_TRUE(summary.complete);
  EXPECT_EQ(before_first, 1U);  // the first sentence sounds before the second one is read
  ASSERT_EQ(sentences.size(), 2U);
  EXPECT_DOUBLE_EQ(sentences[0].start_s, 0.15);
  EXPECT_DOUBLE_EQ(sentences[0].end_s, sentences[1].start_s);
  EXPECT_NEAR(sentences[1].end_s + 0.15, static_cast<double>(audio.size()) / 16000.0, 1e-9);
  ASSERT_EQ(sentences[0].words.size(), 2U);
  const TimedWord& morning = sentences[0].words[1];
  EXPECT_EQ(text.substr(morning.source_begin, morning.source_end - morning.source_begin),
            "morning");
  ASSERT_EQ(morning.phones.size(), 6U);
  EXPECT_EQ(morning.start_s, morning.phones.front().start_s);
  EXPECT_EQ(morning.end_s, morning.phones.back().end_s);
  double last = 0.0;
  for (const TimedSentence& sentence : sentences) {
    for (const TimedWord& word : sentence.words) {
      for (const TimedPhone& phone : word.phones) {
        EXPECT_GE(phone.start_s, last - 1e-9);
        EXPECT_GT(phone.end_s, phone.start_s);
        last = phone.end_s;
      }
    }
    EXPECT_LE(last, sentence.end_s + 1e-9);
  }
  EXPECT_GT(rms(audio), 1e-4);
}

TEST_F(VoiceTest, TextsWithoutWordsGiveNothing) {
  for (const char* text : {"", " \n", "\xF0\x9F\x98\x80", "...", "\x01\x02\x03"}) {
    int calls = 0;
    VoiceSink sink;
    sink.audio = [&calls](std::span<const float>) {
      ++calls;
      return true;
    };
    const SpeechSummary summary = voice_->speak(text, {}, sink);
    EXPECT_EQ(summary.sentences, 0U) << text;
    EXPECT_EQ(summary.samples, 0) << text;
    EXPECT_EQ(calls, 0) << text;
  }
}

// The words of the sentence that sets the level are spelled here, which makes no difference.
TEST_F(VoiceTest, HasTheLevelOfAllVoices) {
  const double level = rms(voice_->speak("Good morning one two good morning.").samples);
  EXPECT_GT(level, 0.01);
  EXPECT_LT(level, 0.25);
}

TEST_F(VoiceTest, SeedsDecide) {
  const auto one = voice_->speak("Good morning.", {.seed = 1}).samples;
  EXPECT_EQ(one, voice_->speak("Good morning.", {.seed = 1}).samples);
  EXPECT_NE(one, voice_->speak("Good morning.", {.seed = 2}).samples);
}

TEST_F(VoiceTest, RateAndMarkupChangeLengths) {
  const size_t plain = voice_->speak("Good morning.").samples.size();
  VoiceOptions fast;
  fast.speaking.rate = 2.0;
  EXPECT_LT(voice_->speak("Good morning.", fast).samples.size(), plain);
  const size_t paused =
      voice_->speak("<speak>Good<break time=\"2s\"/> morning.</speak>").samples.size();
  EXPECT_GT(paused, plain + 16000U);
  VoiceOptions wrong;
  wrong.speaking.rate = 100.0;
  EXPECT_THROW(voice_->speak("Good.", wrong), Error);
}

TEST_F(VoiceTest, MarksAreReached) {
  std::vector<TimedMark> marks;
  VoiceSink sink;
  sink.sentence = [&marks](const TimedSentence& s) {
    marks.insert(marks.end(), s.marks.begin(), s.marks.end());
  };
  const std::string ssml = "<speak>One <mark name=\"here\"/>two <mark name=\"end\"/></speak>";
  const SpeechSummary summary = voice_->speak(ssml, {}, sink);
  ASSERT_EQ(marks.size(), 2U);
  EXPECT_EQ(marks[0].name, "here");
  EXPECT_GT(marks[0].time_s, 0.0);
  EXPECT_GT(marks[1].time_s, marks[0].time_s);
  EXPECT_LE(marks[1].time_s, static_cast<double>(summary.samples) / 16000.0);
  EXPECT_THROW(voice_->speak("<speak>One <p>two</speak>"), Error);
}

TEST_F(VoiceTest, TheSinkCanEndIt) {
  int calls = 0;
  VoiceSink sink;
  sink.audio = [&calls](std::span<const float>) { return ++calls < 2; };
  const SpeechSummary summary = voice_->speak("One two one two one two.", {}, sink);
  EXPECT_EQ(calls, 2);
  EXPECT_FALSE(summary.complete);
}

// No sentence is begun anew: what stands before a joint does not depend on what follows.
TEST_F(VoiceTest, SentencesAreOneStream) {
  double end_s = 0.0;
  VoiceSink sink;
  sink.sentence = [&end_s](const TimedSentence& sentence) {
    if (end_s == 0.0) end_s = sentence.end_s;
  };
  voice_->speak("Good morning. One.", {}, sink);
  const std::vector<float> one = voice_->speak("Good morning. One.").samples;
  const std::vector<float> two = voice_->speak("Good morning. Two two two.").samples;
  // The last rows wait for those that follow.
  const auto shared = static_cast<ptrdiff_t>(std::lround(end_s * 16000.0)) - 6 * 160;
  ASSERT_GT(shared, 4000);
  EXPECT_TRUE(std::equal(one.begin(), one.begin() + shared, two.begin()));
  EXPECT_NE(one, two);
}

TEST_F(VoiceTest, NeedsNoVocoder) {
  const auto bare = load(false);
  EXPECT_FALSE(bare->has(VocoderMode::kParallel));
  EXPECT_GT(bare->speak("One.").samples.size(), 1000U);
  VoiceOptions options;
  options.mode = VocoderMode::kAutoregressive;
  EXPECT_THROW(bare->speak("One.", options), Error);
  EXPECT_THROW(Voice::load(scratch_.path(), few_words()), Error);
}

}  // namespace
}  // namespace bivox
