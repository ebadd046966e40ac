#include "tts/vocoder/measures.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "dsp/analysis/stft.h"
#include "dsp/audio/resample.h"
#include "dsp/core/error.h"
#include "tts/vocoder/intelligibility.h"
#include "tts/vocoder/vocoder_features.h"

namespace bivox {
namespace {

constexpr int kCepstra = 24;
constexpr float kPowerFloor = 1e-7F;

struct Measured {
  FeatureMatrix rows;     // [frames x num_mel + 2]
  FeatureMatrix cepstra;  // [frames x kCepstra]
  FeatureMatrix decibel;  // [frames x bins]
};

Measured measure(const VocoderFeatureOptions& options, AudioView audio) {
  Measured result;
  result.rows = vocoder_features(options, audio);
  const Eigen::Index frames = result.rows.rows();
  if (frames == 0) throw Error(ErrorCode::kInput, "no sound to measure");
  const int mels = options.num_mel;
  FeatureMatrix basis(mels, kCepstra);
  for (int j = 0; j < mels; ++j) {
    for (int k = 1; k <= kCepstra; ++k) {
      basis(j, k - 1) =
          static_cast<float>(std::cos(std::numbers::pi * k * (j + 0.5) / mels) / mels);
    }
  }
  result.cepstra = result.rows.leftCols(mels) * basis;
  StftOptions spectrum;
  spectrum.frame_length = options.window;
  spectrum.frame_shift = options.hop;
  spectrum.fft_size = 512 >= options.window ? 512 : options.fft_size;
  const ComplexMatrix bins = stft(spectrum, audio);
  result.decibel = (bins.topRows(frames).cwiseAbs2().array().max(kPowerFloor)).log10() * 10.0F;
  return result;
}

using Path = std::vector<std::pair<Eigen::Index, Eigen::Index>>;

// Pairs of frames by dynamic time warping of the cepstra.
Path warp(const FeatureMatrix& a, const FeatureMatrix& b) {
  const Eigen::Index rows = a.rows();
  const Eigen::Index columns = b.rows();
  FeatureMatrix cost(rows, columns);
  const auto least_before = [&](Eigen::Index i, Eigen::Index j) {
    std::pair<Eigen::Index, Eigen::Index> best{i - 1, j - 1};
    if (i == 0) return std::pair{i, j - 1};
    if (j == 0) return std::pair{i - 1, j};
    if (cost(i - 1, j) < cost(best.first, best.second)) best = {i - 1, j};
    if (cost(i, j - 1) < cost(best.first, best.second)) best = {i, j - 1};
    return best;
  };
  for (Eigen::Index i = 0; i < rows; ++i) {
    for (Eigen::Index j = 0; j < columns; ++j) {
      cost(i, j) = (a.row(i) - b.row(j)).norm();
      if (i == 0 && j == 0) continue;
      const auto [pi, pj] = least_before(i, j);
      cost(i, j) += cost(pi, pj);
    }
  }
  Path path;
  for (std::pair<Eigen::Index, Eigen::Index> at{rows - 1, columns - 1};;) {
    path.push_back(at);
    if (at.first == 0 && at.second == 0) break;
    at = least_before(at.first, at.second);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace

SpeechDistance speech_distance(AudioView natural, AudioView copy,
                               const SpeechDistanceOptions& options) {
  const int rate = std::min(natural.sample_rate_hz, copy.sample_rate_hz);
  AudioBuffer natural_resampled;
  AudioBuffer copy_resampled;
  if (natural.sample_rate_hz != rate) natural = natural_resampled = resample(natural, rate);
  if (copy.sample_rate_hz != rate) copy = copy_resampled = resample(copy, rate);
  if (!options.align) {
    const size_t common = std::min(natural.samples.size(), copy.samples.size());
    natural = natural.part(0, common);
    copy = copy.part(0, common);
  }
  VocoderFeatureOptions features;
  features.sample_rate_hz = rate;
  features.hop = rate / 100;
  features.window = rate / 40;
  const Measured a = measure(features, natural);
  const Measured b = measure(features, copy);
  Path path;
  if (options.align) {
    path = warp(a.cepstra, b.cepstra);
  } else {
    for (Eigen::Index t = 0; t < a.rows.rows(); ++t) path.emplace_back(t, t);
  }
  std::vector<double> loudness;
  for (Eigen::Index t = 0; t < a.rows.rows(); ++t) {
    loudness.push_back(10.0 * std::log10(static_cast<double>(
                                  a.rows.row(t).leftCols(features.num_mel).array().exp().sum())));
  }
  const double least = *std::max_element(loudness.begin(), loudness.end()) - options.range_db;

  SpeechDistance result;
  double hz = 0.0;
  double cents = 0.0;
  int wrong = 0;
  for (const auto& [i, j] : path) {
    if (loudness[static_cast<size_t>(i)] < least) continue;
    ++result.frames;
    const double away = static_cast<double>((a.cepstra.row(i) - b.cepstra.row(j)).squaredNorm());
    result.mel_cepstral_db += 10.0 / std::numbers::ln10 * std::sqrt(2.0 * away);
    const auto bins = static_cast<double>(a.decibel.cols());
    result.log_spectral_db +=
        std::sqrt(static_cast<double>((a.decibel.row(i) - b.decibel.row(j)).squaredNorm()) / bins);
    const bool voiced_a = a.rows(i, features.voicing_column()) > 0.5F;
    const bool voiced_b = b.rows(j, features.voicing_column()) > 0.5F;
    wrong += voiced_a != voiced_b ? 1 : 0;
    if (!voiced_a || !voiced_b) continue;
    ++result.voiced_frames;
    const auto ln_a = static_cast<double>(a.rows(i, features.f0_column()));
    const auto ln_b = static_cast<double>(b.rows(j, features.f0_column()));
    hz += std::pow(std::exp(ln_a) - std::exp(ln_b), 2.0);
    cents += std::pow(1200.0 / std::numbers::ln2 * (ln_a - ln_b), 2.0);
  }
  const double frames = std::max(result.frames, 1);
  const double voiced = std::max(result.voiced_frames, 1);
  result.mel_cepstral_db /= frames;
  result.log_spectral_db /= frames;
  result.voicing_error_percent = 100.0 * wrong / frames;
  result.f0_rmse_hz = std::sqrt(hz / voiced);
  result.f0_rmse_cents = std::sqrt(cents / voiced);
  if (!options.align) result.stoi = short_time_intelligibility(natural, copy);
  return result;
}

}  // namespace bivox
