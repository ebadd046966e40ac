// Mono sound to the default loudspeaker, as it is made.
//
//   AudioPlayer player(16000);  player.write(samples);  ...  player.drain();
//
// write() returns when the device has taken the samples, which is real time but for a buffer of
// about 0.1 s. Built without PortAudio (its package is missing), every player is refused.
// Errors: Error(kRuntime) when there is no device or it fails. Thread rule: one player belongs to
// one thread; at most one is made at a time. Test: tests/dsp/audio_player_test.cpp.
#pragma once

#include <memory>
#include <span>

namespace bivox {

class AudioPlayer {
 public:
  explicit AudioPlayer(int sample_rate_hz);
  /// Without drain() what has not sounded yet is dropped.
  ~AudioPlayer();
  AudioPlayer(const AudioPlayer&) = delete;
  AudioPlayer& operator=(const AudioPlayer&) = delete;

  /// Samples in [-1, 1].
  void write(std::span<const float> samples);
  /// Waits until all has sounded.
  void drain();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bivox
