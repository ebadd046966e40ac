#include "asr/convnet/training_data.h"

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"
#include "dsp/core/random.h"
#include "dsp/features/front_end.h"
#include "dsp/features/row_queue.h"

namespace bivox {
namespace {

constexpr float kSteps = 1024.0F;

double mean_power(const FeatureMatrix& log_mel) {
  double sum = 0.0;
  const float* values = log_mel.data();
  for (Eigen::Index i = 0; i < log_mel.size(); ++i) sum += std::exp(static_cast<double>(values[i]));
  return sum / static_cast<double>(std::max<Eigen::Index>(1, log_mel.size()));
}

Tensor to_tensor(const FeatureMatrix& rows) {
  return Tensor::from({rows.rows(), rows.cols()}, {rows.data(), static_cast<size_t>(rows.size())});
}

}  // namespace

Rendering Rendering::pack(const FeatureView& features) {
  Rendering out;
  out.frames = static_cast<int>(features.rows());
  out.mel = static_cast<int>(features.cols());
  out.rows.reserve(static_cast<size_t>(features.size()));
  for (Eigen::Index t = 0; t < features.rows(); ++t) {
    for (Eigen::Index c = 0; c < features.cols(); ++c) {
      const float scaled = std::clamp(features(t, c) * kSteps, -32767.0F, 32767.0F);
      out.rows.push_back(static_cast<int16_t>(std::lrint(scaled)));
    }
  }
  return out;
}

FeatureMatrix Rendering::unpack() const {
  FeatureMatrix out(frames, mel);
  for (size_t i = 0; i < rows.size(); ++i) {
    out.data()[i] = static_cast<float>(rows[i]) * (1.0F / kSteps);
  }
  return out;
}

ConvNetExample make_example(AudioView audio, std::vector<PhoneRun> phones,
                            const FrontEndOptions& front_end, const RenderingOptions& options,
                            const AudioAugmenter* augmenter, uint64_t seed) {
  BIVOX_CHECK(options.count == 1 || augmenter != nullptr);
  ConvNetExample example;
  example.phones = std::move(phones);
  FrontEndOptions plain = front_end;
  plain.cmvn = {};
  example.renderings.push_back(Rendering::pack(compute_features(plain, audio)));
  for (int i = 1; i < options.count; ++i) {
    const uint64_t own = mix_seeds(seed, i);
    plain.warp = random_warp(options.warp, mix_seeds(own, 1));
    example.renderings.push_back(
        Rendering::pack(compute_features(plain, augmenter->augment(audio, own))));
  }
  return example;
}

void normalise_rows(FeatureMatrix& rows, const CmvnOptions& options) {
  if (options.kind == CmvnKind::kNone) return;
  const int dims = static_cast<int>(rows.cols());
  CmvnStage stage(options, dims);
  RowQueue in(dims);
  RowQueue out(dims);
  for (Eigen::Index t = 0; t < rows.rows(); ++t) in.push(rows.row(t).data());
  stage.accept(in, out);
  stage.finish(out);
  BIVOX_CHECK(out.size() == rows.rows());
  for (int t = 0; t < out.size(); ++t) std::copy_n(out.row(t), dims, rows.row(t).data());
}

void mix_mel_noise(FeatureMatrix& speech, const Rendering& noise, double snr_db, uint64_t seed) {
  BIVOX_CHECK(noise.mel == speech.cols());
  if (noise.frames == 0 || speech.rows() == 0) return;
  FeatureMatrix added = noise.unpack();
  const double ratio = mean_power(speech) / (mean_power(added) * std::pow(10.0, snr_db / 10.0));
  const auto gain = static_cast<float>(std::log(std::max(ratio, 1e-30)));
  auto at = static_cast<Eigen::Index>(Random(seed).below(static_cast<uint64_t>(noise.frames)));
  for (Eigen::Index t = 0; t < speech.rows(); ++t) {
    float* s = speech.row(t).data();
    const float* n = added.row(at).data();
    for (Eigen::Index c = 0; c < speech.cols(); ++c) {
      const float other = n[c] + gain;
      const float difference = s[c] - other;
      s[c] = std::max(s[c], other) + std::log1p(std::exp(-std::abs(difference)));
    }
    if (++at == noise.frames) at = 0;
  }
}

TrainingExample ConvNetReader::operator()(int index, uint64_t seed) const {
  const ConvNetExample& source = examples_[static_cast<size_t>(index)];
  Random random(seed);
  const size_t which = options_.augment ? random.below(source.renderings.size()) : 0;
  const Rendering& rendering = source.renderings[which];
  FeatureMatrix rows = rendering.unpack();
  if (options_.augment && !noises_.empty() && random.uniform() < options_.noise_probability) {
    const Rendering& noise = noises_[random.below(noises_.size())];
    const double snr_db = random.uniform(options_.min_snr_db, options_.max_snr_db);
    mix_mel_noise(rows, noise, snr_db, random.next());
  }
  normalise_rows(rows, options_.front_end.cmvn);
  if (options_.augment) spec_augment(rows, options_.spectrum, random.next());

  TrainingExample example;
  example.streams.push_back(to_tensor(rows));
  const std::vector<PhoneRun> runs =
      subsampled_runs(source.phones, rendering.frames, options_.subsampling);
  const std::vector<int> states = tied_states(split_states(runs, options_.states_per_phone), tree_);
  Tensor targets({static_cast<int64_t>(states.size()), 1});
  std::copy(states.begin(), states.end(), targets.data());
  example.streams.push_back(std::move(targets));
  example.targets = phone_labels(source.phones, tree_.phones());
  return example;
}

}  // namespace bivox
