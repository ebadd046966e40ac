// The whole walk from audio to transcript with a real model (Debian's pocketsphinx-en-us).
#include "asr/recognizer/recognizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <random>
#include <thread>

#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"
#include "legacy/gmm/sphinx_model.h"

namespace bivox {
namespace {

const std::filesystem::path kModel = "/usr/share/pocketsphinx/model/en-us";
const std::filesystem::path kAudio = std::filesystem::path(BIVOX_TEST_DATA) / "audio";

class RecognizerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!std::filesystem::exists(kModel / "en-us" / "mdef")) return;
    model_ = load_sphinx_model(kModel / "en-us");
    network_ = std::make_shared<SearchNetwork>(
        std::shared_ptr<const HmmSet>(model_, &model_->hmms()), model_->fillers(),
        Lexicon::load(kModel / "cmudict-en-us.dict", model_->hmms().phones()),
        NgramModel::load(kModel / "en-us.lm.bin"));
  }
  static void TearDownTestSuite() {
    network_.reset();
    model_.reset();
  }
  void SetUp() override {
    if (!network_) GTEST_SKIP() << "needs the Debian package pocketsphinx-en-us";
  }
  static RecognizerOptions options() {
    RecognizerOptions options;
    options.search = decoder_options_for(*model_);
    return options;
  }
  static Recognizer recognizer() { return {model_, network_, options()}; }
  static AudioBuffer clip() {
    return read_audio(kAudio / "librispeech-1867-154075-0005.flac", 16000);
  }

  static inline std::shared_ptr<const AcousticModel> model_;
  static inline std::shared_ptr<const SearchNetwork> network_;
};

AudioBuffer repeat(const AudioBuffer& audio, int times, double pause_s) {
  AudioBuffer out;
  out.sample_rate_hz = audio.sample_rate_hz;
  std::mt19937 random(1);
  std::normal_distribution<float> hiss(0.0F, 1e-4F);
  for (int i = 0; i < times; ++i) {
    out.samples.insert(out.samples.end(), audio.samples.begin(), audio.samples.end());
    for (int k = 0; k < static_cast<int>(pause_s * audio.sample_rate_hz); ++k) {
      out.samples.push_back(hiss(random));
    }
  }
  return out;
}

void expect_equal(const Transcript& a, const Transcript& b) {
  ASSERT_EQ(a.segments.size(), b.segments.size());
  EXPECT_EQ(a.duration_s, b.duration_s);
  for (size_t s = 0; s < a.segments.size(); ++s) {
    ASSERT_EQ(a.segments[s].words.size(), b.segments[s].words.size());
    EXPECT_EQ(a.segments[s].log_score, b.segments[s].log_score);
    for (size_t w = 0; w < a.segments[s].words.size(); ++w) {
      EXPECT_EQ(a.segments[s].words[w].name, b.segments[s].words[w].name);
      EXPECT_EQ(a.segments[s].words[w].start_s, b.segments[s].words[w].start_s);
      EXPECT_EQ(a.segments[s].words[w].confidence, b.segments[s].words[w].confidence);
    }
  }
}

TEST_F(RecognizerTest, ReadsWhatIsSaid) {
  const AudioBuffer audio = clip();
  const Transcript transcript = recognizer().transcribe(audio, "clip");
  EXPECT_EQ(transcript.text(), "that's a likely story i can show you the tracks");
  double last_end = 0.0;
  for (const TranscriptSegment& segment : transcript.segments) {
    for (const TranscriptWord& word : segment.words) {
      EXPECT_GE(word.start_s, last_end);
      EXPECT_GT(word.end_s, word.start_s);
      EXPECT_LE(word.end_s, audio.duration_s());
      EXPECT_GT(word.confidence, 0.0F);
      EXPECT_LT(word.confidence, 1.0F);
      last_end = word.end_s;
    }
  }
}

TEST_F(RecognizerTest, ChunkingDoesNotChangeTheTranscript) {
  const AudioBuffer audio = repeat(clip(), 2, 2.5);
  Recognizer stream = recognizer();
  const Transcript whole = stream.transcribe(audio, "whole");
  ASSERT_EQ(whole.segments.size(), 2U);
  std::mt19937 random(3);
  std::uniform_int_distribution<size_t> length(1, 9000);
  stream.begin("pieces");
  for (size_t at = 0; at < audio.samples.size();) {
    const size_t count = std::min(length(random), audio.samples.size() - at);
    stream.accept(audio.view().part(at, count));
    at += count;
  }
  expect_equal(whole, stream.finish());
}

TEST_F(RecognizerTest, ThreadsShareOneModel) {
  const AudioBuffer audio = clip();
  const Transcript expected = recognizer().transcribe(audio, "alone");
  std::vector<Transcript> transcripts(3);
  std::vector<std::thread> threads;
  for (Transcript& transcript : transcripts) {
    threads.emplace_back([&] { transcript = recognizer().transcribe(audio, "together"); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Transcript& transcript : transcripts) expect_equal(expected, transcript);
}

TEST_F(RecognizerTest, SilenceNoiseAndTonesGiveNoWords) {
  constexpr double kPi = 3.14159265358979323846;
  std::mt19937 random(5);
  std::normal_distribution<float> noise(0.0F, 0.05F);
  Recognizer stream = recognizer();
  for (int kind = 0; kind < 3; ++kind) {
    AudioBuffer audio;
    audio.sample_rate_hz = 16000;
    for (int i = 0; i < 5 * 16000; ++i) {
      const float tone = 0.3F * static_cast<float>(std::sin(2.0 * kPi * 440.0 * i / 16000.0));
      audio.samples.push_back(kind == 0 ? 0.0F : kind == 1 ? noise(random) : tone);
    }
    EXPECT_EQ(stream.transcribe(audio, "nothing").text(), "") << "kind " << kind;
  }
}

TEST_F(RecognizerTest, NbestBeginsWithTheBestPathAndDiffers) {
  RecognizerOptions with_list = options();
  with_list.nbest = 4;
  with_list.search.minimum_bayes_risk = false;
  Recognizer stream(model_, network_, with_list);
  const Transcript transcript = stream.transcribe(clip(), "clip");
  ASSERT_EQ(transcript.segments.size(), 1U);
  const TranscriptSegment& segment = transcript.segments[0];
  ASSERT_EQ(segment.nbest.size(), 4U);
  EXPECT_EQ(segment.nbest[0].text, segment.text());
  EXPECT_NE(segment.nbest[1].text, segment.nbest[0].text);
  EXPECT_LE(segment.nbest[1].log_score, segment.nbest[0].log_score);
}

TEST_F(RecognizerTest, RefusesAudioAtAnotherRate) {
  AudioBuffer audio = clip();
  audio.sample_rate_hz = 8000;
  Recognizer stream = recognizer();
  EXPECT_THROW(stream.transcribe(audio, "wrong"), Error);
}

TEST_F(RecognizerTest, NoAudioGivesAnEmptyTranscript) {
  AudioBuffer audio;
  audio.sample_rate_hz = 16000;
  const Transcript transcript = recognizer().transcribe(audio, "empty");
  EXPECT_TRUE(transcript.segments.empty());
  EXPECT_EQ(transcript.duration_s, 0.0);
}

}  // namespace
}  // namespace bivox
