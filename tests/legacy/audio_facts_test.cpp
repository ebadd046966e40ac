#include "legacy/data_check/audio_facts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numbers>

#include "dsp/audio/audio_bytes.h"
#include "dsp/audio/audio_file.h"
#include "dsp/audio/resample.h"
#include "dsp/core/random.h"

namespace bivox {
namespace {

AudioFacts facts_of(const AudioBuffer& audio) { return audio_facts(audio, resample(audio, 16000)); }

AudioBuffer clip(const char* name) {
  return read_audio(std::filesystem::path(BIVOX_TEST_DATA) / "audio" / name);
}

AudioBuffer speech() { return clip("librispeech-1867-154075-0005.flac"); }

AudioBuffer scaled(AudioBuffer audio, float gain, float limit = 1e9F) {
  for (float& x : audio.samples) x = std::clamp(gain * x, -limit, limit);
  return audio;
}

float peak_of(const AudioBuffer& audio) {
  float peak = 0.0F;
  for (const float x : audio.samples) peak = std::max(peak, std::abs(x));
  return peak;
}

AudioBuffer through(const AudioBuffer& audio, const char* format) {
  AudioReader reader = AudioReader::from_bytes(encode_audio(audio, format), "clip");
  AudioBuffer out{{}, reader.sample_rate_hz()};
  std::vector<float> block(4096);
  for (size_t n = reader.read(block); n > 0; n = reader.read(block)) {
    out.samples.insert(out.samples.end(), block.begin(),
                       block.begin() + static_cast<std::ptrdiff_t>(n));
  }
  return out;
}

TEST(AudioFacts, CleanSpeechIsNotClipped) {
  for (const char* name :
       {"librispeech-1867-154075-0005.flac", "commonvoice-common_voice_en_47.flac",
        "kathleen-arctic_a0045_1592747525.wav", "librispeech-533-1066-0009.opus"}) {
    const AudioFacts facts = facts_of(clip(name));
    EXPECT_EQ(facts.clipped_share, 0.0) << name;
    EXPECT_LT(facts.crowd_share, 0.08) << name;
    EXPECT_GT(facts.speech_s, 0.5) << name;
    EXPECT_GT(facts.speech_level_db - facts.noise_level_db, 15.0) << name;
  }
}

TEST(AudioFacts, CutTopsAreFoundInPcmAndThroughCodecs) {
  const AudioBuffer audio = speech();
  const AudioBuffer cut = scaled(audio, 0.9F / peak_of(audio) * 4.0F, 0.9F);
  EXPECT_GT(facts_of(cut).clipped_share, 0.01);
  // The level at which it was cut does not matter.
  EXPECT_GT(facts_of(scaled(cut, 0.1F)).clipped_share, 0.01);
  EXPECT_GT(facts_of(through(cut, "opus")).crowd_share, 0.1);
  EXPECT_LT(facts_of(through(audio, "opus")).crowd_share, 0.08);
}

TEST(AudioFacts, TonesAreNotClipped) {
  for (const int rate : {16000, 48000}) {
    AudioBuffer tone{{}, rate};
    for (int i = 0; i < rate; ++i) {
      tone.samples.push_back(
          static_cast<float>(0.7 * std::sin(2.0 * std::numbers::pi * 220.0 * i / rate)));
    }
    EXPECT_EQ(facts_of(tone).clipped_share, 0.0) << rate;
  }
}

TEST(AudioFacts, EdgesTellCutSpeech) {
  AudioBuffer audio = speech();
  const AudioFacts whole = facts_of(audio);
  EXPECT_LT(whole.first_level_db, whole.speech_level_db - 15.0);
  EXPECT_LT(whole.last_level_db, whole.speech_level_db - 15.0);
  // From the loudest place on.
  const auto loudest = std::ranges::max_element(audio.samples);
  audio.samples.erase(audio.samples.begin(), loudest);
  const AudioFacts cut = facts_of(audio);
  EXPECT_GT(cut.first_level_db, cut.speech_level_db - 8.0);
}

TEST(AudioFacts, BandwidthSurvivesResampling) {
  const AudioBuffer audio = speech();
  EXPECT_GT(facts_of(audio).bandwidth_hz, 7000.0);
  const AudioBuffer narrow = resample(resample(audio, 8000), 16000);
  EXPECT_LT(facts_of(narrow).bandwidth_hz, 4500.0);
  EXPECT_EQ(facts_of(narrow).sample_rate_hz, 16000);
}

TEST(AudioFacts, SilenceNoiseAndNothing) {
  const AudioFacts zeros = facts_of({std::vector<float>(16000, 0.0F), 16000});
  EXPECT_LT(zeros.speech_level_db, -90.0);
  EXPECT_EQ(zeros.speech_s, 0.0);
  EXPECT_EQ(zeros.clipped_share, 0.0);
  Random random(1);
  AudioBuffer noise{{}, 16000};
  for (int i = 0; i < 32000; ++i) {
    noise.samples.push_back(static_cast<float>(0.05 * random.gaussian()));
  }
  const AudioFacts facts = facts_of(noise);
  EXPECT_EQ(facts.speech_s, 0.0);
  EXPECT_LT(facts.speech_level_db - facts.noise_level_db, 6.0);
  EXPECT_EQ(audio_facts({{}, 16000}, {{}, 16000}).duration_s, 0.0);
}

TEST(AudioFacts, CopiesAreFoundWhateverTheirGainAndCoding) {
  const AudioBuffer audio = speech();
  AudioBuffer other = clip("librispeech-533-1066-0009.opus");
  other.samples.resize(audio.samples.size(), 0.0F);
  const std::vector<AudioFacts> recordings = {facts_of(other), facts_of(audio),
                                              facts_of(scaled(audio, 0.3F)),
                                              facts_of(through(audio, "opus")), facts_of(audio)};
  EXPECT_EQ(find_copies(recordings), (std::vector<int>{-1, -1, 1, 1, 1}));
  EXPECT_GT(fingerprint_distance_db(recordings[0].fingerprint, recordings[1].fingerprint), 4.0);
  // Another length is another recording.
  AudioBuffer longer = audio;
  longer.samples.resize(longer.samples.size() + 1600, 0.0F);
  const std::vector<AudioFacts> lengths = {recordings[1], facts_of(longer)};
  EXPECT_EQ(find_copies(lengths), (std::vector<int>{-1, -1}));
}

}  // namespace
}  // namespace bivox
