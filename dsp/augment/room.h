// Simulated rooms: the response of a rectangular room by the image method, and speech in it.
//
// Every wall mirrors the source; an image at distance d that n walls have mirrored adds
//
//   beta^n / (4 pi d)   at time d / c
//
// to the response (c = 343 m/s, beta the reflection factor of all walls), band-limited by a Hann
// windowed sinc of 33 taps, and high-passed at 100 Hz. Images are moved by up to 5 cm, seeded, as
// the regular grid of exact images rings in a way that no room does.
//
// beta follows from the wanted reverberation time: the energies of the images, gathered by time and
// n, give the decay of any beta at once, and bisection finds the one whose decay, fitted from -5 to
// -35 dB as measurements do, is the one wanted.
//
// Units: metres, seconds. Thread rule: pure functions. Errors: Error(kUsage) naming the option.
// Sources: Allen & Berkley 1979, "Image method for efficiently simulating small-room acoustics",
// equation 10 and appendix (high pass); Peterson 1986 (band-limited images); De Sena et al. 2015,
// "On the modeling of rectangular geometries in room acoustic simulations" (moved images);
// Schroeder 1965 (backward integration). Test: tests/dsp/augment_room_test.cpp.
#pragma once

#include <array>
#include <cstdint>

#include "dsp/audio/audio_buffer.h"

namespace bivox {

struct RoomOptions {
  std::array<double, 3> size_m = {5.0, 4.0, 2.8};  ///< 1 to 50 each.
  std::array<double, 3> source_m = {1.5, 1.2, 1.6};
  std::array<double, 3> microphone_m = {3.5, 2.5, 1.2};
  double rt60_s = 0.4;  ///< 0.05 to 2: the time in which the sound falls by 60 dB.
  int sample_rate_hz = 16000;
  uint64_t seed = 1;

  void validate() const;
};

struct RoomResponse {
  AudioBuffer response;
  int direct_sample = 0;  ///< Where the direct sound lies.
};

RoomResponse simulate_room(const RoomOptions& options);

/// A room of 3 to 10 m by 3 to 8 m by 2.5 to 4 m, positions half a metre from the walls and from
/// each other, and a reverberation time in the given range.
RoomOptions random_room(double min_rt60_s, double max_rt60_s, int sample_rate_hz, uint64_t seed);

/// The reverberation time of a measured or simulated response: Schroeder's backward integral, a
/// straight line fitted from -5 to -35 dB, extended to 60 dB. 0 when it does not fall so far.
double reverberation_time(AudioView response);

/// `audio` as heard in the room: as long, the direct sound where it was, the same power.
/// Error(kUsage) for another sample rate.
AudioBuffer reverberate(AudioView audio, const RoomResponse& room);

}  // namespace bivox
