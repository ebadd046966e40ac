#include "dsp/audio/audio_file.h"

#include <fmt/format.h>

#include "dsp/core/error.h"

namespace bivox {
namespace {

// 4 GiB of samples, 18 hours at 16 kHz: a few damaged or hostile bytes can decode to any length.
constexpr size_t kMaxSamples = size_t{1} << 30;

AudioBuffer read_all(AudioReader reader, const std::string& name) {
  AudioBuffer audio;
  audio.sample_rate_hz = reader.sample_rate_hz();
  constexpr size_t kBlock = 1 << 15;
  while (true) {
    const size_t begin = audio.samples.size();
    if (begin > kMaxSamples) {
      throw Error(ErrorCode::kInput,
                  fmt::format("{}: longer than {:.0f} hours, too long to be held in memory", name,
                              static_cast<double>(kMaxSamples) / audio.sample_rate_hz / 3600.0),
                  "cut it into parts, or read it in blocks");
    }
    audio.samples.resize(begin + kBlock);
    const size_t count = reader.read(std::span(audio.samples).subspan(begin));
    audio.samples.resize(begin + count);
    if (count < kBlock) return audio;
  }
}

}  // namespace

AudioFileInfo audio_file_info(const std::filesystem::path& path) {
  return open_sound_file(path)->info();
}

AudioBuffer read_audio(const std::filesystem::path& path, int target_rate_hz) {
  return read_all(AudioReader(path, target_rate_hz), path.string());
}

AudioBuffer read_raw_pcm(const std::filesystem::path& path, const RawPcmOptions& options,
                         int target_rate_hz) {
  return read_all(AudioReader(path, options, target_rate_hz), path.string());
}

void write_audio(const std::filesystem::path& path, AudioView audio,
                 const AudioWriteOptions& options) {
  AudioWriter writer(path, audio.sample_rate_hz, options);
  writer.write(audio.samples);
  writer.commit();
}

}  // namespace bivox
