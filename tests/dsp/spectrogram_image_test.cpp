#include "dsp/analysis/spectrogram_image.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <numbers>

#include "dsp/core/error.h"

namespace bivox {
namespace {

AudioBuffer tone(double hz, double seconds, int rate = 16000) {
  AudioBuffer audio{{}, rate};
  for (int i = 0; i < static_cast<int>(seconds * rate); ++i) {
    audio.samples.push_back(
        static_cast<float>(0.5 * std::sin(2.0 * std::numbers::pi * hz * i / rate)));
  }
  return audio;
}

int brightest_row(const PaletteImage& image, int column) {
  int best = 0;
  for (int y = 1; y < image.height; ++y) {
    const auto at = [&](int row) {
      return image.pixels[static_cast<size_t>(row * image.width + column)];
    };
    if (at(y) > at(best)) best = y;
  }
  return best;
}

uint32_t number_at(const std::string& bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<uint8_t>(bytes[at + i]);
  return number;
}

TEST(SpectrogramImage, ToneLiesWhereItsFrequencyIs) {
  SpectrogramImageOptions options;
  options.height = 80;
  options.mel = false;
  // 100 Hz a row: 2 kHz is 20 rows over the bottom of 80.
  EXPECT_NEAR(brightest_row(spectrogram_image(tone(2050.0, 0.5), options), 50), 59, 1);
  options.mel = true;
  const double share = hz_to_mel(MelScale::kHtk, 2050.0) / hz_to_mel(MelScale::kHtk, 8000.0);
  EXPECT_NEAR(brightest_row(spectrogram_image(tone(2050.0, 0.5), options), 50),
              80.0 * (1.0 - share), 1.5);
  EXPECT_NEAR(brightest_row(spectrogram_image(tone(100.0, 0.5), options), 50), 75, 2);
}

TEST(SpectrogramImage, TimeRunsFromLeftToRight) {
  AudioBuffer audio = tone(1000.0, 0.5);
  audio.samples.resize(16000, 0.0F);
  const PaletteImage image = spectrogram_image(audio);
  EXPECT_EQ(image.width, 200);
  const auto brightest = [&](int column) {
    return image.pixels[static_cast<size_t>(brightest_row(image, column) * image.width + column)];
  };
  EXPECT_EQ(brightest(20), spectrogram_palette().size() - 1);
  EXPECT_EQ(brightest(150), 0);
}

TEST(SpectrogramImage, LongAudioKeepsItsWidth) {
  SpectrogramImageOptions options;
  options.max_width = 100;
  EXPECT_EQ(spectrogram_image(tone(500.0, 20.0), options).width, 100);
  // A short click in the middle is seen all the same: no frame is left out.
  AudioBuffer audio{std::vector<float>(320000, 0.0F), 16000};
  audio.samples[160500] = 1.0F;
  const PaletteImage image = spectrogram_image(audio, options);
  EXPECT_GT(image.pixels[50], 40);
}

TEST(SpectrogramImage, EmptySilentAndBrokenAudioGiveImages) {
  EXPECT_EQ(spectrogram_image({{}, 16000}).width, 1);
  const std::vector<float> zeros(8000, 0.0F);
  for (const uint8_t pixel : spectrogram_image({zeros, 16000}).pixels) EXPECT_EQ(pixel, 0);
  const std::vector<float> broken(800, NAN);
  EXPECT_FALSE(spectrogram_png({broken, 8000}).empty());
}

TEST(SpectrogramImage, PngHoldsThePixels) {
  const PaletteImage image{3, 2, {0, 1, 2, 2, 1, 0}};
  const std::vector<Rgb> palette = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}};
  const std::string png = encode_png(image, palette);
  ASSERT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  std::vector<std::string> types;
  std::string lines(8, '?');
  for (size_t at = 8; at < png.size();) {
    const uint32_t size = number_at(png, at);
    const std::string type = png.substr(at + 4, 4);
    const auto* checked = reinterpret_cast<const Bytef*>(png.data() + at + 4);
    EXPECT_EQ(number_at(png, at + 8 + size), crc32(0, checked, size + 4)) << type;
    if (type == "IHDR") {
      EXPECT_EQ(number_at(png, at + 8), 3U);
      EXPECT_EQ(number_at(png, at + 12), 2U);
    }
    if (type == "PLTE") {
      EXPECT_EQ(size, 9U);
    }
    if (type == "IDAT") {
      uLongf length = 8;
      ASSERT_EQ(uncompress(reinterpret_cast<Bytef*>(lines.data()), &length, checked + 4, size),
                Z_OK);
      EXPECT_EQ(length, 8U);
    }
    types.push_back(type);
    at += 12 + size;
  }
  EXPECT_EQ(types, (std::vector<std::string>{"IHDR", "PLTE", "IDAT", "IEND"}));
  EXPECT_EQ(lines, std::string("\0\0\1\2\0\2\1\0", 8));
}

TEST(SpectrogramImage, RefusesOptionsOutOfRange) {
  SpectrogramImageOptions options;
  options.height = 0;
  EXPECT_THROW(spectrogram_image(tone(500.0, 0.1), options), Error);
  options = {};
  options.range_db = 0.0;
  EXPECT_THROW(spectrogram_image(tone(500.0, 0.1), options), Error);
}

}  // namespace
}  // namespace bivox
