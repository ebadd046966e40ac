#include "tts/vocoder/autoregressive_training.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "models/nn/losses.h"
#include "tts/vocoder/excitation.h"
#include "tts/vocoder/pulse_phase.h"

namespace bivox {

WaveNetOptions autoregressive_wavenet_options(const VocoderFeatureOptions& features) {
  WaveNetOptions options;
  options.layers = 10;
  options.cycle = 7;
  options.residual = 32;
  options.skip = 64;
  options.mel_bins = features.columns();
  options.condition_kernel = 3;
  options.hop = features.hop;
  options.guides = PulseGuides::kGuides;
  options.output = WaveNetOutput::kLogisticMixture;
  options.mixtures = 4;
  options.sample_rate_hz = features.sample_rate_hz;
  return options;
}

void initialize_autoregressive_wavenet(Network& network, const WaveNetOptions& options,
                                       uint64_t seed) {
  network.initialize(seed);
  // A logistic distribution of scale s has the variance (pi s)^2 / 3.
  const auto log_scale =
      static_cast<float>(std::log(std::sqrt(3.0) / (std::numbers::pi * kExcitationScale)));
  for (const auto& parameter : network.parameters()) {
    const std::span<float> values = parameter->value.values();
    if (parameter->name == "in.weight") {
      for (float& w : values.first(static_cast<size_t>(options.residual)))
        w *= kExcitationScale / 2;
    } else if (parameter->name == "head2.weight") {
      for (float& w : values) w *= 0.1F;
    } else if (parameter->name == "head2.bias") {
      for (float& scale : values.last(static_cast<size_t>(options.mixtures))) scale = log_scale;
    }
  }
}

TrainingExample autoregressive_example(const std::shared_ptr<const SourceFilterModel>& model,
                                       const FeatureScale& scale, const WaveNetOptions& options,
                                       const VocoderData& data, const VocoderData::Crop& crop,
                                       double noise, uint64_t seed) {
  const auto samples = static_cast<int64_t>(crop.samples.size());
  const auto frames = static_cast<Eigen::Index>(samples / options.hop);
  const FeatureMatrix rows = data.crop_rows(crop, crop.first, frames);
  std::vector<float> with_past(static_cast<size_t>(kPredictorOrder + samples));
  data.copy_samples(crop.utterance,
                    static_cast<int64_t>(crop.first) * options.hop - kPredictorOrder, with_past);
  for (float& x : with_past) x = std::clamp(x * crop.gain, -1.0F, 1.0F);
  const std::vector<float> excitation = speech_excitation(model, rows, with_past);

  Random random(seed);
  const double level = random.uniform(0.0, noise) / static_cast<double>(kExcitationScale);
  std::vector<float> noisy = excitation;
  for (float& e : noisy) {
    e = std::clamp(e + static_cast<float>(level * random.gaussian()), -1.0F, 1.0F);
  }
  TrainingExample example;
  const std::vector<float> guides = recording_guides(model, rows, excitation);
  example.streams.push_back(
      Tensor::from({samples, 1 + options.guides}, wavenet_history(options, noisy, guides)));
  Tensor normalised = Tensor::uninitialized({frames, options.mel_bins});
  const auto columns = static_cast<size_t>(options.mel_bins);
  for (Eigen::Index t = 0; t < frames; ++t) {
    scale.apply({rows.row(t).data(), columns},
                normalised.values().subspan(static_cast<size_t>(t) * columns, columns));
  }
  example.streams.push_back(std::move(normalised));
  example.streams.push_back(Tensor::from({samples, 1}, excitation));
  return example;
}

SummedLoss autoregressive_loss(Network& network, Tape& tape, TrainingBatch& batch) {
  const Tensor& target = batch.streams[2].values;
  const Var inputs[] = {tape.constant(std::move(batch.streams[0].values)),
                        tape.constant(std::move(batch.streams[1].values))};
  const Var parameters = network.forward(tape, inputs)[0];
  LogisticMixtureOptions options;
  options.reduction = Reduction::kSum;
  return {logistic_mixture_loss(parameters, target, {}, options),
          static_cast<double>(target.size())};
}

}  // namespace bivox
