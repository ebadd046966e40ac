// Scoring all states of the CMU Sphinx en-us model: seconds of one core for a second of audio (100
// frames). Run: gmm_scores_bench [--benchmark_filter=...]; needs the package pocketsphinx-en-us.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <memory>
#include <random>
#include <vector>

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

/// Rows drawn around means of the model itself, so that selection works as it does on speech.
bivox::FeatureMatrix draw_features(int frames) {
  const auto means = bivox::read_sphinx_gaussians(std::filesystem::path(kModel) / "means");
  const auto variances = bivox::read_sphinx_gaussians(std::filesystem::path(kModel) / "variances");
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  bivox::FeatureMatrix features(frames, 39);
  for (int t = 0; t < frames; ++t) {
    const size_t codebook = random() % 42;
    for (size_t f = 0; f < 3; ++f) {
      const size_t density = random() % 128;
      for (size_t d = 0; d < 13; ++d) {
        const size_t at = ((codebook * 3 + f) * 128 + density) * 13 + d;
        features(t, static_cast<int>(f * 13 + d)) =
            means.values[at] + std::sqrt(variances.values[at]) * normal(random);
      }
    }
  }
  return features;
}

/// Argument: the selection threshold, natural log.
void score_all_states(benchmark::State& state) {
  const auto model = load(state, static_cast<float>(state.range(0)));
  if (!model) {
    return;
  }
  const bivox::FeatureMatrix features = draw_features(kFramesPerSecond);
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
BENCHMARK(score_all_states)->Arg(3)->Arg(5)->Arg(7)->Arg(10)->Arg(1000)->Unit(benchmark::kMillisecond);

void load_model(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(load(state, 7.0F));
  }
}
BENCHMARK(load_model)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
