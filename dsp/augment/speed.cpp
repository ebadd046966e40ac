#include "dsp/augment/speed.h"

#include <fmt/format.h>

#include <cmath>

#include "dsp/audio/resample.h"
#include "dsp/core/error.h"

namespace bivox {

AudioBuffer change_speed(AudioView audio, double factor) {
  if (!(factor >= 0.25 && factor <= 4.0)) {
    throw Error(ErrorCode::kUsage, fmt::format("speed: factor {}, expected 0.25 to 4", factor));
  }
  AudioBuffer result;
  result.sample_rate_hz = audio.sample_rate_hz;
  Resampler resampler(static_cast<int>(std::lround(1000.0 * factor)), 1000);
  resampler.accept(audio.samples, result.samples);
  resampler.finish(result.samples);
  return result;
}

}  // namespace bivox
