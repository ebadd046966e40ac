#include "tts/vocoder/measures.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dsp/audio/audio_file.h"
#include "dsp/audio/resample.h"
#include "dsp/core/error.h"
#include "tests/tts/vocoder_signals.h"
#include "tts/vocoder/intelligibility.h"
#include "tts/vocoder/vocoder_features.h"

namespace bivox {
namespace {

AudioBuffer recording() {
  return read_audio(BIVOX_TEST_DATA "/audio/kathleen-arctic_a0045_1592747525.wav");
}

// As tests/golden/make_stoi_golden.py makes them.
AudioBuffer damaged(const AudioBuffer& x, bool echo, bool hum) {
  AudioBuffer y = x;
  for (size_t n = 0; n < x.samples.size(); ++n) {
    if (echo && n >= 800) y.samples[n] += 0.8F * x.samples[n - 800];
    const auto t = static_cast<double>(n);
    if (hum) y.samples[n] += static_cast<float>(0.05 * (std::sin(0.3 * t) + std::sin(0.55 * t)));
  }
  return y;
}

TEST(Intelligibility, AgreesWithPystoi) {
  const AudioBuffer x = recording();
  // The resamplers differ.
  EXPECT_NEAR(*short_time_intelligibility(x, damaged(x, true, false)), 0.79652, 0.004);
  EXPECT_NEAR(*short_time_intelligibility(x, damaged(x, false, true)), 0.92575, 0.004);
  EXPECT_NEAR(*short_time_intelligibility(x, damaged(x, true, true)), 0.74410, 0.004);
  EXPECT_NEAR(*short_time_intelligibility(x, x), 1.0, 1e-9);
  EXPECT_FALSE(short_time_intelligibility(x.view().part(0, 3000), x).has_value());
}

TEST(Measures, ACopyIsAtDistanceZero) {
  const AudioBuffer x = recording();
  const SpeechDistance distance = speech_distance(x, x);
  EXPECT_EQ(distance.mel_cepstral_db, 0.0);
  EXPECT_EQ(distance.log_spectral_db, 0.0);
  EXPECT_EQ(distance.f0_rmse_hz, 0.0);
  EXPECT_EQ(distance.voicing_error_percent, 0.0);
  EXPECT_GT(distance.frames, 100);
  EXPECT_GT(distance.voiced_frames, 50);
}

TEST(Measures, LoudnessMovesSpectraButNotCepstra) {
  const AudioBuffer x = recording();
  AudioBuffer louder = x;
  for (float& s : louder.samples) s *= 2.0F;
  const SpeechDistance distance = speech_distance(x, louder);
  EXPECT_NEAR(distance.log_spectral_db, 6.02, 0.3);  // less in bins under the floor
  EXPECT_LT(distance.mel_cepstral_db, 0.2);
}

// A slope of the spectrum of d dB over the mel axis: c_k of a straight line. Checked against the
// definition: the RMS of the difference in dB along the mel axis, its mean left out, is about MCD.
TEST(Measures, MelCepstralDistanceIsTheRmsOfDecibels) {
  const AudioBuffer x = recording();
  AudioBuffer darker = x;
  float last = 0.0F;
  for (float& s : darker.samples) {
    const float here = s;
    s = here + 0.5F * last;
    last = here;
  }
  VocoderFeatureOptions options;
  const FeatureMatrix a = vocoder_features(options, x);
  const FeatureMatrix b = vocoder_features(options, darker);
  double rms = 0.0;
  int frames = 0;
  for (Eigen::Index t = 0; t < a.rows(); ++t) {
    if (a.row(t).leftCols(80).maxCoeff() < -3.0F) continue;
    Eigen::RowVectorXf away = (b.row(t) - a.row(t)).leftCols(80) * (10.0F / std::log(10.0F));
    away.array() -= away.mean();
    rms += static_cast<double>(away.norm()) / std::sqrt(80.0);
    ++frames;
  }
  ASSERT_GT(frames, 50);
  EXPECT_NEAR(speech_distance(x, darker).mel_cepstral_db, rms / frames, 0.25);
}

TEST(Measures, HearsAnotherPitchAndWhisper) {
  const AudioBuffer low = vowel(1.0, 200.0);
  const AudioBuffer high = vowel(1.0, 210.0);
  const SpeechDistance distance = speech_distance(low, high);
  EXPECT_NEAR(distance.f0_rmse_hz, 10.0, 1.5);
  EXPECT_NEAR(distance.f0_rmse_cents, 1200.0 * std::log2(1.05), 12.0);
  Random random(1);
  AudioBuffer noise = low;
  for (float& s : noise.samples) s = static_cast<float>(0.05 * random.gaussian());
  EXPECT_GT(speech_distance(low, noise).voicing_error_percent, 80.0);
}

TEST(Measures, AlignsSpeechOfAnotherTempo) {
  const AudioBuffer x = recording();
  AudioBuffer late = x;  // a pause in the middle
  late.samples.insert(late.samples.begin() + 16000, 8000, 0.0F);
  SpeechDistanceOptions options;
  options.align = true;
  const double aligned = speech_distance(x, late, options).mel_cepstral_db;
  EXPECT_LT(aligned, 0.5 * speech_distance(x, late).mel_cepstral_db);
  EXPECT_FALSE(speech_distance(x, late, options).stoi.has_value());
}

TEST(Measures, ResamplesAndRefusesNothing) {
  const AudioBuffer x = recording();
  EXPECT_LT(speech_distance(x, resample(x, 24000)).mel_cepstral_db, 1.5);
  EXPECT_THROW(speech_distance({{}, 16000}, x), Error);
}

}  // namespace
}  // namespace bivox
