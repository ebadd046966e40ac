#include "tts/vocoder/excitation.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "dsp/core/check.h"

namespace bivox {

BlockPredictors::BlockPredictors(std::shared_ptr<const SourceFilterModel> model)
    : model_(std::move(model)), maker_(model_->features().fft_size) {
  const auto bins = static_cast<size_t>(model_->envelope().bins());
  before_.resize(bins);
  here_.resize(bins);
  mean_.resize(bins);
}

const LinearPredictor& BlockPredictors::next(std::span<const float> row) noexcept {
  before_.swap(here_);
  model_->envelope().power(row, here_);
  if (rows_++ == 0) before_ = here_;
  for (size_t k = 0; k < mean_.size(); ++k) mean_[k] = std::sqrt(before_[k] * here_[k]);
  predictor_ = maker_.make(mean_);
  return predictor_;
}

const LinearPredictor& BlockPredictors::last() noexcept {
  predictor_ = maker_.make(here_);
  return predictor_;
}

std::vector<float> speech_excitation(const std::shared_ptr<const SourceFilterModel>& model,
                                     FeatureView rows, std::span<const float> samples) {
  const auto hop = static_cast<size_t>(model->features().hop);
  const auto blocks = static_cast<size_t>(rows.rows());
  BIVOX_CHECK(samples.size() == blocks * hop + kPredictorOrder);
  std::vector<float> e(blocks * hop);
  PredictionMemory memory;
  std::array<float, kPredictorOrder> ignored;
  memory.residual({}, samples.first(kPredictorOrder), ignored);
  BlockPredictors predictors(model);
  const auto row = [&](size_t t) {
    const auto i = static_cast<Eigen::Index>(t);
    return std::span<const float>(rows.row(i).data(), static_cast<size_t>(rows.cols()));
  };
  if (blocks > 0) predictors.next(row(0));
  for (size_t b = 0; b < blocks; ++b) {
    const LinearPredictor& predictor =
        b + 1 < blocks ? predictors.next(row(b + 1)) : predictors.last();
    memory.residual(predictor, samples.subspan(kPredictorOrder + b * hop, hop),
                    std::span(e).subspan(b * hop, hop));
  }
  for (float& x : e) x = std::clamp(x / kExcitationScale, -1.0F, 1.0F);
  return e;
}

}  // namespace bivox
