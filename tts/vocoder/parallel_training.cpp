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
                                 uint64_t seed) {
  const auto frames = static_cast<Eigen::Index>(crop.samples.size()) / options.hop;
  const FeatureMatrix features = data.crop_rows(crop, crop.first - kMargin, frames + kMargin + 2);
  TrainingExample example;
  for (const uint64_t draw : {1, 2}) {
    example.streams.push_back(
        source_rows(model, scale, options, features, frames, mix_seeds(seed, draw)));
  }
  example.streams.push_back(
      Tensor::from({static_cast<int64_t>(crop.samples.size()), 1}, crop.samples));
  return example;
}

ParallelLoss parallel_loss(Network& network, Tape& tape, TrainingBatch& batch,
                           const StftLossOptions& stft, float repulsion) {
  // All first draws, then all second ones.
  const Tensor& first = batch.streams[0].values;
  const Tensor& second = batch.streams[1].values;
  const Tensor& natural = batch.streams[2].values;
  const int64_t crops = first.dim(0);
  const auto both = [](const Tensor& a, const Tensor& b) {
    Tensor joined = Tensor::uninitialized({a.dim(0) + b.dim(0), a.dim(1), a.dim(2)});
    std::copy_n(a.data(), a.size(), joined.data());
    std::copy_n(b.data(), b.size(), joined.data() + a.size());
    return joined;
  };
  const Var inputs[] = {tape.constant(both(first, second))};
  const Var y = unfold(network.forward(tape, inputs)[0]);
  const Var distance = stft_loss(y, both(natural, natural), {}, stft);
  ParallelLoss result;
  const auto count = static_cast<double>(2 * crops);
  result.distance = static_cast<double>(distance.value().item());
  if (repulsion == 0.0F) {
    result.loss = {scale(distance, static_cast<float>(count)), count};
    return result;
  }
  Tensor others = Tensor::uninitialized(y.shape());
  const int64_t half = y.value().size() / 2;
  std::copy_n(y.value().data(), half, others.data() + half);
  std::copy_n(y.value().data() + half, half, others.data());
  // Each draw against the other, held fixed: together the gradient of d(y_1, y_2), and twice its
  // value; so the sum's value is not the L above, but its gradient is.
  const Var apart = stft_loss(y, others, {}, stft);
  result.repulsion = static_cast<double>(apart.value().item());
  const Var parts[] = {scale(distance, static_cast<float>(count)),
                       scale(apart, -repulsion * static_cast<float>(count))};
  result.loss = {add(parts), count};
  return result;
}

}  // namespace bivox
