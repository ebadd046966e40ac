// Audio of any rate, channels and container as blocks of mono float at the rate you want.
//
// Containers: all that libsndfile reads (WAV, FLAC, AIFF, Ogg Vorbis, Opus, MP3, AU, CAF, ...), 8
// to 32 bit and float, or headerless PCM. Channels are averaged:  y[t] = sum_c x_c[t] / C ; then
// the rate is changed (resample.h). Memory is bounded by the block size, not by the length of the
// file (standard input of a container is held as its encoded bytes). Notices: one kNotice when
// samples change, e.g. "talk.wav: 44100 Hz stereo; resampling to 16000 Hz mono"; one kWarning when
// a file holds less than its header promises, or samples far over [-1, 1]. Errors: Error(kInput):
// missing, refused, a directory, empty, not audio (with the exact ffmpeg command that converts it),
// rate or channels out of range, no samples, NaN or infinite samples (with their place). Thread
// rule: one reader belongs to one thread. Test: tests/dsp/audio_file_test.cpp, malformed_test.cpp,
// raw_pcm_test.cpp; tests/fuzz/audio_fuzz.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dsp/audio/audio_source.h"
#include "dsp/audio/raw_pcm.h"
#include "dsp/audio/resample.h"

namespace bivox {

class AudioReader {
 public:
  /// target_rate_hz 0 keeps the file's rate. `path` "-" is standard input.
  explicit AudioReader(const std::filesystem::path& path, int target_rate_hz = 0);
  /// Headerless PCM, streamed also from standard input.
  AudioReader(const std::filesystem::path& path, const RawPcmOptions& options,
              int target_rate_hz = 0);
  /// A container already in memory (an upload); `name` is used in messages.
  static AudioReader from_bytes(std::string bytes, const std::string& name, int target_rate_hz = 0);
  ~AudioReader();
  AudioReader(AudioReader&&) noexcept;
  AudioReader& operator=(AudioReader&&) noexcept;

  /// The file as it is, before downmix and resampling.
  const AudioFileInfo& info() const;
  /// Rate of the samples that read() gives.
  int sample_rate_hz() const { return target_rate_hz_; }

  /// Fills `samples` from the front; returns how many, fewer than asked only at the end, then 0.
  size_t read(std::span<float> samples);

 private:
  AudioReader(std::unique_ptr<AudioSource> source, std::string name, int target_rate_hz);
  void read_block();
  void check_samples(std::span<const float> interleaved);
  void end_of_source();

  std::unique_ptr<AudioSource> source_;
  std::string name_;
  int target_rate_hz_;
  std::optional<Resampler> resampler_;
  std::vector<float> interleaved_;  // one block as read
  std::vector<float> mono_;         // the same, mixed down
  std::vector<float> ready_;        // at the target rate, from ready_begin_ on
  size_t ready_begin_ = 0;
  int64_t frames_read_ = 0;
  bool ended_ = false;
  bool loud_warned_ = false;
};

}  // namespace bivox
