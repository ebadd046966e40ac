// Mono sound to a file through libsndfile: streaming, and all or nothing.
//
// Samples outside [-1, 1] are clipped (one kWarning says how many), except in float files.
// 16- and 24-bit files hold round(x * 2^(bits-1)), so writing what was read from one gives the same
// samples back. The file appears under its name only in commit().
// Errors: Error(kUsage) for an unknown format or a rate it cannot hold; Error(kRuntime) for a disk
// that refuses and for NaN samples.
// Thread rule: one writer belongs to one thread. Test: tests/dsp/audio_file_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "dsp/audio/audio_buffer.h"

namespace bivox {

enum class AudioSubtype { kPcm16, kPcm24, kFloat32 };

struct AudioWriteOptions {
  /// "wav", "flac", "aiff", "ogg" (Vorbis), "opus", "mp3"; empty: by the file name's extension.
  std::string format;
  /// Of wav, aiff and flac (no float in flac); the lossy ones ignore it.
  AudioSubtype subtype = AudioSubtype::kPcm16;
};

class AudioWriter {
 public:
  AudioWriter(const std::filesystem::path& path, int sample_rate_hz,
              const AudioWriteOptions& options = {});
  ~AudioWriter();
  AudioWriter(AudioWriter&&) noexcept;
  AudioWriter& operator=(AudioWriter&&) noexcept;

  void write(std::span<const float> samples);
  /// Completes the file and puts it in place; without it nothing is left behind.
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bivox
