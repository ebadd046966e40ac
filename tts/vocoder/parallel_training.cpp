#include "tts/vocoder/parallel_training.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "dsp/core/check.h"
#include "models/nn/ops.h"

namespace bivox {
namespace {

constexpr Eigen::Index kMargin = 4;  // frames before a crop: the source's filters have settled

// Rows of the network for the crop.
Tensor source_rows(const std::shared_ptr<const SourceFilterModel>& model, const FeatureScale& scale,
                   const ParallelWaveNetOptions& options, const FeatureMatrix& features,
                   Eigen::Index frames, uint64_t seed) {
  const auto rows = static_cast<int64_t>(frames) * options.rows_per_frame();
  Tensor result = Tensor::uninitialized({rows, options.input_columns()});
  VocoderRows maker(model, scale, options, seed);
  const auto block = static_cast<size_t>(options.rows_per_frame() * options.input_columns());
  int64_t made = -kMargin;
  const auto keep = [&] {
    if (made >= 0 && made < frames) {
      std::copy(maker.rows().begin(), maker.rows().end(),
                result.data() + static_cast<size_t>(made) * block);
    }
    ++made;
  };
  for (Eigen::Index t = 0; t < features.rows(); ++t) {
    if (maker.accept({features.row(t).data(), static_cast<size_t>(features.cols())})) keep();
  }
  BIVOX_CHECK(made >= frames);
  return result;
}

}  // namespace

StftLossOptions vocoder_stft_loss(int sample_rate_hz) {
  StftLossOptions options;
  options.power_floor = 1e-5F;  // what lies below is heard by nobody, and has the steepest slope
  options.resolutions = {{512, 50, 240}, {1024, 120, 600}, {2048, 240, 1200}, {128, 40, 80}};
  if (sample_rate_hz <= 16000) return options;
  for (StftResolution& r : options.resolutions) {
    const double factor = sample_rate_hz / 16000.0;
    r.hop = static_cast<int>(std::lround(r.hop * factor));
    r.window = static_cast<int>(std::lround(r.window * factor));
    while (r.fft < r.window) r.fft *= 2;
  }
  return options;
}

ParallelLossOptions parallel_loss_options(int sample_rate_hz) {
  ParallelLossOptions options;
  options.stft = vocoder_stft_loss(sample_rate_hz);
  options.mel.sample_rate_hz = sample_rate_hz;
  if (sample_rate_hz <= 16000) return options;
  for (MelResolution& r : options.mel.resolutions) {
    const double factor = sample_rate_hz / 16000.0;
    r.hop = static_cast<int>(std::lround(r.hop * factor));
    r.window = static_cast<int>(std::lround(r.window * factor));
    while (r.fft < r.window) r.fft *= 2;
  }
  return options;
}

Var unfold(Var y) {
  Tensor value = y.value().clone();
  const Shape folded = y.shape();
  value.reshape({folded[0], folded[1] * folded[2], 1});
  return y.tape().record(std::move(value), {y}, [y, folded](Tape& tape, Var out) {
    Tensor gradient = tape.take_gradient(out);
    gradient.reshape(folded);
    tape.add_gradient(y, std::move(gradient));
  });
}

TrainingExample parallel_example(const std::shared_ptr<const SourceFilterModel>& model,
                                 const FeatureScale& scale, const ParallelWaveNetOptions& options,
                                 const VocoderData& data, const VocoderData::Crop& crop,
                                 uint64_t seed, int draws) {
  const auto frames = static_cast<Eigen::Index>(crop.samples.size()) / options.hop;
  const FeatureMatrix features = data.crop_rows(crop, crop.first - kMargin, frames + kMargin + 4);
  TrainingExample example;
  for (int draw = 1; draw <= draws; ++draw) {
    example.streams.push_back(source_rows(model, scale, options, features, frames,
                                          mix_seeds(seed, static_cast<uint64_t>(draw))));
  }
  example.streams.push_back(
      Tensor::from({static_cast<int64_t>(crop.samples.size()), 1}, crop.samples));
  return example;
}

ParallelLoss parallel_loss(Network& network, Tape& tape, TrainingBatch& batch,
                           const ParallelLossOptions& options) {
  // All first draws, then all second ones.
  const size_t draws = batch.streams.size() - 1;
  BIVOX_CHECK(draws == 1 || draws == 2);
  BIVOX_CHECK(draws == 2 || options.repulsion == 0.0F);
  const auto both = [draws](const Tensor& a, const Tensor& b) {
    if (draws == 1) return a.clone();
    Tensor joined = Tensor::uninitialized({a.dim(0) + b.dim(0), a.dim(1), a.dim(2)});
    std::copy_n(a.data(), a.size(), joined.data());
    std::copy_n(b.data(), b.size(), joined.data() + a.size());
    return joined;
  };
  const Tensor& natural = batch.streams[draws].values;
  const Tensor natural_of_all = both(natural, natural);
  const Var inputs[] = {tape.constant(both(batch.streams[0].values, batch.streams[1].values))};
  const Var y = unfold(network.forward(tape, inputs)[0]);
  ParallelLoss result;
  const auto count = static_cast<double>(y.shape()[0]);
  std::vector<Var> parts;
  const auto add_part = [&](Var part, float weight) {
    parts.push_back(scale(part, weight * static_cast<float>(count)));
    return static_cast<double>(part.value().item());
  };
  result.distance = add_part(stft_loss(y, natural_of_all, {}, options.stft), 1.0F);
  if (options.mel_weight > 0.0F) {
    result.mel = add_part(mel_distance(y, natural_of_all, options.mel), options.mel_weight);
  }
  if (options.repulsion > 0.0F) {
    Tensor others = Tensor::uninitialized(y.shape());
    const int64_t half = y.value().size() / 2;
    std::copy_n(y.value().data(), half, others.data() + half);
    std::copy_n(y.value().data() + half, half, others.data());
    // Each draw against the other, held fixed: together the gradient of d(y_1, y_2), and twice its
    // value; so the sum's value is not the L above, but its gradient is.
    result.repulsion = add_part(stft_loss(y, others, {}, options.stft), -options.repulsion);
  }
  result.loss = {add(parts), count};
  return result;
}

}  // namespace bivox
