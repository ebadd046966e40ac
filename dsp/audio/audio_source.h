// Where interleaved samples come from: the seam between containers and the reader (internal).
//
// One implementation reads through libsndfile, one reads headerless PCM. Both hand out blocks, so
// the reader above them holds a bounded amount however long the recording is.
// Thread rule: one source belongs to one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "dsp/audio/raw_pcm.h"

namespace bivox {

struct AudioFileInfo {
  int sample_rate_hz = 0;
  int channels = 0;
  int64_t frames = -1;      ///< Sample frames that the header promises; -1 where it does not say.
  std::string format;       ///< For people: "WAV, 16 bit", "FLAC, 24 bit", "raw s16le".
  double duration_s = 0.0;  ///< frames / sample_rate_hz, 0 while unknown.
};

class AudioSource {
 public:
  virtual ~AudioSource() = default;
  virtual const AudioFileInfo& info() const = 0;
  /// Fills whole frames, interleaved; returns how many frames, 0 at the end.
  virtual size_t read(std::span<float> interleaved) = 0;
  /// Why the last read() ended before the promised end; empty when it did not.
  virtual std::string trouble() const = 0;
};

/// Limits beyond which a header is taken as damaged rather than obeyed.
inline constexpr int kMinFileRateHz = 1000;
inline constexpr int kMaxFileRateHz = 768000;
inline constexpr int kMaxFileChannels = 256;

/// Throws Error(kInput) naming `name` unless the rate and channel count are within the limits.
void check_audio_format(const std::string& name, int sample_rate_hz, int channels);

/// `path` may be "-": standard input, which is read to its end first (containers need to seek).
std::unique_ptr<AudioSource> open_sound_file(const std::filesystem::path& path);
/// The same from bytes already in memory; `name` is used in messages.
std::unique_ptr<AudioSource> open_sound_bytes(std::string bytes, const std::string& name);
/// `path` may be "-"; nothing is buffered beyond the block asked for.
std::unique_ptr<AudioSource> open_raw_pcm(const std::filesystem::path& path,
                                          const RawPcmOptions& options);

}  // namespace bivox
