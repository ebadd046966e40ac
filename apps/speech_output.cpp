#include "apps/speech_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <vector>

#include "dsp/audio/audio_player.h"
#include "dsp/audio/audio_writer.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

class FileOutput : public SpeechOutput {
 public:
  FileOutput(const std::string& name, int sample_rate_hz) : writer_(name, sample_rate_hz) {}
  void write(std::span<const float> samples) override { writer_.write(samples); }
  void finish() override { writer_.commit(); }

 private:
  AudioWriter writer_;
};

class PipeOutput : public SpeechOutput {
 public:
  void write(std::span<const float> samples) override {
    bytes_.clear();
    for (const float x : samples) {
      // Rounded as AudioWriter does: a file holds the same samples.
      const auto value = static_cast<int16_t>(
          std::clamp(std::lrint(x * 32768.0), long{INT16_MIN}, long{INT16_MAX}));
      bytes_.push_back(static_cast<char>(value & 0xFF));
      bytes_.push_back(static_cast<char>((value >> 8) & 0xFF));
    }
    std::cout.write(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    finish();
  }
  void finish() override {
    if (!std::cout.flush()) {
      throw Error(ErrorCode::kRuntime, "standard output does not take the speech",
                  "the program behind the pipe has ended");
    }
  }

 private:
  std::vector<char> bytes_;
};

// While sound systems are tried, their libraries write pages about those that are not there.
class StandardErrorAside {
 public:
  StandardErrorAside() : kept_(::dup(STDERR_FILENO)) {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0) return;
    ::dup2(nowhere, STDERR_FILENO);
    ::close(nowhere);
  }
  ~StandardErrorAside() {
    if (kept_ < 0) return;
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
  }
  StandardErrorAside(const StandardErrorAside&) = delete;
  StandardErrorAside& operator=(const StandardErrorAside&) = delete;

 private:
  int kept_;
};

class LoudspeakerOutput : public SpeechOutput {
 public:
  explicit LoudspeakerOutput(int sample_rate_hz) {
    const StandardErrorAside aside;
    player_ = std::make_unique<AudioPlayer>(sample_rate_hz);
  }
  void write(std::span<const float> samples) override { player_->write(samples); }
  void finish() override { player_->drain(); }

 private:
  std::unique_ptr<AudioPlayer> player_;
};

}  // namespace

std::unique_ptr<SpeechOutput> open_speech_output(const std::string& name, int sample_rate_hz) {
  if (name.empty()) return std::make_unique<LoudspeakerOutput>(sample_rate_hz);
  if (name == "-") return std::make_unique<PipeOutput>();
  return std::make_unique<FileOutput>(name, sample_rate_hz);
}

}  // namespace bivox
