#include "dsp/audio/raw_pcm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"
#include "tests/dsp/log_capture.h"
#include "tests/dsp/temp_folder.h"

namespace bivox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::string_literals;

TEST(RawPcm, DecodesEveryEncoding) {
  const TempFolder folder;
  const auto read = [&](const std::string& bytes, PcmEncoding encoding) {
    return read_raw_pcm(folder.write("x.pcm", bytes), {16000, 1, encoding}).samples;
  };
  EXPECT_THAT(read("\x00\x00\x00\x40\x00\x80\xff\x7f"s, PcmEncoding::kS16le),
              ElementsAre(0.0F, 0.5F, -1.0F, 32767.0F / 32768.0F));
  EXPECT_THAT(read("\x80\x00\xc0"s, PcmEncoding::kU8), ElementsAre(0.0F, -1.0F, 0.5F));
  EXPECT_THAT(read("\x00\x00\x40\x00\x00\x80\x01\x00\x00"s, PcmEncoding::kS24le),
              ElementsAre(0.5F, -1.0F, 1.0F / 8388608.0F));
  EXPECT_THAT(read("\x00\x00\x00\x40\x00\x00\x00\x80"s, PcmEncoding::kS32le),
              ElementsAre(0.5F, -1.0F));
  EXPECT_THAT(read("\x00\x00\x80\x3e\x00\x00\x00\xbf"s, PcmEncoding::kF32le),
              ElementsAre(0.25F, -0.5F));
}

TEST(RawPcm, NamesGoThereAndBack) {
  for (const char* name : {"s16le", "f32le", "u8", "s24le", "s32le"}) {
    const auto encoding = pcm_encoding_from_name(name);
    ASSERT_TRUE(encoding.has_value()) << name;
    EXPECT_EQ(pcm_encoding_name(*encoding), name);
  }
  EXPECT_FALSE(pcm_encoding_from_name("s16be").has_value());
}

TEST(RawPcm, AveragesChannelsAndResamples) {
  const TempFolder folder;
  std::string stereo;
  for (int t = 0; t < 8000; ++t) stereo += "\x00\x40\x00\x00"s;  // 0.5 left, 0 right
  const auto path = folder.write("x.pcm", stereo);
  LogCapture log;
  const AudioBuffer audio = read_raw_pcm(path, {8000, 2, PcmEncoding::kS16le}, 16000);
  EXPECT_EQ(audio.sample_rate_hz, 16000);
  ASSERT_EQ(audio.samples.size(), 16000U);
  EXPECT_NEAR(audio.samples[8000], 0.25F, 1e-4);
  ASSERT_EQ(log.messages.size(), 1U);
  EXPECT_THAT(log.messages[0].second, HasSubstr("8000 Hz stereo; resampling to 16000 Hz mono"));
}

TEST(RawPcm, NeedsARateAndSaysHow) {
  const TempFolder folder;
  const auto path = folder.write("x.pcm", "1234");
  try {
    read_raw_pcm(path, {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.hint(), HasSubstr("--rate"));
  }
  EXPECT_THROW(read_raw_pcm(path, {-16000}), Error);
  EXPECT_THROW(read_raw_pcm(path, {16000, 0}), Error);
}

TEST(RawPcm, WarnsAboutABrokenLastFrameAndRefusesNothing) {
  const TempFolder folder;
  LogCapture log;
  EXPECT_EQ(read_raw_pcm(folder.write("x.pcm", "12345"), {16000}).samples.size(), 2U);
  ASSERT_EQ(log.messages.size(), 1U);
  EXPECT_EQ(log.messages[0].first, LogLevel::kWarning);
  EXPECT_THAT(log.messages[0].second, HasSubstr("no whole frame"));
  EXPECT_THROW(read_raw_pcm(folder.write("one", "1"), {16000}), Error);
  EXPECT_THROW(read_raw_pcm(folder.write("empty", ""), {16000}), Error);
}

TEST(RawPcm, RefusesNaN) {
  const TempFolder folder;
  EXPECT_THROW(read_raw_pcm(folder.write("x", "\x00\x00\x00\x00\x00\x00\xc0\x7f"s),
                            {16000, 1, PcmEncoding::kF32le}),
               Error);
}

}  // namespace
}  // namespace bivox
