#include "tts/vocoder/vocoder_rows.h"

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"
#include "dsp/features/window.h"

namespace bivox {
namespace {

constexpr float kSourceScale = 0.1F;
constexpr float kMostLack = 3.0F;  // nats
constexpr size_t kFrames = 5;
constexpr size_t kBlocks = 4;
constexpr float kLimit = 8.0F;  // deviations: beyond it nothing has been learnt

// Drops the first of `count` equal parts; the last stays as it was.
void shift(std::vector<float>& parts, size_t count) {
  std::copy(parts.begin() + static_cast<ptrdiff_t>(parts.size() / count), parts.end(),
            parts.begin());
}

}  // namespace

FeatureScale FeatureScale::measure(std::span<const FeatureMatrix> utterances) {
  BIVOX_CHECK(!utterances.empty());
  const Eigen::Index columns = utterances[0].cols();
  Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(columns);
  Eigen::RowVectorXd squares = sum;
  double count = 0.0;
  for (const FeatureMatrix& rows : utterances) {
    for (Eigen::Index t = 0; t < rows.rows(); ++t) {
      const Eigen::RowVectorXd row = rows.row(t).cast<double>();
      sum += row;
      squares += row.cwiseAbs2();
    }
    count += static_cast<double>(rows.rows());
  }
  FeatureScale scale;
  for (Eigen::Index c = 0; c < columns; ++c) {
    const double mean = sum[c] / std::max(count, 1.0);
    const double variance = squares[c] / std::max(count, 1.0) - mean * mean;
    scale.mean.push_back(static_cast<float>(mean));
    scale.deviation.push_back(static_cast<float>(std::sqrt(std::max(variance, 1e-4))));
  }
  return scale;
}

void FeatureScale::apply(std::span<const float> row, std::span<float> out) const noexcept {
  for (size_t c = 0; c < row.size(); ++c) {
    const float value = (row[c] - mean[c]) / deviation[c];
    out[c] = std::isfinite(value) ? std::clamp(value, -kLimit, kLimit) : 0.0F;
  }
}

VocoderRows::VocoderRows(std::shared_ptr<const SourceFilterModel> model, FeatureScale scale,
                         const ParallelWaveNetOptions& options, uint64_t seed)
    : model_(std::move(model)),
      source_(model_, seed),
      scale_(std::move(scale)),
      options_(options),
      fft_(model_->features().fft_size),
      window_(make_window(WindowKind::kHannPeriodic, model_->features().window)),
      recent_(kFrames * static_cast<size_t>(options.feature_columns)),
      mels_(kFrames * static_cast<size_t>(options.lack_columns())),
      lack_(2 * static_cast<size_t>(options.lack_columns())),
      speech_(kBlocks * static_cast<size_t>(options.hop)),
      pulses_(speech_.size()),
      noise_(speech_.size()),
      segment_(static_cast<size_t>(model_->features().fft_size)),
      spectrum_(segment_.size() / 2 + 1),
      rows_(static_cast<size_t>(options.rows_per_frame() * options.input_columns())) {
  const VocoderFeatureOptions& features = model_->features();
  BIVOX_CHECK(features.hop == options.hop && features.columns() == options.feature_columns);
  BIVOX_CHECK(features.window <= 4 * features.hop);
  BIVOX_CHECK(scale_.mean.size() == static_cast<size_t>(options.feature_columns) &&
              scale_.deviation.size() == scale_.mean.size());
  MelFilterbankOptions bank;
  bank.sample_rate_hz = features.sample_rate_hz;
  bank.fft_size = features.fft_size;
  bank.num_mel = features.num_mel;
  bank.low_hz = features.low_hz;
  bank.high_hz = features.sample_rate_hz / 2.0;
  bank_ = make_mel_filterbank(bank);
}

void VocoderRows::reset(uint64_t seed) {
  source_.reset(seed);
  for (std::vector<float>* part : {&recent_, &mels_, &lack_, &speech_, &pulses_, &noise_}) {
    std::fill(part->begin(), part->end(), 0.0F);
  }
  pushed_ = accepted_ = taken_ = made_ = 0;
}

void VocoderRows::push(std::span<const float> row) {
  shift(recent_, kFrames);
  shift(mels_, kFrames);
  if (!row.empty()) {
    scale_.apply(row, std::span(recent_).last(row.size()));
    const std::span<float> mels = std::span(mels_).last(bank_.size());
    for (size_t m = 0; m < mels.size(); ++m) {
      mels[m] = std::isfinite(row[m]) ? row[m] : std::log(model_->features().log_floor);
    }
  }
  ++pushed_;
}

bool VocoderRows::accept(std::span<const float> row) {
  ++accepted_;
  push(row);
  if (!source_.accept(row)) return false;
  const SourceFilter::Block block = source_.block();
  return take(&block);
}

bool VocoderRows::finish() {
  if (pushed_ == 0) return false;
  while (made_ < accepted_) {
    // A block of the source comes with the second row after its first: one row alone needs two
    // more.
    do {
      push({});  // the last row again
    } while (pushed_ < 3);
    const bool more = source_.finish();
    const SourceFilter::Block block = more ? source_.block() : SourceFilter::Block{};
    if (take(more ? &block : nullptr)) return true;
  }
  return false;
}

bool VocoderRows::take(const SourceFilter::Block* block) {
  const auto hop = static_cast<ptrdiff_t>(options_.hop);
  const auto add = [hop](std::vector<float>& blocks, std::span<const float> samples) {
    shift(blocks, kBlocks);
    if (samples.empty()) {
      std::fill(blocks.end() - hop, blocks.end(), 0.0F);
    } else {
      std::copy(samples.begin(), samples.end(), blocks.end() - hop);
    }
  };
  add(speech_, block == nullptr ? std::span<const float>() : block->speech);
  add(pulses_, block == nullptr ? std::span<const float>() : block->pulses);
  add(noise_, block == nullptr ? std::span<const float>() : block->noise);
  ++taken_;
  measure_lack();
  if (taken_ < 3) return false;
  make_rows();
  ++made_;
  return true;
}

// Of frame n - 1, whose centre is two blocks after the first sample that is kept.
void VocoderRows::measure_lack() {
  const size_t bands = bank_.size();
  const size_t first = 2 * static_cast<size_t>(options_.hop) - window_.size() / 2;
  for (size_t n = 0; n < window_.size(); ++n) segment_[n] = speech_[first + n] * window_[n];
  std::fill(segment_.begin() + static_cast<ptrdiff_t>(window_.size()), segment_.end(), 0.0F);
  fft_.forward(segment_.data(), spectrum_.data());
  shift(lack_, 2);
  const float* asked = mels_.data() + bands;  // of frame n - 1
  for (size_t m = 0; m < bands; ++m) {
    float power = model_->features().log_floor;
    const MelFilter& filter = bank_[m];
    for (size_t k = 0; k < filter.weights.size(); ++k) {
      power += filter.weights[k] * std::norm(spectrum_[static_cast<size_t>(filter.first_bin) + k]);
    }
    lack_[bands + m] = std::clamp(asked[m] - std::log(power), -kMostLack, kMostLack);
  }
}

void VocoderRows::make_rows() {
  const auto fold = static_cast<size_t>(options_.fold);
  const auto columns = static_cast<size_t>(options_.feature_columns);
  const size_t bands = bank_.size();
  const auto count = static_cast<size_t>(options_.rows_per_frame());
  const auto hop = static_cast<size_t>(options_.hop);
  const auto interpolate = [](const float* frames, size_t width, float share, float* out) {
    for (size_t c = 0; c < width; ++c) {
      out[c] = frames[c] + share * (frames[width + c] - frames[c]);
    }
  };
  float* out = rows_.data();
  for (size_t r = 0; r < count; ++r) {
    const size_t at = hop + r * fold;  // block n - 2 is the second that is kept
    for (size_t n = 0; n < fold; ++n) {
      out[n] = speech_[at + n];
      out[fold + n] = kSourceScale * pulses_[at + n];
      out[2 * fold + n] = kSourceScale * noise_[at + n];
    }
    const float share = (static_cast<float>(r) + 0.5F) / static_cast<float>(count);
    interpolate(recent_.data(), columns, share, out + 3 * fold);
    interpolate(lack_.data(), bands, share, out + 3 * fold + columns);
    out += options_.input_columns();
  }
}

}  // namespace bivox
