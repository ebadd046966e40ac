#include "dsp/augment/audio_augment.h"

#include <fmt/format.h>

#include <utility>

#include "dsp/augment/gain.h"
#include "dsp/augment/noise_mix.h"
#include "dsp/augment/speed.h"
#include "dsp/augment/tempo.h"
#include "dsp/core/error.h"
#include "dsp/core/random.h"

namespace bivox {
namespace {

constexpr double kMadeNoiseS = 4.0;

}  // namespace

void AudioAugmentOptions::validate() const {
  const auto range = [](std::string_view name, double low, double high, double least, double most) {
    if (low <= high && low >= least && high <= most) return;
    throw Error(ErrorCode::kUsage, fmt::format("augmentation: {} {} to {}, expected within {} to "
                                               "{}",
                                               name, low, high, least, most));
  };
  range("speed", min_speed, max_speed, 0.25, 4.0);
  range("tempo", min_tempo, max_tempo, 0.25, 4.0);
  range("gain", min_gain_db, max_gain_db, -100.0, 100.0);
  range("SNR", min_snr_db, max_snr_db, -100.0, 200.0);
  range("rt60", min_rt60_s, max_rt60_s, 0.05, 2.0);
  range("noise probability", noise_probability, noise_probability, 0.0, 1.0);
  range("room probability", room_probability, room_probability, 0.0, 1.0);
  range("rooms", rooms, rooms, 1, 100000);
}

AudioAugmenter::AudioAugmenter(const AudioAugmentOptions& options, std::vector<AudioBuffer> noises)
    : options_(options), noises_(std::move(noises)) {
  options_.validate();
  if (noises_.empty() && options_.noise_probability > 0.0) {
    noises_.push_back(make_noise(NoiseColour::kPink,
                                 static_cast<int64_t>(kMadeNoiseS * options_.sample_rate_hz),
                                 options_.sample_rate_hz, options_.seed));
  }
  for (int i = 0; options_.room_probability > 0.0 && i < options_.rooms; ++i) {
    rooms_.push_back(
        simulate_room(random_room(options_.min_rt60_s, options_.max_rt60_s, options_.sample_rate_hz,
                                  mix_seeds(options_.seed, i))));
  }
}

AudioBuffer AudioAugmenter::augment(AudioView audio, uint64_t seed) const {
  const AudioAugmentOptions& o = options_;
  Random random(seed);
  AudioBuffer result{{audio.samples.begin(), audio.samples.end()}, audio.sample_rate_hz};
  // Every number is drawn whether it is used or not: then one option does not change the others.
  const double speed = random.uniform(o.min_speed, o.max_speed);
  const double tempo = random.uniform(o.min_tempo, o.max_tempo);
  const bool in_room = random.uniform() < o.room_probability;
  const double which_room = random.uniform();
  const bool noisy = random.uniform() < o.noise_probability;
  const double which_noise = random.uniform();
  const double snr_db = random.uniform(o.min_snr_db, o.max_snr_db);
  const double gain_db = random.uniform(o.min_gain_db, o.max_gain_db);
  if (speed != 1.0) result = change_speed(result, speed);
  if (tempo != 1.0) result = change_tempo(result, tempo);
  if (in_room) {
    const auto room = static_cast<size_t>(which_room * static_cast<double>(rooms_.size()));
    result = reverberate(result, rooms_[room]);
  }
  if (noisy) {
    const auto noise = static_cast<size_t>(which_noise * static_cast<double>(noises_.size()));
    result = mix_noise(result, noises_[noise], snr_db, random.next());
  }
  if (gain_db != 0.0) result = apply_gain(result, gain_db);
  return result;
}

}  // namespace bivox
