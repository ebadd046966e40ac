#include "dsp/augment/noise_mix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dsp/augment/gain.h"
#include "dsp/core/error.h"
#include "dsp/core/random.h"

namespace bivox {

AudioBuffer mix_noise(AudioView speech, AudioView noise, double snr_db, uint64_t seed) {
  if (speech.sample_rate_hz != noise.sample_rate_hz) {
    throw Error(ErrorCode::kUsage, fmt::format("noise at {} Hz, speech at {} Hz: expected one rate",
                                               noise.sample_rate_hz, speech.sample_rate_hz));
  }
  AudioBuffer result{{speech.samples.begin(), speech.samples.end()}, speech.sample_rate_hz};
  if (speech.samples.empty() || noise.samples.empty()) return result;
  Random random(seed);
  const size_t size = noise.samples.size();
  // A longer noise is not wrapped around, a shorter one starts anywhere.
  const size_t places = size >= speech.samples.size() ? size - speech.samples.size() + 1 : size;
  size_t at = random.below(places);
  std::vector<float> part(speech.samples.size());
  for (float& x : part) {
    x = noise.samples[at];
    if (++at == size) at = 0;
  }
  const double speech_power = mean_power(speech);
  const double noise_power = mean_power({part, noise.sample_rate_hz});
  if (speech_power <= 0.0 || noise_power <= 0.0) return result;
  const double gain = std::sqrt(speech_power / noise_power * std::pow(10.0, -snr_db / 10.0));
  float peak = 1.0F;
  for (size_t i = 0; i < part.size(); ++i) {
    result.samples[i] += static_cast<float>(gain) * part[i];
    peak = std::max(peak, std::abs(result.samples[i]));
  }
  if (peak > 1.0F) {
    for (float& x : result.samples) x /= peak;
  }
  return result;
}

AudioBuffer make_noise(NoiseColour colour, int64_t num_samples, int sample_rate_hz, uint64_t seed) {
  Random random(seed);
  AudioBuffer result;
  result.sample_rate_hz = sample_rate_hz;
  result.samples.resize(static_cast<size_t>(num_samples));
  if (colour == NoiseColour::kWhite) {
    for (float& x : result.samples) x = static_cast<float>(0.1 * random.gaussian());
    return result;
  }
  // 1/f: the autoregressive filter a_0 = 1, a_k = (k - 1 - 1/2) a_{k-1} / k. It is cut after
  // 1024 samples (64 ms at 16 kHz), below which the spectrum is flat.
  constexpr size_t kOrder = 1024;
  std::vector<double> filter(kOrder + 1, 1.0);
  for (size_t k = 1; k <= kOrder; ++k) {
    filter[k] = filter[k - 1] * (static_cast<double>(k) - 1.5) / static_cast<double>(k);
  }
  std::vector<double> y(result.samples.size());
  double power = 0.0;
  for (size_t n = 0; n < y.size(); ++n) {
    y[n] = random.gaussian();
    for (size_t k = 1; k <= std::min(n, kOrder); ++k) y[n] -= filter[k] * y[n - k];
    power += y[n] * y[n];
  }
  const double scale = power > 0.0 ? 0.1 / std::sqrt(power / static_cast<double>(y.size())) : 0.0;
  for (size_t n = 0; n < y.size(); ++n) result.samples[n] = static_cast<float>(scale * y[n]);
  return result;
}

}  // namespace bivox
