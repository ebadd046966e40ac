#include "legacy/data_check/audio_facts.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <numeric>

#include "dsp/analysis/voice_activity.h"
#include "dsp/core/check.h"
#include "dsp/core/random.h"
#include "dsp/features/fft.h"
#include "dsp/features/window.h"

namespace bivox {
namespace {

constexpr double kSmallest = 1e-10;  // mean square: -100 dB
constexpr double kFlat = 0.999;
constexpr double kCrowd = 0.9;
constexpr double kLoud = 0.3;
constexpr double kFlatRunS = 1.7e-4;
constexpr double kBandStepHz = 250.0;
constexpr double kBandRangeDb = 60.0;
constexpr double kLoudFrameDb = 20.0;  // below the speech level
constexpr double kCopyDurationS = 0.02;

double to_db(double mean_square) { return 10.0 * std::log10(std::max(mean_square, kSmallest)); }

std::vector<double> frame_levels(AudioView audio) {
  const auto shift = static_cast<size_t>(audio.sample_rate_hz / 100);
  std::vector<double> levels;
  for (size_t begin = 0; begin + shift <= audio.samples.size(); begin += shift) {
    double sum = 0.0;
    for (const float x : audio.samples.subspan(begin, shift)) sum += static_cast<double>(x) * x;
    levels.push_back(to_db(sum / static_cast<double>(shift)));
  }
  return levels;
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return to_db(0.0);
  const auto at = static_cast<size_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(at));
  return values[at];
}

double level_of(std::span<const float> samples) {
  double sum = 0.0;
  for (const float x : samples) sum += static_cast<double>(x) * x;
  return to_db(samples.empty() ? 0.0 : sum / static_cast<double>(samples.size()));
}

void measure_clipping(AudioView audio, AudioFacts& facts) {
  const auto min_run =
      std::max<size_t>(4, static_cast<size_t>(std::ceil(kFlatRunS * audio.sample_rate_hz)));
  // The two extremes apart: a microphone's offset clips one side first.
  const auto [lowest, highest] = std::ranges::minmax(audio.samples);
  size_t flat = 0;
  size_t loud = 0;
  size_t crowd = 0;
  size_t run = 0;
  const auto end_run = [&] {
    if (run >= min_run) flat += run;
    run = 0;
  };
  for (const float x : audio.samples) {
    const double share = x >= 0.0F ? (highest > 0.0F ? x / static_cast<double>(highest) : 0.0)
                                   : x / static_cast<double>(lowest);
    if (share >= kLoud) ++loud;
    if (share >= kCrowd) ++crowd;
    if (share >= kFlat) {
      ++run;
    } else {
      end_run();
    }
  }
  end_run();
  if (loud == 0) return;
  facts.clipped_share = static_cast<double>(flat) / static_cast<double>(loud);
  facts.crowd_share = static_cast<double>(crowd) / static_cast<double>(loud);
}

double bandwidth_of(AudioView audio, double least_level_db) {
  int size = 2;
  while (size < audio.sample_rate_hz / 32) size *= 2;
  RealFft fft(size);
  const std::vector<float> window = make_window(WindowKind::kHannPeriodic, size);
  std::vector<float> time(window.size());
  std::vector<std::complex<float>> spectrum(static_cast<size_t>(fft.bins()));
  std::vector<double> power(spectrum.size(), 0.0);
  bool any = false;
  for (size_t begin = 0; begin + window.size() <= audio.samples.size(); begin += window.size()) {
    const std::span<const float> frame = audio.samples.subspan(begin, window.size());
    if (level_of(frame) < least_level_db) continue;
    any = true;
    for (size_t n = 0; n < window.size(); ++n) time[n] = frame[n] * window[n];
    fft.forward(time.data(), spectrum.data());
    for (size_t k = 0; k < power.size(); ++k) {
      power[k] += static_cast<double>(std::norm(spectrum[k]));
    }
  }
  const double nyquist_hz = audio.sample_rate_hz / 2.0;
  if (!any) return nyquist_hz;
  const double bins_per_band = kBandStepHz * size / audio.sample_rate_hz;
  std::vector<double> bands_db;
  for (int b = 0; (b + 1) * kBandStepHz <= nyquist_hz + 1.0; ++b) {
    const auto first = static_cast<size_t>(std::llround(b * bins_per_band));
    const auto end =
        std::min(power.size(),
                 std::max(first + 1, static_cast<size_t>(std::llround((b + 1) * bins_per_band))));
    const double sum = std::accumulate(power.begin() + static_cast<std::ptrdiff_t>(first),
                                       power.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
    bands_db.push_back(10.0 * std::log10(sum / static_cast<double>(end - first) + 1e-30));
  }
  const double top = *std::ranges::max_element(bands_db);
  size_t last = bands_db.size();
  while (last > 1 && bands_db[last - 1] < top - kBandRangeDb) --last;
  return std::min(nyquist_hz, static_cast<double>(last) * kBandStepHz);
}

void fill_fingerprint(AudioView audio, Fingerprint& fingerprint) {
  const size_t count = audio.samples.size();
  constexpr double kRangeDb = 40.0;  // what is quieter changes with the coding
  for (size_t half = 0; half < 2; ++half) {
    double top = -1e9;
    const auto slice = [&](size_t s) -> float& {
      return fingerprint[half * kFingerprintSlices + s];
    };
    for (size_t s = 0; s < kFingerprintSlices; ++s) {
      const size_t begin = std::max<size_t>(1, s * count / kFingerprintSlices);
      const size_t end = (s + 1) * count / kFingerprintSlices;
      double sum = 0.0;
      for (size_t i = begin; i < end; ++i) {
        const double x = half == 0 ? static_cast<double>(audio.samples[i])
                                   : static_cast<double>(audio.samples[i]) - audio.samples[i - 1];
        sum += x * x;
      }
      const double db = to_db(end > begin ? sum / static_cast<double>(end - begin) : 0.0);
      slice(s) = static_cast<float>(db);
      top = std::max(top, db);
    }
    double mean = 0.0;
    for (size_t s = 0; s < kFingerprintSlices; ++s) {
      slice(s) = static_cast<float>(std::max(static_cast<double>(slice(s)), top - kRangeDb));
      mean += static_cast<double>(slice(s)) / kFingerprintSlices;
    }
    for (size_t s = 0; s < kFingerprintSlices; ++s) slice(s) -= static_cast<float>(mean);
  }
}

uint64_t hash_of(std::span<const float> samples) {
  uint64_t hash = mix_bits(samples.size());
  for (const float x : samples) hash = mix_bits(hash ^ std::bit_cast<uint32_t>(x));
  return hash;
}

}  // namespace

AudioFacts audio_facts(AudioView original, AudioView audio) {
  BIVOX_CHECK(original.sample_rate_hz > 0 && audio.sample_rate_hz >= 8000);
  AudioFacts facts;
  facts.duration_s = original.duration_s();
  facts.sample_rate_hz = original.sample_rate_hz;
  if (original.samples.empty()) return facts;
  for (const float x : original.samples) facts.peak = std::max(facts.peak, std::abs(double{x}));
  measure_clipping(original, facts);
  const std::vector<double> levels = frame_levels(audio);
  facts.speech_level_db = percentile(levels, 0.95);
  facts.noise_level_db = percentile(levels, 0.1);
  const size_t edge =
      std::min(audio.samples.size(), static_cast<size_t>(audio.sample_rate_hz / 50));
  facts.first_level_db = level_of(audio.samples.first(edge));
  facts.last_level_db = level_of(audio.samples.last(edge));
  for (const SpeechSegment& segment : find_speech(audio)) facts.speech_s += segment.duration_s();
  facts.bandwidth_hz = bandwidth_of(original, facts.speech_level_db - kLoudFrameDb);
  facts.hash = hash_of(original.samples);
  fill_fingerprint(audio, facts.fingerprint);
  return facts;
}

double fingerprint_distance_db(const Fingerprint& a, const Fingerprint& b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::abs(static_cast<double>(a[i]) - b[i]);
  return sum / static_cast<double>(a.size());
}

std::vector<int> find_copies(std::span<const AudioFacts> recordings, double max_distance_db) {
  std::vector<size_t> order(recordings.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return recordings[i].duration_s; });
  std::vector<int> copy_of(recordings.size(), -1);
  for (size_t a = 0; a < order.size(); ++a) {
    for (size_t b = a + 1; b < order.size(); ++b) {
      const AudioFacts& first = recordings[order[a]];
      const AudioFacts& second = recordings[order[b]];
      if (second.duration_s - first.duration_s > kCopyDurationS) break;
      const bool exact = first.hash == second.hash && first.duration_s == second.duration_s;
      const bool heard = first.speech_s > 0.0 && second.speech_s > 0.0;
      if (!exact && !(heard && fingerprint_distance_db(first.fingerprint, second.fingerprint) <=
                                   max_distance_db)) {
        continue;
      }
      const auto [earlier, later] = std::minmax(order[a], order[b]);
      const int root = copy_of[earlier] >= 0 ? copy_of[earlier] : static_cast<int>(earlier);
      if (copy_of[later] < 0 || copy_of[later] > root) copy_of[later] = root;
    }
  }
  return copy_of;
}

}  // namespace bivox
