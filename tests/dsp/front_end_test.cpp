// The chain as a whole: streaming equals one-shot bit for bit, and bad input is met with clear
// words.
#include "dsp/features/front_end.h"

#include <cmath>
#include <limits>
#include <random>
#include <thread>

#include "dsp/core/error.h"
#include "tests/dsp/golden.h"

namespace bivox {
namespace {

std::vector<std::pair<std::string, FrontEndOptions>> configurations() {
  std::vector<std::pair<std::string, FrontEndOptions>> result = {
      {"sphinx", sphinx_front_end()},
      {"fbank", kaldi_fbank_front_end(80)},
      {"mfcc", kaldi_mfcc_front_end()},
      {"librosa", librosa_front_end(16000, 40)},
  };
  FrontEndOptions o = sphinx_front_end();
  o.cmvn.kind = CmvnKind::kRunning;
  result.emplace_back("sphinx live", o);
  o = kaldi_fbank_front_end(40);
  o.frame_placement = FramePlacement::kKaldiReflect;
  o.dither = 1.0F;
  o.deltas = DeltaKind::kRegression;
  o.splice_left = 3;
  o.splice_right = 2;
  o.cmvn.kind = CmvnKind::kSliding;
  o.cmvn.variance = true;
  o.cmvn.window = 50;
  result.emplace_back("everything", o);
  o = librosa_front_end(16000, 40);
  o.frame_placement = FramePlacement::kCentre;
  o.kind = FeatureKind::kPowerSpectrum;
  o.fft_size = 2100;  // not a power of two
  result.emplace_back("power spectrum", o);
  return result;
}

TEST(FrontEnd, AnyChunkingEqualsOneShotBitForBit) {
  const AudioBuffer audio = golden::clip(golden::kClip);
  for (const auto& [name, options] : configurations()) {
    const FeatureMatrix expected = compute_features(options, audio);
    ASSERT_GT(expected.rows(), 20) << name;
    EXPECT_EQ(expected.cols(), options.dims()) << name;
    EXPECT_TRUE(expected.allFinite()) << name;
    FrontEnd front_end(options);
    for (const size_t largest : {1, 2, 157, 4000}) {
      front_end.reset_prior();
      std::mt19937 random(static_cast<uint32_t>(largest));
      FeatureMatrix rows(0, options.dims());
      size_t at = 0;
      while (at < audio.samples.size()) {
        const size_t n = std::min<size_t>(audio.samples.size() - at, random() % largest + 1);
        front_end.accept(audio.view().part(at, n));
        at += n;
        if (random() % 4 != 0) continue;
        const FeatureMatrix ready = front_end.pop();
        rows.conservativeResize(rows.rows() + ready.rows(), Eigen::NoChange);
        rows.bottomRows(ready.rows()) = ready;
      }
      front_end.finish();
      const FeatureMatrix ready = front_end.pop();
      rows.conservativeResize(rows.rows() + ready.rows(), Eigen::NoChange);
      rows.bottomRows(ready.rows()) = ready;
      ASSERT_EQ(rows.rows(), expected.rows()) << name << " chunks up to " << largest;
      EXPECT_TRUE(rows == expected) << name << " chunks up to " << largest;
    }
  }
}

TEST(FrontEnd, RowsComeAsSoonAsTheirContextIsKnown) {
  FrontEndOptions o = sphinx_front_end();
  o.cmvn.kind = CmvnKind::kRunning;
  FrontEnd front_end(o);
  const AudioBuffer audio = golden::clip(golden::kClip);
  front_end.accept(audio.view().part(0, 410 + 3 * 160 - 1));
  EXPECT_EQ(front_end.frames_ready(), 0);
  front_end.accept(audio.view().part(410 + 3 * 160 - 1, 1));
  EXPECT_EQ(front_end.frames_ready(), 1);  // three frames of right context
}

TEST(FrontEnd, ShortAudioGivesNoRows) {
  for (const auto& [name, options] : configurations()) {
    EXPECT_EQ(compute_features(options, AudioBuffer{{}, 16000}).rows(), 0) << name;
    const FeatureMatrix one = compute_features(options, AudioBuffer{{0.5F}, 16000});
    EXPECT_LE(one.rows(), 1) << name;
    EXPECT_TRUE(one.allFinite()) << name;
  }
  EXPECT_EQ(
      compute_features(sphinx_front_end(), AudioBuffer{std::vector<float>(409), 16000}).rows(), 0);
}

TEST(FrontEnd, WrongRateIsAnError) {
  try {
    compute_features(sphinx_front_end(), AudioBuffer{std::vector<float>(44100), 44100});
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_NE(error.message().find("44100"), std::string::npos);
    EXPECT_NE(error.message().find("16000"), std::string::npos);
  }
}

TEST(FrontEnd, BadSamplesCountAsSilence) {
  AudioBuffer audio = golden::clip(golden::kClip);
  AudioBuffer clean = audio;
  for (size_t i = 5000; i < 5200; ++i) {
    audio.samples[i] = i % 2 == 0 ? std::numeric_limits<float>::quiet_NaN()
                                  : std::numeric_limits<float>::infinity();
    clean.samples[i] = 0.0F;
  }
  EXPECT_TRUE(compute_features(sphinx_front_end(), audio) ==
              compute_features(sphinx_front_end(), clean));
}

TEST(FrontEnd, HugeSamplesStayFinite) {
  // Floating-point files may hold anything; powers must not overflow into infinities for sane
  // scales.
  AudioBuffer audio{std::vector<float>(8000, 1.0F), 16000};
  for (size_t i = 0; i < audio.samples.size(); i += 2) audio.samples[i] = -1e6F;
  audio.samples[1001] = 1e30F;
  EXPECT_TRUE(compute_features(sphinx_front_end(), audio).allFinite());
}

TEST(FrontEnd, StreamsInThreadsGiveTheSameRows) {
  const AudioBuffer audio = golden::clip(golden::kClip);
  const FeatureMatrix expected = compute_features(sphinx_front_end(), audio);
  std::vector<FeatureMatrix> results(4);
  std::vector<std::thread> threads;
  for (FeatureMatrix& result : results) {
    threads.emplace_back([&] { result = compute_features(sphinx_front_end(), audio); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const FeatureMatrix& result : results) EXPECT_TRUE(result == expected);
}

TEST(FrontEnd, DitherIsRepeatable) {
  FrontEndOptions o = kaldi_fbank_front_end(40);
  o.dither = 1.0F;
  const AudioBuffer silence{std::vector<float>(8000), 16000};
  const FeatureMatrix first = compute_features(o, silence);
  EXPECT_TRUE(compute_features(o, silence) == first);
  o.dither_seed = 2;
  EXPECT_FALSE(compute_features(o, silence) == first);
}

}  // namespace
}  // namespace bivox
