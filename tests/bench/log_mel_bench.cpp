// Throughput of the front end on one core: frames a second, and core-seconds per second of audio.
// tests/bench/log_mel_peer.py runs this beside kaldi-native-fbank on the same audio.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>

#include "dsp/features/front_end.h"

namespace {

constexpr int kRateHz = 16000;
constexpr int kSeconds = 60;

// Noise under a slow envelope: no front end is faster on some audio than on other, but for
// denormals.
bivox::AudioBuffer make_audio() {
  bivox::AudioBuffer audio{std::vector<float>(static_cast<size_t>(kRateHz) * kSeconds), kRateHz};
  uint32_t state = 1;
  for (size_t i = 0; i < audio.samples.size(); ++i) {
    state = state * 1664525U + 1013904223U;
    const float noise = static_cast<float>(state >> 8) / 8388608.0F - 1.0F;
    audio.samples[i] = 0.3F * noise * std::sin(static_cast<float>(i) * 1e-4F);
  }
  return audio;
}

void run(benchmark::State& state, const bivox::FrontEndOptions& options) {
  const bivox::AudioBuffer audio = make_audio();
  int64_t frames = 0;
  for (auto _ : state) {
    const bivox::FeatureMatrix rows = bivox::compute_features(options, audio);
    benchmark::DoNotOptimize(rows.data());
    frames += rows.rows();
  }
  state.SetItemsProcessed(frames);
  state.counters["core_s_per_s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * kSeconds,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void log_mel_80(benchmark::State& state) { run(state, bivox::kaldi_fbank_front_end(80)); }
void kaldi_mfcc_13(benchmark::State& state) { run(state, bivox::kaldi_mfcc_front_end()); }
void sphinx_39(benchmark::State& state) { run(state, bivox::sphinx_front_end()); }
void sphinx_39_without_noise_removal(benchmark::State& state) {
  bivox::FrontEndOptions options = bivox::sphinx_front_end();
  options.noise_removal = false;
  run(state, options);
}

BENCHMARK(log_mel_80)->Unit(benchmark::kMillisecond);
BENCHMARK(kaldi_mfcc_13)->Unit(benchmark::kMillisecond);
BENCHMARK(sphinx_39)->Unit(benchmark::kMillisecond);
BENCHMARK(sphinx_39_without_noise_removal)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
