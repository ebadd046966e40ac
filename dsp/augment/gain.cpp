#include "dsp/augment/gain.h"

#include <cmath>

namespace bivox {

AudioBuffer apply_gain(AudioView audio, double gain_db) {
  AudioBuffer result{{audio.samples.begin(), audio.samples.end()}, audio.sample_rate_hz};
  const auto factor = static_cast<float>(std::pow(10.0, gain_db / 20.0));
  for (float& x : result.samples) x *= factor;
  return result;
}

double mean_power(AudioView audio) {
  double sum = 0.0;
  for (const float x : audio.samples) sum += static_cast<double>(x) * static_cast<double>(x);
  return audio.samples.empty() ? 0.0 : sum / static_cast<double>(audio.samples.size());
}

}  // namespace bivox
