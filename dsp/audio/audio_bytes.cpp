#include "dsp/audio/audio_bytes.h"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "dsp/core/error.h"

namespace bivox {
namespace {

struct Container {
  std::string_view name;
  int format;
  bool lossy;
};
constexpr std::array<Container, 5> kContainers = {{
    {"wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, false},
    {"flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, false},
    {"ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, true},
    {"opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, true},
    {"mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, true},
}};

// A file in memory as libsndfile wants it: it seeks back to complete headers.
struct Memory {
  std::string bytes;
  size_t at = 0;
};

sf_count_t memory_length(void* user) {
  return static_cast<sf_count_t>(static_cast<Memory*>(user)->bytes.size());
}

sf_count_t memory_seek(sf_count_t offset, int whence, void* user) {
  auto& memory = *static_cast<Memory*>(user);
  sf_count_t base = 0;
  if (whence == SEEK_CUR) base = static_cast<sf_count_t>(memory.at);
  if (whence == SEEK_END) base = memory_length(user);
  memory.at = static_cast<size_t>(std::max<sf_count_t>(0, base + offset));
  return static_cast<sf_count_t>(memory.at);
}

sf_count_t memory_read(void* target, sf_count_t count, void* user) {
  auto& memory = *static_cast<Memory*>(user);
  if (memory.at >= memory.bytes.size()) return 0;
  const size_t amount = std::min(static_cast<size_t>(count), memory.bytes.size() - memory.at);
  std::memcpy(target, memory.bytes.data() + memory.at, amount);
  memory.at += amount;
  return static_cast<sf_count_t>(amount);
}

sf_count_t memory_write(const void* source, sf_count_t count, void* user) {
  auto& memory = *static_cast<Memory*>(user);
  const auto amount = static_cast<size_t>(count);
  if (memory.bytes.size() < memory.at + amount) memory.bytes.resize(memory.at + amount);
  std::memcpy(memory.bytes.data() + memory.at, source, amount);
  memory.at += amount;
  return count;
}

sf_count_t memory_tell(void* user) {
  return static_cast<sf_count_t>(static_cast<Memory*>(user)->at);
}

}  // namespace

std::string encode_audio(AudioView audio, std::string_view format, double quality) {
  const auto container = std::find_if(kContainers.begin(), kContainers.end(),
                                      [&](const Container& entry) { return entry.name == format; });
  if (container == kContainers.end()) {
    throw Error(ErrorCode::kUsage, fmt::format("cannot encode audio as \"{}\"", format),
                "use wav, flac, ogg, opus or mp3");
  }
  SF_INFO header = {};
  header.samplerate = audio.sample_rate_hz;
  header.channels = 1;
  header.format = container->format;
  SF_VIRTUAL_IO io = {memory_length, memory_seek, memory_read, memory_write, memory_tell};
  Memory memory;
  SNDFILE* file = sf_open_virtual(&io, SFM_WRITE, &header, &memory);
  if (file == nullptr) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{} cannot hold audio at {} Hz: {}", format, audio.sample_rate_hz,
                            sf_strerror(nullptr)),
                "Opus and MP3 hold only some rates (Opus: 8, 12, 16, 24, 48 kHz)");
  }
  sf_command(file, SFC_SET_CLIPPING, nullptr, SF_TRUE);
  if (container->lossy) {
    double level = 1.0 - std::clamp(quality, 0.0, 1.0);  // libsndfile: 0 is best
    sf_command(file, SFC_SET_COMPRESSION_LEVEL, &level, sizeof(level));
  }
  std::vector<float> samples(audio.samples.begin(), audio.samples.end());
  for (float& sample : samples) sample = std::clamp(sample, -1.0F, 1.0F);
  const auto count = static_cast<sf_count_t>(samples.size());
  const bool written = sf_write_float(file, samples.data(), count) == count;
  const bool closed = sf_close(file) == 0;
  if (!written || !closed) {
    throw Error(ErrorCode::kRuntime, fmt::format("encoding audio as {} failed", format));
  }
  return std::move(memory.bytes);
}

}  // namespace bivox
