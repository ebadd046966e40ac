#include "legacy/gmm/gmm_scores.h"

#include <algorithm>

#include "dsp/core/check.h"

namespace bivox {

GmmScores::GmmScores(std::shared_ptr<const GmmSet> gmms, const GmmScoresOptions& options)
    : gmms_(std::move(gmms)), options_(options) {
  BIVOX_CHECK(gmms_ != nullptr);
  BIVOX_CHECK(options_.selection_threshold > 0.0F);
  const auto codebooks = static_cast<size_t>(gmms_->num_codebooks());
  evaluated_.assign(codebooks, 0);
  touched_.assign(codebooks, 0);
  kept_place_.assign(codebooks, -1);
  densities_ = AlignedBuffer(static_cast<size_t>(kBlockFrames * gmms_->padded_densities()));
  kept_capacity_ = gmms_->padded_densities() + kGroup;
  int places = 0;
  int largest = 0;
  for (size_t c = 0; c < codebooks; ++c) {
    const GmmSet::Codebook& codebook = gmms_->codebook(static_cast<int>(c));
    if (codebook.padded_states > 0) {
      kept_place_[c] = places++;
      largest = std::max(largest, codebook.padded_states);
    }
  }
  const size_t lists = static_cast<size_t>(places) * static_cast<size_t>(gmms_->num_streams()) *
                       static_cast<size_t>(kBlockFrames);
  kept_.resize(lists * static_cast<size_t>(kept_capacity_));
  kept_values_.resize(kept_.size());
  kept_counts_.resize(lists);
  kept_best_.resize(lists);
  if (places < gmms_->num_codebooks()) {
    few_scores_.resize(static_cast<size_t>(gmms_->num_states()) * kBlockFrames);
  }
  mix_.resize(static_cast<size_t>(gmms_->num_streams()));
  mixed_ = AlignedBuffer(static_cast<size_t>(largest));
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

size_t GmmScores::kept_index(int codebook, int stream, int frame_in_block) const {
  const int place = kept_place_[static_cast<size_t>(codebook)];
  return static_cast<size_t>((place * gmms_->num_streams() + stream) * kBlockFrames +
                             frame_in_block);
}

void GmmScores::evaluate(int codebook) {
  int& evaluated = evaluated_[static_cast<size_t>(codebook)];
  if (evaluated == block_serial_) {
    return;
  }
  evaluated = block_serial_;
  const GmmSet::Codebook& shape = gmms_->codebook(codebook);
  const int padded = gmms_->padded_densities();
  const int stride = gmms_->total_stream_dims();
  const float* row = rows_.data() + static_cast<std::ptrdiff_t>(block_start_ - first_row_) * stride;
  float* few = few_scores_.data() + static_cast<std::ptrdiff_t>(shape.first_state) * kBlockFrames;
  for (int f = 0; f < gmms_->num_streams(); ++f) {
    log_densities(gmms_->gaussians(codebook, f), gmms_->stream_dims(f), padded, row, stride,
                  block_frames_, densities_.data());
    row += gmms_->stream_dims(f);
    for (int t = 0; t < block_frames_; ++t) {
      const float* densities = densities_.data() + static_cast<std::ptrdiff_t>(t) * padded;
      if (shape.padded_states > 0) {
        const size_t list = kept_index(codebook, f, t);
        const size_t first = list * static_cast<size_t>(kept_capacity_);
        kept_counts_[list] =
            select_densities(densities, padded, options_.selection_threshold, kept_.data() + first,
                             kept_values_.data() + first, &kept_best_[list]);
        continue;
      }
      for (int i = 0; i < shape.num_states; ++i) {
        const float score = log_mixture(densities, gmms_->state_weights(shape, i, f), padded);
        float& sum = few[i * kBlockFrames + t];
        sum = f == 0 ? score : sum + score;
      }
    }
  }
}

void GmmScores::write(int codebook, int frame, std::span<float> out) {
  const GmmSet::Codebook& shape = gmms_->codebook(codebook);
  const int32_t* states = gmms_->states_in_order().data() + shape.first_state;
  const int t = frame - block_start_;
  if (shape.padded_states == 0) {
    const float* few =
        few_scores_.data() + static_cast<std::ptrdiff_t>(shape.first_state) * kBlockFrames + t;
    for (int i = 0; i < shape.num_states; ++i) {
      out[static_cast<size_t>(states[i])] = few[i * kBlockFrames];
    }
    return;
  }
  for (int f = 0; f < gmms_->num_streams(); ++f) {
    const size_t list = kept_index(codebook, f, t);
    const size_t first = list * static_cast<size_t>(kept_capacity_);
    mix_[static_cast<size_t>(f)] = {kept_.data() + first, kept_values_.data() + first,
                                    gmms_->density_weights(shape, f), kept_counts_[list],
                                    kept_best_[list]};
  }
  mix_states(mix_, shape.padded_states, mixed_.data());
  for (int i = 0; i < shape.num_states; ++i) {
    out[static_cast<size_t>(states[i])] = mixed_[static_cast<size_t>(i)];
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
    int& touched = touched_[static_cast<size_t>(codebook)];
    if (touched != call_serial_) {
      touched = call_serial_;
      evaluate(codebook);
      write(codebook, frame, out);
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
