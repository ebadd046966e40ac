#include "tts/vocoder/vocoder_rows.h"

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr float kSourceScale = 0.1F;
constexpr float kLimit = 8.0F;  // deviations: beyond it nothing has been learnt

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
    : source_(model, seed),
      scale_(std::move(scale)),
      options_(options),
      recent_(3 * static_cast<size_t>(options.feature_columns)),
      rows_(static_cast<size_t>(options.rows_per_frame() * options.input_columns())) {
  const VocoderFeatureOptions& features = model->features();
  BIVOX_CHECK(features.hop == options.hop && features.columns() == options.feature_columns);
  BIVOX_CHECK(scale_.mean.size() == static_cast<size_t>(options.feature_columns) &&
              scale_.deviation.size() == scale_.mean.size());
}

void VocoderRows::reset(uint64_t seed) {
  source_.reset(seed);
  pushed_ = 0;
}

void VocoderRows::push(std::span<const float> row) {
  const auto columns = static_cast<ptrdiff_t>(options_.feature_columns);
  std::copy(recent_.begin() + columns, recent_.end(), recent_.begin());
  if (!row.empty()) scale_.apply(row, std::span(recent_).last(row.size()));
  ++pushed_;
}

bool VocoderRows::accept(std::span<const float> row) {
  push(row);
  if (!source_.accept(row)) return false;
  make_rows();
  return true;
}

bool VocoderRows::finish() {
  // A block comes with the second row after its first: one row alone needs two more.
  do {
    if (pushed_ == 0) return false;
    push({});  // the last row again
  } while (pushed_ < 3);
  if (!source_.finish()) return false;
  make_rows();
  return true;
}

void VocoderRows::make_rows() {
  const SourceFilter::Block block = source_.block();
  const auto fold = static_cast<size_t>(options_.fold);
  const auto columns = static_cast<size_t>(options_.feature_columns);
  const auto count = static_cast<size_t>(options_.rows_per_frame());
  const float* first = recent_.data();  // frame b, of b + 2 frames so far
  const float* second = first + columns;
  float* out = rows_.data();
  for (size_t r = 0; r < count; ++r) {
    for (size_t n = 0; n < fold; ++n) {
      out[n] = block.speech[r * fold + n];
      out[fold + n] = kSourceScale * block.pulses[r * fold + n];
      out[2 * fold + n] = kSourceScale * block.noise[r * fold + n];
    }
    const float share = (static_cast<float>(r) + 0.5F) / static_cast<float>(count);
    for (size_t c = 0; c < columns; ++c) {
      out[3 * fold + c] = first[c] + share * (second[c] - first[c]);
    }
    out += 3 * fold + columns;
  }
}

}  // namespace bivox
