#include "dsp/audio/audio_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/core/log.h"

namespace bivox {
namespace {

constexpr size_t kBlockSamples = 16384;  // all channels together
// A float file may go over full scale; beyond these it is not sound in [-1, 1] any more.
constexpr float kLoud = 8.0F;
constexpr float kAbsurd = 1e10F;

std::string display_name(const std::filesystem::path& path) {
  return path == "-" ? "standard input" : path.string();
}

std::string channels_text(int channels) {
  if (channels == 1) return "mono";
  if (channels == 2) return "stereo";
  return fmt::format("{} channels", channels);
}

}  // namespace

AudioReader::AudioReader(const std::filesystem::path& path, int target_rate_hz)
    : AudioReader(open_sound_file(path), display_name(path), target_rate_hz) {}

AudioReader::AudioReader(const std::filesystem::path& path, const RawPcmOptions& options,
                         int target_rate_hz)
    : AudioReader(open_raw_pcm(path, options), display_name(path), target_rate_hz) {}

AudioReader AudioReader::from_bytes(std::string bytes, const std::string& name,
                                    int target_rate_hz) {
  return AudioReader(open_sound_bytes(std::move(bytes), name), name, target_rate_hz);
}

AudioReader::AudioReader(std::unique_ptr<AudioSource> source, std::string name, int target_rate_hz)
    : source_(std::move(source)), name_(std::move(name)), target_rate_hz_(target_rate_hz) {
  BIVOX_CHECK(target_rate_hz >= 0);
  const AudioFileInfo& found = source_->info();
  if (target_rate_hz_ == 0) target_rate_hz_ = found.sample_rate_hz;
  interleaved_.resize(std::max<size_t>(1, kBlockSamples / found.channels) * found.channels);
  mono_.reserve(interleaved_.size() / found.channels);
  const std::string is =
      fmt::format("{}: {} Hz {}", name_, found.sample_rate_hz, channels_text(found.channels));
  if (target_rate_hz_ != found.sample_rate_hz) {
    resampler_.emplace(found.sample_rate_hz, target_rate_hz_);
    log_message(LogLevel::kNotice,
                fmt::format("{}; resampling to {} Hz mono", is, target_rate_hz_));
  } else if (found.channels != 1) {
    log_message(LogLevel::kNotice, is + "; mixing down to mono");
  }
}

AudioReader::~AudioReader() = default;
AudioReader::AudioReader(AudioReader&&) noexcept = default;
AudioReader& AudioReader::operator=(AudioReader&&) noexcept = default;

const AudioFileInfo& AudioReader::info() const { return source_->info(); }

size_t AudioReader::read(std::span<float> samples) {
  size_t done = 0;
  while (done < samples.size()) {
    if (ready_begin_ == ready_.size()) {
      if (ended_) break;
      read_block();
      continue;
    }
    const size_t count = std::min(samples.size() - done, ready_.size() - ready_begin_);
    std::copy_n(ready_.begin() + static_cast<ptrdiff_t>(ready_begin_), count,
                samples.begin() + static_cast<ptrdiff_t>(done));
    ready_begin_ += count;
    done += count;
  }
  return done;
}

void AudioReader::read_block() {
  ready_.clear();
  ready_begin_ = 0;
  const size_t channels = static_cast<size_t>(source_->info().channels);
  const size_t frames = source_->read(interleaved_);
  if (frames == 0) {
    end_of_source();
    return;
  }
  const std::span<const float> block = std::span(interleaved_).first(frames * channels);
  check_samples(block);
  frames_read_ += static_cast<int64_t>(frames);
  std::span<const float> mono = block;
  if (channels > 1) {
    mono_.resize(frames);
    const float scale = 1.0F / static_cast<float>(channels);
    for (size_t t = 0; t < frames; ++t) {
      float sum = 0.0F;
      for (size_t c = 0; c < channels; ++c) sum += block[t * channels + c];
      mono_[t] = sum * scale;
    }
    mono = mono_;
  }
  if (resampler_) {
    resampler_->accept(mono, ready_);
  } else {
    ready_.assign(mono.begin(), mono.end());
  }
}

void AudioReader::check_samples(std::span<const float> interleaved) {
  float peak = 0.0F;
  bool bad = false;
  for (const float sample : interleaved) {
    const float magnitude = std::fabs(sample);
    bad |= !(magnitude <= kAbsurd);  // also true for NaN
    peak = std::max(peak, magnitude);
  }
  const AudioFileInfo& found = source_->info();
  if (bad) {
    const auto first = std::find_if(interleaved.begin(), interleaved.end(),
                                    [](float x) { return !(std::fabs(x) <= kAbsurd); });
    const int64_t index = first - interleaved.begin();
    const int64_t frame = frames_read_ + index / found.channels;
    throw Error(ErrorCode::kInput,
                fmt::format("{}: sample {} (at {:.3f} s, channel {}) is {}, expected a value in "
                            "[-1, 1]",
                            name_, frame, static_cast<double>(frame) / found.sample_rate_hz,
                            index % found.channels + 1, *first),
                "the file is damaged or not audio of the encoding named: export it again");
  }
  if (peak > kLoud && !loud_warned_) {
    loud_warned_ = true;
    log_message(LogLevel::kWarning,
                fmt::format("{}: samples reach {:.0f}, expected [-1, 1]; the scale looks wrong",
                            name_, peak));
  }
}

void AudioReader::end_of_source() {
  ended_ = true;
  const AudioFileInfo& found = source_->info();
  const std::string trouble = source_->trouble();
  if (frames_read_ == 0) {
    throw Error(ErrorCode::kInput,
                fmt::format("{}: {} without samples{}{}", name_, found.format,
                            trouble.empty() ? "" : ": ", trouble),
                "check that the recording or the download was complete");
  }
  // Lossy codecs promise a length up to their padding; a tenth of a second is not a fault.
  const int64_t slack = found.sample_rate_hz / 10;
  if (!trouble.empty() || (found.frames >= 0 && frames_read_ + slack < found.frames)) {
    std::string message = fmt::format("{}: holds {:.2f} s", name_,
                                      static_cast<double>(frames_read_) / found.sample_rate_hz);
    if (found.frames > frames_read_) {
      message += fmt::format(" of the {:.2f} s that its header promises",
                             static_cast<double>(found.frames) / found.sample_rate_hz);
    }
    if (!trouble.empty()) message += fmt::format(" ({})", trouble);
    log_message(LogLevel::kWarning, message + "; using what is there");
  }
  if (resampler_) resampler_->finish(ready_);
}

}  // namespace bivox
