#include "tts/vocoder/vocoder_data.h"

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr float kFullScale = 32767.0F;
constexpr double kExampleSeconds = 3.0;
constexpr double kQuieterDb = -8.0;
constexpr double kLouderDb = 2.0;

}  // namespace

bool VocoderData::add(AudioView audio) {
  FeatureMatrix rows = vocoder_features(options_, audio);
  if (rows.rows() < kLeastFrames) return false;
  rows_.push_back(std::move(rows));
  std::vector<int16_t> samples;
  samples.reserve(audio.samples.size());
  for (const float x : audio.samples) {
    samples.push_back(static_cast<int16_t>(std::lround(std::clamp(x, -1.0F, 1.0F) * kFullScale)));
  }
  samples_.push_back(std::move(samples));
  return true;
}

double VocoderData::seconds() const {
  double sum = 0.0;
  for (const std::vector<int16_t>& samples : samples_) sum += static_cast<double>(samples.size());
  return sum / options_.sample_rate_hz;
}

void VocoderData::copy_samples(size_t utterance, int64_t first, std::span<float> out) const {
  const std::vector<int16_t>& samples = samples_[utterance];
  for (size_t n = 0; n < out.size(); ++n) {
    const int64_t at = first + static_cast<int64_t>(n);
    const bool inside = at >= 0 && at < static_cast<int64_t>(samples.size());
    out[n] = inside ? static_cast<float>(samples[static_cast<size_t>(at)]) / kFullScale : 0.0F;
  }
}

std::vector<VocoderData::Example> VocoderData::examples(Eigen::Index crop_frames) const {
  std::vector<Example> examples;
  for (size_t u = 0; u < rows_.size(); ++u) {
    const Eigen::Index frames = rows_[u].rows();
    const double seconds = static_cast<double>(frames * options_.hop) / options_.sample_rate_hz;
    const auto parts = std::max<Eigen::Index>(
        1, static_cast<Eigen::Index>(std::lround(seconds / kExampleSeconds)));
    for (Eigen::Index p = 0; p < parts; ++p) {
      const Eigen::Index first = frames * p / parts;
      // Parts reach on for most of a crop, so that their joints are seen as often as the rest.
      const Eigen::Index last = std::min(frames, frames * (p + 1) / parts + crop_frames - 1);
      examples.push_back({u, first, last - first});
    }
  }
  return examples;
}

VocoderData::Crop VocoderData::draw(const Example& example, Eigen::Index frames,
                                    Random& random) const {
  Crop crop;
  crop.utterance = example.utterance;
  const Eigen::Index room = std::max<Eigen::Index>(0, example.frames - frames);
  crop.first =
      example.first + static_cast<Eigen::Index>(random.below(static_cast<uint64_t>(room) + 1));
  crop.gain = static_cast<float>(std::pow(10.0, random.uniform(kQuieterDb, kLouderDb) / 20.0));
  crop.samples.resize(static_cast<size_t>(frames * options_.hop));
  copy_samples(crop.utterance, static_cast<int64_t>(crop.first) * options_.hop, crop.samples);
  for (float& x : crop.samples) x = std::clamp(x * crop.gain, -1.0F, 1.0F);
  return crop;
}

FeatureMatrix VocoderData::crop_rows(const Crop& crop, Eigen::Index first,
                                     Eigen::Index count) const {
  const FeatureMatrix& all = rows_[crop.utterance];
  FeatureMatrix rows(count, all.cols());
  const float floor = std::log(options_.log_floor);
  const float louder = 2.0F * std::log(crop.gain);
  for (Eigen::Index t = 0; t < count; ++t) {
    rows.row(t) = all.row(std::clamp<Eigen::Index>(first + t, 0, all.rows() - 1));
    const auto mel = rows.row(t).leftCols(options_.num_mel);
    rows.row(t).leftCols(options_.num_mel) = (mel.array() + louder).max(floor).matrix();
  }
  return rows;
}

}  // namespace bivox
