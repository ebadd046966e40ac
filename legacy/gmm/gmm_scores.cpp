#include "legacy/gmm/gmm_scores.h"

#include <algorithm>

#include "dsp/core/check.h"

namespace bivox {
namespace {

/// Floats between the scores of two frames of a codebook.
int score_stride(const GmmSet::Codebook& codebook) {
  return std::max(codebook.padded_states, codebook.num_states);
}

}  // namespace

GmmScores::GmmScores(std::shared_ptr<const GmmSet> gmms, const GmmScoresOptions& options)
    : gmms_(std::move(gmms)), options_(options) {
  BIVOX_CHECK(gmms_ != nullptr);
  BIVOX_CHECK(options_.selection_threshold > 0.0F);
  const auto codebooks = static_cast<size_t>(gmms_->num_codebooks());
  const auto streams = static_cast<size_t>(gmms_->num_streams());
  const auto padded = static_cast<size_t>(gmms_->padded_densities());
  evaluated_.assign(codebooks, 0);
  written_.assign(codebooks, 0);
  size_t size = 0;
  for (int c = 0; c < gmms_->num_codebooks(); ++c) {
    first_score_.push_back(size);
    size += static_cast<size_t>(score_stride(gmms_->codebook(c)) * kBlockFrames);
  }
  scores_ = AlignedBuffer(size);
  densities_ = AlignedBuffer(streams * kBlockFrames * padded);
  kept_.resize(streams * (padded + kGroup));
  kept_values_.resize(kept_.size());
  mix_.resize(streams);
}

void GmmScores::reset() {
  rows_.clear();
  first_row_ = 0;
  num_frames_ = 0;
  begin_block(0);
}

void GmmScores::accept(const FeatureView& features) {
  BIVOX_CHECK(features.rows() == 0 || features.cols() == gmms_->feature_dims());
  const auto dims = static_cast<size_t>(gmms_->total_stream_dims());
  const size_t old = rows_.size();
  rows_.resize(old + static_cast<size_t>(features.rows()) * dims);
  for (int t = 0; t < features.rows(); ++t) {
    gmms_->arrange(features.data() + t * features.outerStride(),
                   rows_.data() + old + static_cast<size_t>(t) * dims);
  }
  num_frames_ += static_cast<int>(features.rows());
}

void GmmScores::begin_block(int frame) {
  block_start_ = frame;
  block_frames_ = std::min(kBlockFrames, num_frames_ - frame);
  ++block_serial_;
  // Moves the rows to the front when most of them are not needed any more: linear time in all.
  const int forget = std::max(0, frame - kScoreHistory - first_row_);
  if (forget > 0 && forget >= (num_frames_ - first_row_) / 2) {
    const auto dims = static_cast<std::ptrdiff_t>(gmms_->total_stream_dims());
    rows_.erase(rows_.begin(), rows_.begin() + forget * dims);
    first_row_ += forget;
  }
}

void GmmScores::evaluate(int codebook, int first) {
  const GmmSet::Codebook& shape = gmms_->codebook(codebook);
  const int padded = shape.padded_densities;
  const int stride = gmms_->total_stream_dims();
  const int frames = block_frames_ - first;
  const float* row =
      rows_.data() + static_cast<std::ptrdiff_t>(block_start_ + first - first_row_) * stride;
  for (int f = 0; f < gmms_->num_streams(); ++f) {
    log_densities(gmms_->gaussians(codebook, f), gmms_->stream_dims(f), padded, row, stride, frames,
                  densities_.data() + static_cast<std::ptrdiff_t>(f) * kBlockFrames * padded);
    row += gmms_->stream_dims(f);
  }
  multiply_adds_ += uint64_t{2} * static_cast<uint64_t>(frames) * static_cast<uint64_t>(padded) *
                    static_cast<uint64_t>(stride);
  float* scores = scores_.data() + first_score_[static_cast<size_t>(codebook)] +
                  static_cast<std::ptrdiff_t>(first) * score_stride(shape);
  for (int t = 0; t < frames; ++t, scores += score_stride(shape)) {
    if (shape.padded_states == 0) {
      score_few_states(shape, t, scores);
    } else {
      score_many_states(shape, t, scores);
    }
  }
}

void GmmScores::score_many_states(const GmmSet::Codebook& codebook, int t, float* scores) {
  const int padded = codebook.padded_densities;
  for (int f = 0; f < gmms_->num_streams(); ++f) {
    KeptDensities& stream = mix_[static_cast<size_t>(f)];
    int32_t* kept = kept_.data() + static_cast<std::ptrdiff_t>(f) * (padded + kGroup);
    float* values = kept_values_.data() + static_cast<std::ptrdiff_t>(f) * (padded + kGroup);
    stream.count = select_densities(
        densities_.data() + static_cast<std::ptrdiff_t>(f * kBlockFrames + t) * padded, padded,
        options_.selection_threshold, kept, values, &stream.best);
    stream.indices = kept;
    stream.values = values;
    stream.weights = gmms_->density_weights(codebook, f);
  }
  mix_states(mix_, codebook.padded_states, scores);
}

void GmmScores::score_few_states(const GmmSet::Codebook& codebook, int t, float* scores) {
  const int padded = codebook.padded_densities;
  for (int i = 0; i < codebook.num_states; ++i) {
    scores[i] = 0.0F;
    for (int f = 0; f < gmms_->num_streams(); ++f) {
      scores[i] += log_mixture(
          densities_.data() + static_cast<std::ptrdiff_t>(f * kBlockFrames + t) * padded,
          gmms_->state_weights(codebook, i, f), padded);
    }
  }
}

void GmmScores::score(int frame, std::span<const StateId> active, std::span<float> out) {
  BIVOX_CHECK(frame >= first_row_ && frame < num_frames_);
  BIVOX_CHECK(out.size() >= static_cast<size_t>(num_states()));
  if (frame < block_start_ || frame >= block_start_ + block_frames_) {
    begin_block(frame);
  }
  ++call_serial_;
  const auto touch = [&](int codebook) {
    const auto c = static_cast<size_t>(codebook);
    if (written_[c] == call_serial_) {
      return;
    }
    written_[c] = call_serial_;
    const int t = frame - block_start_;
    if (evaluated_[c] != block_serial_) {
      evaluated_[c] = block_serial_;
      evaluate(codebook, t);
    }
    const GmmSet::Codebook& shape = gmms_->codebook(codebook);
    const float* scores =
        scores_.data() + first_score_[c] + static_cast<std::ptrdiff_t>(t) * score_stride(shape);
    const int32_t* states = gmms_->states_in_order().data() + shape.first_state;
    for (int i = 0; i < shape.num_states; ++i) {
      out[static_cast<size_t>(states[i])] = scores[i];
    }
  };
  if (active.empty()) {
    for (int c = 0; c < gmms_->num_codebooks(); ++c) {
      touch(c);
    }
    return;
  }
  for (const StateId state : active) {
    touch(gmms_->codebook_of_state(state));
  }
}

}  // namespace bivox
