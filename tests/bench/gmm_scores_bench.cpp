// Scoring all states of the CMU Sphinx en-us model: seconds of one core for a second of audio (100
// frames). Run: gmm_scores_bench [--benchmark_filter=...]; needs the package pocketsphinx-en-us.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "dsp/audio/audio_file.h"
#include "dsp/features/front_end.h"
#include "legacy/gmm/sphinx_model.h"

namespace {

constexpr const char* kModel = "/usr/share/pocketsphinx/model/en-us/en-us";
constexpr int kFramesPerSecond = 100;

std::shared_ptr<const bivox::GmmAcousticModel> load(benchmark::State& state, float threshold) {
  if (!std::filesystem::exists(kModel)) {
    state.SkipWithError("pocketsphinx-en-us is not installed");
    return nullptr;
  }
  return bivox::load_sphinx_model(kModel, {threshold});
}

/// The features of a bundled clip, 4.3 s of read speech. Made-up features would not do: how many
/// densities selection keeps depends on how speech lies between them.
bivox::FeatureMatrix clip_features(const bivox::GmmAcousticModel& model) {
  const auto clip = std::filesystem::path(__FILE__).parent_path().parent_path() / "data" / "audio" /
                    "librispeech-1867-154075-0005.flac";
  const bivox::AudioBuffer audio = bivox::read_audio(clip, 16000);
  return bivox::compute_features(model.front_end(), {audio.samples, audio.sample_rate_hz});
}

/// Argument: the selection threshold, natural log.
void score_all_states(benchmark::State& state) {
  const auto model = load(state, static_cast<float>(state.range(0)));
  if (!model) {
    return;
  }
  const bivox::FeatureMatrix all = clip_features(*model);
  const bivox::FeatureMatrix features = all.middleRows(100, kFramesPerSecond);
  const auto scores = model->make_scores();
  std::vector<float> out(static_cast<size_t>(scores->num_states()));
  for (auto _ : state) {
    scores->reset();
    scores->accept(features);
    for (int t = 0; t < kFramesPerSecond; ++t) {
      scores->score(t, {}, out);
      benchmark::DoNotOptimize(out.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * kFramesPerSecond);
}
BENCHMARK(score_all_states)
    ->Arg(3)
    ->Arg(5)
    ->Arg(7)
    ->Arg(10)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond);

void load_model(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(load(state, 7.0F));
  }
}
BENCHMARK(load_model)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
