#include "dsp/audio/audio_bytes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "dsp/audio/audio_reader.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

std::vector<float> tone(size_t count, float amplitude) {
  std::vector<float> samples(count);
  for (size_t i = 0; i < count; ++i) {
    samples[i] = amplitude * std::sin(0.1F * static_cast<float>(i));
  }
  return samples;
}

std::vector<float> decode(std::string bytes) {
  AudioReader reader = AudioReader::from_bytes(std::move(bytes), "memory", 16'000);
  std::vector<float> samples(100'000);
  samples.resize(reader.read(samples));
  return samples;
}

TEST(AudioBytes, LosslessFormatsComeBack) {
  const std::vector<float> samples = tone(5000, 0.5F);
  for (const char* format : {"wav", "flac"}) {
    const std::vector<float> back = decode(encode_audio({samples, 16'000}, format));
    ASSERT_EQ(back.size(), samples.size()) << format;
    for (size_t i = 0; i < back.size(); ++i) ASSERT_NEAR(back[i], samples[i], 1.0 / 32768.0);
  }
}

TEST(AudioBytes, LossyFormatsComeBackNearly) {
  const std::vector<float> samples = tone(32'000, 0.5F);
  for (const char* format : {"ogg", "opus", "mp3"}) {
    const std::string bytes = encode_audio({samples, 16'000}, format);
    EXPECT_LT(bytes.size(), samples.size()) << format;  // below 8 bit a sample
    const std::vector<float> back = decode(bytes);
    // MP3 comes in whole blocks.
    EXPECT_NEAR(static_cast<double>(back.size()), 32'000.0, 2400.0) << format;
    double power = 0.0;
    for (const float sample : back) power += static_cast<double>(sample) * sample;
    EXPECT_NEAR(power / static_cast<double>(back.size()), 0.125, 0.015) << format;
  }
}

TEST(AudioBytes, ClipsWhatIsTooLoud) {
  const std::vector<float> back = decode(encode_audio({tone(1000, 3.0F), 16'000}, "wav"));
  for (const float sample : back) EXPECT_LE(std::fabs(sample), 1.0F);
}

TEST(AudioBytes, NamesWhatCannotBe) {
  const std::vector<float> samples(100);
  EXPECT_THROW(encode_audio({samples, 16'000}, "doc"), Error);
  EXPECT_THROW(encode_audio({samples, 44'100}, "opus"), Error);
}

}  // namespace
}  // namespace bivox
