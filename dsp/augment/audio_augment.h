// All augmentation of a recording in one configured step, for training: what a recording of the
// same words might have sounded like elsewhere.
//
//   speed -> tempo -> room -> noise -> gain
//
// Each is drawn from the seed: the same recording, options and seed give the same result on every
// machine. Rooms are simulated once (they cost more than the rest together) and drawn from.
// Thread rule: immutable after construction; augment() may be called by many threads.
// Errors: Error(kUsage) naming the option. Sources: those of the steps.
// Test: tests/dsp/augment_audio_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dsp/audio/audio_buffer.h"
#include "dsp/augment/room.h"

namespace bivox {

struct AudioAugmentOptions {
  int sample_rate_hz = 16000;
  // Even ranges; a range of one value is that value always.
  double min_speed = 1.0;
  double max_speed = 1.0;
  double min_tempo = 1.0;
  double max_tempo = 1.0;
  double min_gain_db = 0.0;
  double max_gain_db = 0.0;
  double noise_probability = 0.0;  ///< Share of recordings that get noise.
  double min_snr_db = 5.0;
  double max_snr_db = 30.0;
  double room_probability = 0.0;  ///< Share of recordings that get a room.
  int rooms = 50;                 ///< How many are simulated.
  double min_rt60_s = 0.1;
  double max_rt60_s = 0.6;
  uint64_t seed = 1;  ///< Of the rooms.

  void validate() const;
};

class AudioAugmenter {
 public:
  /// `noises` at the options' sample rate; without any, pink noise is made.
  AudioAugmenter(const AudioAugmentOptions& options, std::vector<AudioBuffer> noises);

  AudioBuffer augment(AudioView audio, uint64_t seed) const;

  const AudioAugmentOptions& options() const { return options_; }

 private:
  AudioAugmentOptions options_;
  std::vector<AudioBuffer> noises_;
  std::vector<RoomResponse> rooms_;
};

}  // namespace bivox
