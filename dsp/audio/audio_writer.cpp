#include "dsp/audio/audio_writer.h"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "dsp/core/log.h"

namespace bivox {
namespace {

struct Container {
  std::string_view name;
  int format;
  bool chooses_subtype;
};
constexpr std::array<Container, 8> kContainers = {{
    {"wav", SF_FORMAT_WAV, true},
    {"flac", SF_FORMAT_FLAC, true},
    {"aiff", SF_FORMAT_AIFF, true},
    {"aif", SF_FORMAT_AIFF, true},
    {"ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, false},
    {"oga", SF_FORMAT_OGG | SF_FORMAT_VORBIS, false},
    {"opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, false},
    {"mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, false},
}};

constexpr size_t kBlock = 4096;

}  // namespace

struct AudioWriter::State {
  std::string name;
  AtomicFile target;
  SNDFILE* file = nullptr;
  int pcm_bits = 0;  // 0: written as float
  bool clips = true;
  int64_t written = 0;
  int64_t clipped = 0;
  std::vector<float> floats;
  std::vector<int> integers;

  explicit State(const std::filesystem::path& path) : name(path.string()), target(path) {}
  ~State() {
    if (file != nullptr) sf_close(file);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

AudioWriter::AudioWriter(const std::filesystem::path& path, int sample_rate_hz,
                         const AudioWriteOptions& options) {
  BIVOX_CHECK(sample_rate_hz > 0);
  std::string name = options.format;
  if (name.empty()) name = path.extension().string().substr(path.has_extension() ? 1 : 0);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto container = std::find_if(kContainers.begin(), kContainers.end(),
                                      [&](const Container& entry) { return entry.name == name; });
  if (container == kContainers.end()) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: cannot write the format \"{}\"", path.string(), name),
                "use wav, flac, aiff, ogg, opus or mp3");
  }
  SF_INFO header = {};
  header.samplerate = sample_rate_hz;
  header.channels = 1;
  header.format = container->format;
  int pcm_bits = 0;
  if (container->chooses_subtype) {
    switch (options.subtype) {
      case AudioSubtype::kPcm16:
        header.format |= SF_FORMAT_PCM_16;
        pcm_bits = 16;
        break;
      case AudioSubtype::kPcm24:
        header.format |= SF_FORMAT_PCM_24;
        pcm_bits = 24;
        break;
      case AudioSubtype::kFloat32:
        header.format |= SF_FORMAT_FLOAT;
        break;
    }
  }
  if (sf_format_check(&header) == 0) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: {} cannot hold these samples", path.string(), name),
                "use wav for float samples, 16 or 24 bit for flac");
  }
  state_ = std::make_unique<State>(path);
  state_->pcm_bits = pcm_bits;
  state_->clips = pcm_bits != 0 || !container->chooses_subtype;
  state_->file = sf_open(state_->target.temporary_path().c_str(), SFM_WRITE, &header);
  if (state_->file == nullptr) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: {} cannot be written at {} Hz: {}", path.string(), name,
                            sample_rate_hz, sf_strerror(nullptr)),
                "Opus and MP3 hold only some rates (Opus: 8, 12, 16, 24, 48 kHz)");
  }
  // The peak chunk of float WAV holds the time of day: without it equal sound makes equal bytes.
  sf_command(state_->file, SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
}

AudioWriter::~AudioWriter() = default;
AudioWriter::AudioWriter(AudioWriter&&) noexcept = default;
AudioWriter& AudioWriter::operator=(AudioWriter&&) noexcept = default;

void AudioWriter::write(std::span<const float> samples) {
  State& state = *state_;
  BIVOX_CHECK(state.file != nullptr);
  while (!samples.empty()) {
    const std::span<const float> block = samples.first(std::min(kBlock, samples.size()));
    samples = samples.subspan(block.size());
    state.floats.assign(block.begin(), block.end());
    for (size_t i = 0; i < block.size(); ++i) {
      float& sample = state.floats[i];
      if (std::isnan(sample)) {
        throw Error(ErrorCode::kRuntime,
                    fmt::format("{}: sample {} to be written is NaN", state.name,
                                state.written + static_cast<int64_t>(i)));
      }
      if (state.clips && std::fabs(sample) > 1.0F) {
        sample = std::copysign(1.0F, sample);
        ++state.clipped;
      }
    }
    sf_count_t done = 0;
    const auto count = static_cast<sf_count_t>(block.size());
    if (state.pcm_bits == 0) {
      done = sf_write_float(state.file, state.floats.data(), count);
    } else {
      const double scale = std::ldexp(1.0, state.pcm_bits - 1);
      const int shift = 32 - state.pcm_bits;
      state.integers.resize(block.size());
      std::transform(
          state.floats.begin(), state.floats.end(), state.integers.begin(), [&](float sample) {
            const long value = std::lrint(sample * scale);
            return static_cast<int>(std::min(value, std::lrint(scale) - 1)) * (1 << shift);
          });
      done = sf_write_int(state.file, state.integers.data(), count);
    }
    if (done != count) {
      throw Error(ErrorCode::kRuntime,
                  fmt::format("{}: write failed: {}", state.name, sf_strerror(state.file)),
                  "check that the disk has room");
    }
    state.written += count;
  }
}

void AudioWriter::commit() {
  State& state = *state_;
  BIVOX_CHECK(state.file != nullptr);
  if (sf_close(std::exchange(state.file, nullptr)) != 0) {
    throw Error(ErrorCode::kRuntime, fmt::format("{}: write failed", state.name),
                "check that the disk has room");
  }
  state.target.commit();
  if (state.clipped > 0) {
    log_message(LogLevel::kWarning,
                fmt::format("{}: {} of {} samples were over full scale and are clipped", state.name,
                            state.clipped, state.written));
  }
}

}  // namespace bivox
