#include "dsp/audio/audio_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sndfile.h>
#include <unistd.h>

#include <cmath>
#include <numbers>
#include <random>
#include <thread>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "tests/dsp/log_capture.h"
#include "tests/dsp/temp_folder.h"

namespace bivox {
namespace {

using testing::HasSubstr;

const std::filesystem::path kAudio = std::filesystem::path(BIVOX_TEST_DATA) / "audio";

std::vector<float> tone(size_t count, int rate_hz, double frequency_hz = 440.0) {
  std::vector<float> samples(count);
  for (size_t t = 0; t < count; ++t) {
    samples[t] = static_cast<float>(
        0.5 * std::sin(2.0 * std::numbers::pi * frequency_hz * static_cast<double>(t) / rate_hz));
  }
  return samples;
}

// A file of any kind through libsndfile itself: the independent writer. Channel c holds x * (c +
// 1).
std::filesystem::path write_with_sndfile(const TempFolder& folder, std::string_view name,
                                         int format, int rate_hz, int channels,
                                         const std::vector<float>& mono) {
  SF_INFO header = {};
  header.samplerate = rate_hz;
  header.channels = channels;
  header.format = format;
  const auto path = folder / name;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &header);
  EXPECT_NE(file, nullptr) << sf_strerror(nullptr);
  if (file == nullptr) return path;
  std::vector<float> frames;
  for (const float x : mono) {
    for (int c = 0; c < channels; ++c) frames.push_back(x * static_cast<float>(c + 1));
  }
  EXPECT_EQ(sf_writef_float(file, frames.data(), static_cast<sf_count_t>(mono.size())),
            static_cast<sf_count_t>(mono.size()));
  sf_close(file);
  return path;
}

double rms_difference(const std::vector<float>& a, const std::vector<float>& b) {
  const size_t count = std::min(a.size(), b.size());
  double sum = 0.0;
  for (size_t t = 0; t < count; ++t) sum += std::pow(static_cast<double>(a[t]) - b[t], 2);
  return std::sqrt(sum / static_cast<double>(count));
}

struct Kind {
  const char* name;
  int format;
  int rate_hz;
  double tolerance;  // rms
};

TEST(ReadAudio, ReadsEveryFormat) {
  const TempFolder folder;
  for (const Kind& kind : {
           Kind{"u8.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 11025, 5e-3},
           Kind{"s16.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44100, 3e-5},
           Kind{"s24.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 48000, 2e-7},
           Kind{"s32.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_32, 96000, 1e-7},
           Kind{"f32.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 0},
           Kind{"f64.wav", SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 8000, 0},
           Kind{"ulaw.wav", SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000, 2e-2},
           Kind{"s8.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_S8, 22050, 5e-3},
           Kind{"s16.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 44100, 3e-5},
           Kind{"s16.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16000, 3e-5},
           Kind{"s24.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 192000, 2e-7},
           Kind{"x.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2e-2},
           Kind{"x.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 4e-2},
           Kind{"x.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 2e-2},
           Kind{"x.w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16, 16000, 3e-5},
           Kind{"x.caf", SF_FORMAT_CAF | SF_FORMAT_PCM_16, 16000, 3e-5},
       }) {
    SCOPED_TRACE(kind.name);
    // An even count: AIFF pads odd bytes, and libsndfile shows the padding as a sample.
    const auto source = tone(static_cast<size_t>(kind.rate_hz) / 4 * 2, kind.rate_hz);
    const auto path = write_with_sndfile(folder, kind.name, kind.format, kind.rate_hz, 1, source);
    LogCapture log;
    const AudioBuffer audio = read_audio(path);
    EXPECT_TRUE(log.messages.empty());
    EXPECT_EQ(audio.sample_rate_hz, kind.rate_hz);
    EXPECT_NEAR(static_cast<double>(audio.samples.size()), static_cast<double>(source.size()),
                kind.tolerance > 1e-2 ? 2400 : 0);
    EXPECT_LE(rms_difference(audio.samples, source), kind.tolerance);
  }
}

TEST(ReadAudio, DownmixesAndResamplesWithOneNotice) {
  const TempFolder folder;
  const auto path = write_with_sndfile(folder, "talk.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 44100,
                                       2, tone(44100, 44100));
  LogCapture log;
  const AudioBuffer audio = read_audio(path, 16000);
  ASSERT_EQ(log.messages.size(), 1U);
  EXPECT_EQ(log.messages[0].first, LogLevel::kNotice);
  EXPECT_EQ(log.messages[0].second,
            path.string() + ": 44100 Hz stereo; resampling to 16000 Hz mono");
  ASSERT_EQ(audio.samples.size(), 16000U);
  std::vector<float> expected = tone(16000, 16000);
  for (float& x : expected) x *= 1.5F;  // the mean of x and 2x
  for (size_t t = 2000; t < 14000; ++t) ASSERT_NEAR(audio.samples[t], expected[t], 1e-3);
}

TEST(ReadAudio, MixesManyChannelsWithoutResampling) {
  const TempFolder folder;
  const auto source = tone(5000, 16000);
  const auto path =
      write_with_sndfile(folder, "five.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 5, source);
  LogCapture log;
  const AudioBuffer audio = read_audio(path, 16000);
  ASSERT_EQ(log.messages.size(), 1U);
  EXPECT_THAT(log.messages[0].second, HasSubstr("16000 Hz 5 channels; mixing down to mono"));
  for (size_t t = 0; t < source.size(); ++t) ASSERT_NEAR(audio.samples[t], 3.0F * source[t], 1e-6);
}

TEST(AudioReader, DoesNotDependOnTheBlockSize) {
  const TempFolder folder;
  const auto path = write_with_sndfile(folder, "x.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 22050, 2,
                                       tone(50000, 22050));
  const AudioBuffer whole = read_audio(path, 16000);
  for (const size_t block : {size_t{1}, size_t{160}, size_t{100000}}) {
    AudioReader reader(path, 16000);
    EXPECT_EQ(reader.sample_rate_hz(), 16000);
    std::vector<float> samples;
    std::vector<float> piece(block);
    while (const size_t count = reader.read(piece)) {
      samples.insert(samples.end(), piece.begin(), piece.begin() + static_cast<ptrdiff_t>(count));
    }
    EXPECT_EQ(samples, whole.samples);
    EXPECT_EQ(reader.read(piece), 0U);
  }
}

TEST(AudioReader, ReadsBytesInMemoryLikeTheFile) {
  for (const char* name :
       {"librispeech-1867-154075-0005.flac", "librispeech-533-1066-0009.opus",
        "kathleen-arctic_b0070_1592699853.ogg", "commonvoice-common_voice_en_11.mp3"}) {
    SCOPED_TRACE(name);
    AudioReader reader = AudioReader::from_bytes(read_file(kAudio / name), name, 16000);
    std::vector<float> samples(200000);
    samples.resize(reader.read(samples));
    EXPECT_EQ(samples, read_audio(kAudio / name, 16000).samples);
  }
}

// Standard input is a pipe with these bytes while it lives.
class PipedInput {
 public:
  explicit PipedInput(std::string bytes) : saved_(::dup(STDIN_FILENO)) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
    feeder_ = std::thread([end = ends[1], all = std::move(bytes)] {
      size_t done = 0;
      while (done < all.size()) {
        // Odd pieces, as a network gives.
        const ssize_t now =
            ::write(end, all.data() + done, std::min<size_t>(777, all.size() - done));
        if (now <= 0) break;
        done += static_cast<size_t>(now);
      }
      ::close(end);
    });
  }
  ~PipedInput() {
    feeder_.join();
    ::dup2(saved_, STDIN_FILENO);
    ::close(saved_);
  }
  PipedInput(const PipedInput&) = delete;
  PipedInput& operator=(const PipedInput&) = delete;

 private:
  int saved_;
  std::thread feeder_;
};

TEST(ReadAudio, ReadsStandardInput) {
  for (const char* name :
       {"kathleen-arctic_a0045_1592747525.wav", "librispeech-1867-154075-0005.flac",
        "commonvoice-common_voice_en_11.mp3"}) {
    const PipedInput piped(read_file(kAudio / name));
    EXPECT_EQ(read_audio("-", 16000).samples, read_audio(kAudio / name, 16000).samples) << name;
  }
  {
    const PipedInput piped("\x01\x40\x02\x40\x03\x40");
    EXPECT_EQ(read_raw_pcm("-", {16000}).samples.size(), 3U);
  }
  const PipedInput piped("");
  try {
    read_audio("-");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("standard input: is empty"));
  }
}

TEST(AudioFileInfo, TellsTheHeader) {
  const AudioFileInfo flac = audio_file_info(kAudio / "librispeech-1867-154075-0005.flac");
  EXPECT_EQ(flac.sample_rate_hz, 16000);
  EXPECT_EQ(flac.channels, 1);
  EXPECT_NEAR(flac.duration_s, 4.27, 0.01);
  EXPECT_EQ(flac.frames, std::llround(flac.duration_s * 16000));
  EXPECT_THAT(flac.format, HasSubstr("FLAC"));
  EXPECT_EQ(audio_file_info(kAudio / "kathleen-arctic_b0070_1592699853.ogg").sample_rate_hz, 24000);
}

TEST(WriteAudio, GivesTheSame16BitSamplesBack) {
  const TempFolder folder;
  std::mt19937 random(3);
  std::uniform_int_distribution<int> any(-32768, 32767);
  AudioBuffer audio{std::vector<float>(10001), 16000};
  for (float& x : audio.samples) x = static_cast<float>(any(random)) / 32768.0F;
  audio.samples[0] = -1.0F;
  for (const char* name : {"x.wav", "x.flac", "x.aiff"}) {
    write_audio(folder / name, audio);
    EXPECT_EQ(read_audio(folder / name).samples, audio.samples) << name;
  }
  write_audio(folder / "float.wav", audio, {"", AudioSubtype::kFloat32});
  EXPECT_EQ(read_audio(folder / "float.wav").samples, audio.samples);
  write_audio(folder / "24.wav", audio, {"", AudioSubtype::kPcm24});
  EXPECT_EQ(read_audio(folder / "24.wav").samples, audio.samples);
}

TEST(WriteAudio, WritesLossyFormatsAndByExplicitName) {
  const TempFolder folder;
  const AudioBuffer audio{tone(48000, 48000), 48000};
  for (const char* format : {"ogg", "opus", "mp3", "wav"}) {
    const auto path = folder / (std::string(format) + ".bin");
    write_audio(path, audio, {format});
    EXPECT_LT(rms_difference(read_audio(path).samples, audio.samples), 4e-2) << format;
  }
}

TEST(WriteAudio, ClipsAndSaysSo) {
  const TempFolder folder;
  LogCapture log;
  write_audio(folder / "x.wav", AudioBuffer{{0.0F, 2.0F, -3.0F, 1.0F}, 16000});
  ASSERT_EQ(log.messages.size(), 1U);
  EXPECT_THAT(log.messages[0].second, HasSubstr("2 of 4 samples"));
  EXPECT_EQ(read_audio(folder / "x.wav").samples,
            (std::vector<float>{0.0F, 32767.0F / 32768.0F, -1.0F, 32767.0F / 32768.0F}));
}

TEST(WriteAudio, LeavesTheOldFileWhenItFails) {
  const TempFolder folder;
  const auto path = folder.write("x.wav", "old");
  EXPECT_THROW(write_audio(path, AudioBuffer{{0.0F, NAN}, 16000}), Error);
  {
    AudioWriter writer(path, 16000);
    writer.write(tone(100, 16000));  // never committed
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(WriteAudio, RefusesWhatTheFormatCannotHold) {
  const TempFolder folder;
  const AudioBuffer audio{tone(100, 44100), 44100};
  EXPECT_THROW(write_audio(folder / "x.m4a", audio), Error);
  EXPECT_THROW(write_audio(folder / "x", audio), Error);
  EXPECT_THROW(write_audio(folder / "x.opus", audio), Error);
  EXPECT_THROW(write_audio(folder / "x.flac", audio, {"", AudioSubtype::kFloat32}), Error);
  EXPECT_THROW(write_audio(folder / "none/x.wav", audio), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(WriteAudio, EqualSoundMakesEqualBytes) {
  const TempFolder folder;
  const AudioBuffer audio{tone(1000, 16000), 16000};
  write_audio(folder / "a.wav", audio, {"", AudioSubtype::kFloat32});
  write_audio(folder / "b.wav", audio, {"", AudioSubtype::kFloat32});
  EXPECT_EQ(read_file(folder / "a.wav"), read_file(folder / "b.wav"));
}

}  // namespace
}  // namespace bivox
