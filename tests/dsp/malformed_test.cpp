// Every kind of bad audio file that users have, made at run time: each gives an Error(kInput) that
// says what was found and what to do, or, where sound is left, a warning and that sound.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <limits>

#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "tests/dsp/log_capture.h"
#include "tests/dsp/temp_folder.h"

namespace bivox {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

std::string le16(unsigned value) {
  return {static_cast<char>(value & 0xFF), static_cast<char>(value >> 8 & 0xFF)};
}
std::string le32(uint32_t value) { return le16(value & 0xFFFF) + le16(value >> 16); }

// A 16-bit WAV whose header may lie.
std::string wav(unsigned channels, uint32_t rate_hz, uint32_t stated_bytes, const std::string& data,
                unsigned format = 1, unsigned bits = 16) {
  return "RIFF"s + le32(36 + stated_bytes) + "WAVEfmt " + le32(16) + le16(format) + le16(channels) +
         le32(rate_hz) + le32(rate_hz * channels * bits / 8) + le16(channels * bits / 8) +
         le16(bits) + "data" + le32(stated_bytes) + data;
}

// The Error that reading throws; a test failure when there is none.
Error error_of(const std::filesystem::path& path) {
  try {
    read_audio(path, 16000);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_THAT(error.message(), HasSubstr(path.filename().string()));
    EXPECT_FALSE(error.hint().empty());
    return error;
  }
  ADD_FAILURE() << path << ": no error";
  return Error(ErrorCode::kInput, "");
}

TEST(Malformed, TheHelperMakesAGoodFile) {
  const TempFolder folder;
  const auto path = folder.write("good.wav", wav(1, 16000, 4, le16(0x4000) + le16(0xC000)));
  EXPECT_EQ(read_audio(path).samples, (std::vector<float>{0.5F, -0.5F}));
}

TEST(Malformed, MissingFileDirectoryEmptyFile) {
  const TempFolder folder;
  EXPECT_THAT(error_of(folder / "missing.wav").message(), HasSubstr("No such file"));
  std::filesystem::create_directory(folder / "folder.wav");
  EXPECT_THAT(error_of(folder / "folder.wav").message(), HasSubstr("is a directory"));
  EXPECT_THAT(error_of(folder.write("empty.wav", "")).message(), HasSubstr("is empty (0 bytes)"));
  EXPECT_THROW(audio_file_info(folder / "missing.wav"), Error);
  EXPECT_THROW(AudioReader::from_bytes("", "upload"), Error);
}

TEST(Malformed, Device) {
  if (!std::filesystem::exists("/dev/null")) GTEST_SKIP();
  EXPECT_THAT(error_of("/dev/null").message(), HasSubstr("is a device"));
}

TEST(Malformed, NoPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TempFolder folder;
  const auto path = folder.write("secret.wav", wav(1, 16000, 2, le16(1)));
  std::filesystem::permissions(path, std::filesystem::perms::none);
  const Error error = error_of(path);
  EXPECT_THAT(error.message(), HasSubstr("Permission denied"));
  EXPECT_THAT(error.hint(), HasSubstr("permissions"));
}

TEST(Malformed, OtherFormatsGetTheFfmpegCommand) {
  const TempFolder folder;
  const Error m4a =
      error_of(folder.write("talk.m4a", le32(0x20000000) + "ftypM4A \0\0\0\0M4A mp42isom"s));
  EXPECT_THAT(m4a.message(), HasSubstr("MPEG-4"));
  EXPECT_THAT(m4a.hint(), HasSubstr("ffmpeg -i " + (folder / "talk.m4a").string() +
                                    " -ac 1 -ar 16000 " + (folder / "talk.wav").string()));
  EXPECT_THAT(error_of(folder.write("talk.webm", "\x1A\x45\xDF\xA3 and more")).message(),
              HasSubstr("WebM"));
  // Never a command that overwrites its own input, and a path that a shell takes as one word.
  const Error spaced = error_of(folder.write("it's a talk.wav", "\xFF\xF1 and more"));
  EXPECT_THAT(spaced.hint(), HasSubstr("it'\\''s a talk.converted.wav'"));
}

TEST(Malformed, NotAudioAtAll) {
  const TempFolder folder;
  EXPECT_THAT(error_of(folder.write("notes.wav", "Dear diary,\nnothing today.\n")).message(),
              HasSubstr("is text, expected audio"));
  EXPECT_THAT(error_of(folder.write("pack.wav", "PK\x03\x04zip zip")).message(),
              HasSubstr("zip archive"));
  const Error noise = error_of(folder.write("noise.wav", "\x01\x02\x03\x04\xF0\xE1\xD2\xC3"));
  EXPECT_THAT(noise.hint(), HasSubstr("--rate"));
  EXPECT_THAT(noise.hint(), HasSubstr("ffmpeg"));
}

TEST(Malformed, WrongMagicAndHeaderAlone) {
  const TempFolder folder;
  std::string bytes = wav(1, 16000, 4, le16(1) + le16(2));
  bytes[8] = 'X';
  error_of(folder.write("magic.wav", bytes));
  bytes = wav(1, 16000, 0, "");
  EXPECT_THAT(error_of(folder.write("zero.wav", bytes)).message(), HasSubstr("without samples"));
  for (const size_t length : {4, 11, 12, 20, 35, 40}) {
    error_of(folder.write("cut.wav", bytes.substr(0, length)));
  }
}

TEST(Malformed, AbsurdHeaders) {
  const TempFolder folder;
  const std::string data(64, '\x01');
  error_of(folder.write("nochannels.wav", wav(0, 16000, 64, data)));
  error_of(folder.write("channels.wav", wav(65535, 16000, 64, data)));
  EXPECT_THAT(error_of(folder.write("rate0.wav", wav(1, 0, 64, data))).message(),
              HasSubstr("rate0.wav"));
  EXPECT_THAT(error_of(folder.write("rate.wav", wav(1, 2000000000, 64, data))).message(),
              HasSubstr("sample rate 2000000000 Hz, expected 1000 to 768000 Hz"));
  error_of(folder.write("slow.wav", wav(1, 10, 64, data)));
  // A size that only a pipe-writing program would leave there: read to the end, no complaint.
  LogCapture log;
  EXPECT_EQ(read_audio(folder.write("stream.wav", wav(1, 16000, 0xFFFFFFFF, data))).samples.size(),
            32U);
  EXPECT_TRUE(log.messages.empty());
}

TEST(Malformed, TruncatedFilesGiveWhatIsThereAndAWarning) {
  const TempFolder folder;
  // 2 s promised, 1 s there.
  const std::string second(32000, '\x01');
  {
    LogCapture log;
    EXPECT_EQ(read_audio(folder.write("cut.wav", wav(1, 16000, 64000, second))).samples.size(),
              16000U);
    ASSERT_EQ(log.messages.size(), 1U);
    EXPECT_EQ(log.messages[0].first, LogLevel::kWarning);
    EXPECT_THAT(log.messages[0].second, HasSubstr("holds 1.00 s of the 2.00 s"));
  }
  const std::filesystem::path audio = std::filesystem::path(BIVOX_TEST_DATA) / "audio";
  const std::string flac = read_file(audio / "librispeech-1867-154075-0005.flac");
  {
    LogCapture log;
    const AudioBuffer half = read_audio(folder.write("cut.flac", flac.substr(0, flac.size() / 2)));
    EXPECT_GT(half.duration_s(), 1.0);
    EXPECT_LT(half.duration_s(), 3.5);
    ASSERT_EQ(log.messages.size(), 1U);
    EXPECT_EQ(log.messages[0].first, LogLevel::kWarning);
    EXPECT_THAT(log.messages[0].second, HasSubstr("of the 4.27 s that its header promises"));
  }
  const std::string opus = read_file(audio / "librispeech-1867-154075-0019.opus");
  const AudioBuffer half = read_audio(folder.write("cut.opus", opus.substr(0, opus.size() / 2)));
  EXPECT_GT(half.duration_s(), 0.5);
}

TEST(Malformed, NoTruncationCrashes) {
  const TempFolder folder;
  const std::filesystem::path audio = std::filesystem::path(BIVOX_TEST_DATA) / "audio";
  for (const char* name :
       {"librispeech-1867-154075-0005.flac", "librispeech-533-1066-0009.opus",
        "kathleen-arctic_b0070_1592699853.ogg", "commonvoice-common_voice_en_11.mp3"}) {
    const std::string bytes = read_file(audio / name);
    for (size_t length = 1; length < bytes.size(); length = length * 3 + 7) {
      try {
        const AudioBuffer sound = read_audio(folder.write("cut", bytes.substr(0, length)), 16000);
        EXPECT_FALSE(sound.samples.empty());
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kInput) << error.what();
      }
    }
  }
}

TEST(Malformed, NotANumberNamesItsPlace) {
  const TempFolder folder;
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30F}) {
    std::string data;
    for (int t = 0; t < 40000; ++t) {
      const float x = t == 24001 ? bad : 0.25F;  // frame 12000, second channel
      data.append(reinterpret_cast<const char*>(&x), sizeof(x));
    }
    const auto path =
        folder.write("nan.wav", wav(2, 16000, static_cast<uint32_t>(data.size()), data, 3, 32));
    const Error error = error_of(path);
    EXPECT_THAT(error.message(), HasSubstr("sample 12000 (at 0.750 s, channel 2) is "));
    EXPECT_THAT(error.message(), HasSubstr(std::isnan(bad) ? "nan"
                                           : bad > 1e35F   ? "inf"
                                                           : "1e+30"));
  }
}

TEST(Malformed, WrongScaleIsWarnedAbout) {
  const TempFolder folder;
  const float loud = 20000.0F;
  const std::string data(reinterpret_cast<const char*>(&loud), sizeof(loud));
  LogCapture log;
  read_audio(folder.write("loud.wav", wav(1, 16000, 4, data, 3, 32)));
  ASSERT_EQ(log.messages.size(), 1U);
  EXPECT_THAT(log.messages[0].second, HasSubstr("samples reach 20000"));
}

}  // namespace
}  // namespace bivox
