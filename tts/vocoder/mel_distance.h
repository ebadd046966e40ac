// Distance of two waveforms in the logarithm of their mel powers, as a training loss.
//
//   L = mean over resolutions, frames and bands of |ln mel(x) - ln mel(y)|
//
// with mel the powers of vocoder_features.h (power 2, HTK scale, filters of peak 1), floored. The
// features of a recording say what its mel powers are, so that unlike the distance of single bins
// (losses.h, stft_loss), which chance decides, this one can be brought close to zero: its gradient
// tells a network what the realised excitation lacks.
//
// Shapes: `x`, `target` [batch x samples x 1]. Frames start every hop samples and are centred,
// zeros outside of the signal. Thread rule: that of the tape; utterances run in parallel. Source:
// Kong et al. 2020 (HiFi-GAN), equation 3. Test: tests/tts/mel_distance_test.cpp.
#pragma once

#include <vector>

#include "models/nn/tape.h"

namespace bivox {

struct MelResolution {
  int fft = 1024;
  int hop = 80;
  int window = 400;
  int bands = 80;
};
struct MelDistanceOptions {
  int sample_rate_hz = 16000;
  double low_hz = 20.0;
  float floor = 1e-5F;  ///< Of mel powers: below it nothing is heard.
  std::vector<MelResolution> resolutions = {{1024, 80, 400, 80}, {1024, 120, 800, 80}};
};

Var mel_distance(Var x, const Tensor& target, const MelDistanceOptions& options = {});

}  // namespace bivox
