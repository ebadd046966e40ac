#include "dsp/augment/room.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "dsp/augment/convolve.h"
#include "dsp/augment/gain.h"
#include "dsp/core/error.h"
#include "dsp/core/random.h"

namespace bivox {
namespace {

constexpr double kSpeedOfSound = 343.0;  // m/s at 20 degrees
constexpr double kJitter = 0.05;         // m
constexpr int kHalfTaps = 16;
constexpr int kPhases = 64;
constexpr double kHighPassHz = 100.0;

struct Image {
  float time_s;
  float amplitude;  // without reflections
  int reflections;
};

std::vector<Image> find_images(const RoomOptions& o, double length_s) {
  Random random(o.seed);
  const double reach = length_s * kSpeedOfSound;
  std::array<int, 3> count{};
  for (size_t axis = 0; axis < 3; ++axis) {
    count[axis] = static_cast<int>(std::ceil(reach / (2.0 * o.size_m[axis])));
  }
  // Along one axis image (m, q) lies at (1 - 2q) source + 2 m size and has |m - q| + |m|
  // reflections (equation 10).
  std::array<std::vector<std::pair<double, int>>, 3> axes;
  for (size_t axis = 0; axis < 3; ++axis) {
    for (int m = -count[axis]; m <= count[axis]; ++m) {
      for (int q = 0; q < 2; ++q) {
        const double at = (1 - 2 * q) * o.source_m[axis] + 2.0 * m * o.size_m[axis];
        axes[axis].emplace_back(at - o.microphone_m[axis], std::abs(m - q) + std::abs(m));
      }
    }
  }
  std::vector<Image> images;
  for (const auto& [x, nx] : axes[0]) {
    for (const auto& [y, ny] : axes[1]) {
      const double plane = x * x + y * y;
      if (plane > reach * reach) continue;
      for (const auto& [z, nz] : axes[2]) {
        const double square = plane + z * z;
        if (square > reach * reach) continue;
        const int reflections = nx + ny + nz;
        double distance = std::sqrt(square);
        // The direct sound stays exact; moving along the line of sight is what matters.
        if (reflections > 0) distance += random.uniform(-kJitter, kJitter);
        distance = std::max(distance, 0.1);
        images.push_back({static_cast<float>(distance / kSpeedOfSound),
                          static_cast<float>(1.0 / (4.0 * std::numbers::pi * distance)),
                          reflections});
      }
    }
  }
  return images;
}

// 60 dB over the slope of the energy decay curve between -5 and -35 dB. `energy` lies `step_s`
// apart.
double decay_time(const std::vector<double>& energy, double step_s) {
  std::vector<double> rest(energy.size() + 1, 0.0);
  for (size_t i = energy.size(); i > 0; --i) rest[i - 1] = rest[i] + energy[i - 1];
  if (rest[0] <= 0.0) return 0.0;
  double n = 0.0;
  double sum_t = 0.0;
  double sum_d = 0.0;
  double sum_tt = 0.0;
  double sum_td = 0.0;
  bool reached = false;
  for (size_t i = 0; i < energy.size(); ++i) {
    const double level = 10.0 * std::log10(std::max(rest[i] / rest[0], 1e-30));
    if (level > -5.0) continue;
    if (level < -35.0) {
      reached = true;
      break;
    }
    const double t = static_cast<double>(i) * step_s;
    n += 1.0;
    sum_t += t;
    sum_d += level;
    sum_tt += t * t;
    sum_td += t * level;
  }
  const double spread = n * sum_tt - sum_t * sum_t;
  if (!reached || n < 2.0 || spread <= 0.0) return 0.0;
  const double slope = (n * sum_td - sum_t * sum_d) / spread;  // dB per second
  return slope < 0.0 ? -60.0 / slope : 0.0;
}

// The reflection factor whose decay is the wanted one.
double find_reflection(const std::vector<Image>& images, const RoomOptions& o, double length_s) {
  const double step_s = o.rt60_s / 100.0;
  const auto bins = static_cast<size_t>(std::ceil(length_s / step_s)) + 1;
  int most = 0;
  for (const Image& image : images) most = std::max(most, image.reflections);
  const auto width = static_cast<size_t>(most) + 1;
  std::vector<double> table(bins * width, 0.0);  // [time x reflections] energies
  for (const Image& image : images) {
    const auto bin =
        std::min(static_cast<size_t>(static_cast<double>(image.time_s) / step_s), bins - 1);
    const double amplitude = image.amplitude;
    table[bin * width + static_cast<size_t>(image.reflections)] += amplitude * amplitude;
  }
  double low = 0.01;
  double high = 0.999;
  std::vector<double> energy(bins);
  for (int round = 0; round < 30; ++round) {
    const double beta = 0.5 * (low + high);
    for (size_t bin = 0; bin < bins; ++bin) {
      double factor = 1.0;
      double sum = 0.0;
      for (size_t n = 0; n < width; ++n) {
        sum += factor * table[bin * width + n];
        factor *= beta * beta;
      }
      energy[bin] = sum;
    }
    // A decay that does not fall by 35 dB within the response is too slow; one that falls at once
    // has a time of 0 too, which the size of the first bin tells.
    const double time = decay_time(energy, step_s);
    double total = 0.0;
    for (const double e : energy) total += e;
    const bool too_slow = time > o.rt60_s || (time == 0.0 && energy[bins - 1] > 1e-4 * total);
    (too_slow ? high : low) = beta;
  }
  return 0.5 * (low + high);
}

// Adds `amplitude` at the fractional place `at`.
class BandLimitedImpulse {
 public:
  BandLimitedImpulse() : table_(static_cast<size_t>(kPhases) * kTaps) {
    for (int phase = 0; phase < kPhases; ++phase) {
      const double fraction = static_cast<double>(phase) / kPhases;
      for (int tap = 0; tap < kTaps; ++tap) {
        const double x = tap - kHalfTaps - fraction;
        const double sinc =
            x == 0.0 ? 1.0 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
        const double hann =
            std::abs(x) >= kHalfTaps ? 0.0 : 0.5 + 0.5 * std::cos(std::numbers::pi * x / kHalfTaps);
        table_[static_cast<size_t>(phase * kTaps + tap)] = static_cast<float>(sinc * hann);
      }
    }
  }

  void add(double at, float amplitude, std::vector<float>& out) const {
    const auto nearest = static_cast<int64_t>(std::floor(at * kPhases + 0.5));
    const int64_t sample = nearest / kPhases;
    const float* taps = table_.data() + (nearest % kPhases) * kTaps;
    for (int tap = 0; tap < kTaps; ++tap) {
      const int64_t n = sample - kHalfTaps + tap;
      if (n >= 0 && n < static_cast<int64_t>(out.size())) {
        out[static_cast<size_t>(n)] += amplitude * taps[tap];
      }
    }
  }

 private:
  static constexpr int kTaps = 2 * kHalfTaps + 1;
  std::vector<float> table_;  // [phase x tap]
};

// Allen & Berkley's: the sum of positive images has a constant part that no room has.
void high_pass(std::vector<float>& h, int sample_rate_hz) {
  const double w = 2.0 * std::numbers::pi * kHighPassHz / sample_rate_hz;
  const double r = std::exp(-w);
  const double b1 = 2.0 * r * std::cos(w);
  const double b2 = -r * r;
  double y1 = 0.0;
  double y2 = 0.0;
  for (float& x : h) {
    const double y0 = b1 * y1 + b2 * y2 + static_cast<double>(x);
    x = static_cast<float>(y0 - (1.0 + r) * y1 + r * y2);
    y2 = y1;
    y1 = y0;
  }
}

double distance(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

}  // namespace

void RoomOptions::validate() const {
  const auto check = [](bool good, std::string_view what, std::string_view expected) {
    if (good) return;
    throw Error(ErrorCode::kUsage, fmt::format("room: {}, expected {}", what, expected));
  };
  for (size_t axis = 0; axis < 3; ++axis) {
    const double size = size_m[axis];
    check(size >= 1.0 && size <= 50.0, fmt::format("size {} m", size), "1 to 50 m");
    for (const double at : {source_m[axis], microphone_m[axis]}) {
      check(at > 0.0 && at < size, fmt::format("position {} m", at),
            fmt::format("within 0 to {} m", size));
    }
  }
  check(rt60_s >= 0.05 && rt60_s <= 2.0, fmt::format("rt60 {} s", rt60_s), "0.05 to 2 s");
  check(sample_rate_hz >= 1000 && sample_rate_hz <= 192000, fmt::format("{} Hz", sample_rate_hz),
        "1000 to 192000 Hz");
  // Images within the reach of the decay, 12 bytes each.
  const double reach_m = kSpeedOfSound * rt60_s;
  check(4.19 * reach_m * reach_m * reach_m / (size_m[0] * size_m[1] * size_m[2]) <= 1e8,
        "so small a room with so long an rt60", "fewer than 1e8 images");
  check(distance(source_m, microphone_m) >= 0.1,
        fmt::format("source {:.3f} m from the microphone", distance(source_m, microphone_m)),
        "0.1 m or more");
}

RoomResponse simulate_room(const RoomOptions& options) {
  options.validate();
  const double direct_s = distance(options.source_m, options.microphone_m) / kSpeedOfSound;
  const double length_s = direct_s + options.rt60_s;
  const std::vector<Image> images = find_images(options, length_s);
  const double beta = find_reflection(images, options, length_s);
  int most = 0;
  for (const Image& image : images) most = std::max(most, image.reflections);
  std::vector<float> factors(static_cast<size_t>(most) + 1);
  for (size_t n = 0; n < factors.size(); ++n) {
    factors[n] = static_cast<float>(std::pow(beta, static_cast<double>(n)));
  }
  const double rate = options.sample_rate_hz;
  RoomResponse room;
  room.response.sample_rate_hz = options.sample_rate_hz;
  room.response.samples.assign(static_cast<size_t>(length_s * rate) + 2 * kHalfTaps, 0.0F);
  // All is late by half a tap length, so that the first impulse is whole.
  room.direct_sample = static_cast<int>(std::lround(direct_s * rate)) + kHalfTaps;
  const BandLimitedImpulse impulse;
  for (const Image& image : images) {
    impulse.add(static_cast<double>(image.time_s) * rate + kHalfTaps,
                image.amplitude * factors[static_cast<size_t>(image.reflections)],
                room.response.samples);
  }
  high_pass(room.response.samples, options.sample_rate_hz);
  return room;
}

RoomOptions random_room(double min_rt60_s, double max_rt60_s, int sample_rate_hz, uint64_t seed) {
  Random random(seed);
  RoomOptions options;
  options.sample_rate_hz = sample_rate_hz;
  options.seed = random.next();
  options.size_m = {random.uniform(3.0, 10.0), random.uniform(3.0, 8.0), random.uniform(2.5, 4.0)};
  options.rt60_s = random.uniform(min_rt60_s, max_rt60_s);
  do {
    for (size_t axis = 0; axis < 3; ++axis) {
      options.source_m[axis] = random.uniform(0.5, options.size_m[axis] - 0.5);
      options.microphone_m[axis] = random.uniform(0.5, options.size_m[axis] - 0.5);
    }
  } while (distance(options.source_m, options.microphone_m) < 0.5);
  options.validate();
  return options;
}

double reverberation_time(AudioView response) {
  std::vector<double> energy;
  energy.reserve(response.samples.size());
  for (const float x : response.samples) {
    energy.push_back(static_cast<double>(x) * static_cast<double>(x));
  }
  return response.sample_rate_hz > 0 ? decay_time(energy, 1.0 / response.sample_rate_hz) : 0.0;
}

AudioBuffer reverberate(AudioView audio, const RoomResponse& room) {
  if (audio.sample_rate_hz != room.response.sample_rate_hz) {
    throw Error(ErrorCode::kUsage, fmt::format("room response at {} Hz, audio at {} Hz: expected "
                                               "one rate",
                                               room.response.sample_rate_hz, audio.sample_rate_hz));
  }
  const std::vector<float> wet = convolve(audio.samples, room.response.samples);
  AudioBuffer result;
  result.sample_rate_hz = audio.sample_rate_hz;
  if (wet.empty()) {
    result.samples.assign(audio.samples.begin(), audio.samples.end());
    return result;
  }
  const auto begin = wet.begin() + room.direct_sample;
  result.samples.assign(begin, begin + static_cast<ptrdiff_t>(audio.samples.size()));
  const double power = mean_power(result);
  if (power > 0.0) {
    const auto scale = static_cast<float>(std::sqrt(mean_power(audio) / power));
    for (float& x : result.samples) x *= scale;
  }
  return result;
}

}  // namespace bivox
