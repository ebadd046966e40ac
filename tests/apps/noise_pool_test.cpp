#include "apps/noise_pool.h"

#include <gtest/gtest.h>

#include <cmath>

#include "apps/process_memory.h"
#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"
#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

AudioBuffer tone(float frequency, size_t count) {
  AudioBuffer audio{std::vector<float>(count), 16'000};
  for (size_t i = 0; i < count; ++i) {
    audio.samples[i] = 0.3F * std::sin(frequency * static_cast<float>(i));
  }
  return audio;
}

class NoisePoolTest : public testing::Test {
 protected:
  void SetUp() override {
    write_audio(scratch_.path() / "rain.wav", tone(0.7F, 4000));
    write_audio(scratch_.path() / "dog.wav", tone(0.9F, 5000));
    scratch_.write("manifest.tsv",
                   "id\tpath\tsplit\tspeaker\tgender\tseconds\ttext\n"
                   "n1\train.wav\tesc\train\t\t\t\n"
                   "n2\tdog.wav\tesc\tdog bark\t\t\t\n");
  }
  std::string folder() const { return scratch_.path().string(); }
  ScratchFolder scratch_;
};

TEST_F(NoisePoolTest, ClassesOfAManifest) {
  EXPECT_EQ(NoisePool(folder(), "", "", 16'000).size(), 2U);
  EXPECT_EQ(NoisePool(folder() + ":esc", "", "dog bark", 16'000).size(), 1U);
  const NoisePool dogs(folder(), "dog bark", "", 16'000);
  EXPECT_EQ(dogs.size(), 1U);
  EXPECT_EQ(dogs.name(), "dog bark");
  EXPECT_TRUE(noise_has_class(folder(), "rain"));
  EXPECT_FALSE(noise_has_class(folder(), "snow"));
  EXPECT_THROW(NoisePool(folder(), "snow", "", 16'000), Error);
}

TEST_F(NoisePoolTest, FilesAreNamedByThemselves) {
  const NoisePool one(folder() + "/rain.wav", "", "", 16'000);
  EXPECT_EQ(one.size(), 1U);
  EXPECT_EQ(one.name(), "rain");
}

TEST_F(NoisePoolTest, TheSameNoiseForTheSameUtterance) {
  const NoisePool pool(folder(), "", "", 16'000);
  const AudioBuffer speech = tone(0.1F, 8000);
  const AudioBuffer first = pool.mix(speech, "u1", 5.0, 1);
  EXPECT_EQ(first.samples, pool.mix(speech, "u1", 5.0, 1).samples);
  EXPECT_NE(first.samples, pool.mix(speech, "u2", 5.0, 1).samples);
  EXPECT_NE(first.samples, pool.mix(speech, "u1", 5.0, 2).samples);
  double noise_power = 0.0;
  double speech_power = 0.0;
  for (size_t i = 0; i < speech.samples.size(); ++i) {
    noise_power += std::pow(first.samples[i] - speech.samples[i], 2);
    speech_power += std::pow(speech.samples[i], 2);
  }
  EXPECT_NEAR(10.0 * std::log10(speech_power / noise_power), 5.0, 0.1);
}

TEST(ProcessMemory, ThePeakBeginsAnew) {
  if (process_memory().resident_bytes == 0.0) GTEST_SKIP() << "no /proc";
  {
    std::vector<char> large(size_t{200} << 20U, 1);
    EXPECT_EQ(large.back(), 1);
  }
  EXPECT_GT(process_memory().peak_bytes, 200e6);
  mark_peak_memory();
  EXPECT_LT(process_memory().peak_bytes, 200e6);
}

}  // namespace
}  // namespace bivox
