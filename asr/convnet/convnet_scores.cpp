#include "asr/convnet/convnet_scores.h"

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"

namespace bivox {
namespace {

// out = log softmax(logits) - log_priors.
void scale_by_priors(std::span<const float> logits, std::span<const float> log_priors, float* out) {
  const float highest = *std::max_element(logits.begin(), logits.end());
  float sum = 0.0F;
  for (const float logit : logits) sum += std::exp(logit - highest);
  const float norm = highest + std::log(sum);
  for (size_t s = 0; s < logits.size(); ++s) out[s] = logits[s] - norm - log_priors[s];
}

}  // namespace

ConvNetScores::ConvNetScores(std::shared_ptr<const ConvNetScoring> scoring)
    : scoring_(std::move(scoring)),
      num_states_(static_cast<int>(scoring_->log_priors.size())),
      right_(scoring_->plan->context().right),
      context_(1, scoring_->plan->precision()),
      stream_(scoring_->plan, context_),
      rows_(scoring_->plan->input_channels()) {
  BIVOX_CHECK(scoring_->plan->output_channels() == num_states_);
  const int most = (scoring_->plan->max_chunk() + right_) / scoring_->subsampling + 1;
  scores_.reserve(static_cast<size_t>(most + kScoreHistory) * scoring_->log_priors.size());
}

void ConvNetScores::reset() {
  stream_.reset();
  rows_.clear();
  rows_accepted_ = 0;
  finished_ = false;
  flushed_ = false;
  scores_.clear();
  first_frame_ = 0;
  num_frames_ = 0;
}

void ConvNetScores::accept(const FeatureView& features) {
  BIVOX_CHECK(!finished_ && features.cols() == rows_.dims());
  for (Eigen::Index t = 0; t < features.rows(); ++t) rows_.push(features.row(t).data());
  rows_accepted_ += static_cast<int>(features.rows());
}

int ConvNetScores::frames_ready() const {
  const int usable = finished_ ? rows_accepted_ : rows_accepted_ - right_;
  return usable <= 0 ? 0 : (usable - 1) / scoring_->subsampling + 1;
}

void ConvNetScores::compute_chunk() {
  // What was scored is forgotten, but for the history that callers may still ask for.
  const auto states = static_cast<size_t>(num_states_);
  const int forget = std::max(0, num_frames_ - first_frame_ - kScoreHistory);
  scores_.erase(scores_.begin(), scores_.begin() + static_cast<std::ptrdiff_t>(
                                                       static_cast<size_t>(forget) * states));
  first_frame_ += forget;
  if (rows_.size() > 0) {
    const int rows = std::min(rows_.size(), scoring_->plan->max_chunk());
    stream_.accept({rows_.row(0), static_cast<size_t>(rows) * static_cast<size_t>(rows_.dims())});
    rows_.drop(rows);
    rows_computed_ += static_cast<uint64_t>(rows);
  } else {
    BIVOX_CHECK(finished_ && !flushed_);
    stream_.finish();
    flushed_ = true;
  }
  const PlanRows logits = stream_.output();
  for (int t = 0; t < logits.frames; ++t) {
    scores_.resize(scores_.size() + states);
    scale_by_priors(logits.row(t), scoring_->log_priors, scores_.data() + scores_.size() - states);
  }
  num_frames_ += logits.frames;
}

uint64_t ConvNetScores::multiply_adds() const {
  return static_cast<uint64_t>(static_cast<double>(rows_computed_) *
                               scoring_->plan->multiply_adds_per_unit());
}

void ConvNetScores::score(int frame, std::span<const StateId> /*active*/, std::span<float> out) {
  BIVOX_CHECK(frame >= first_frame_ && frame < frames_ready() &&
              out.size() == static_cast<size_t>(num_states_));
  while (frame >= num_frames_) compute_chunk();
  const size_t row = static_cast<size_t>(frame - first_frame_) * out.size();
  std::copy_n(scores_.data() + row, out.size(), out.data());
}

}  // namespace bivox
