// Acoustic scores made up for tests: frame t belongs to one state, which scores 0 while all others
// score -10 (or what is asked for).
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "dsp/core/check.h"
#include "models/acoustic_scores.h"

namespace bivox::test {

class SyntheticScores : public AcousticScores {
 public:
  SyntheticScores(int num_states, std::vector<StateId> truth, float wrong = -10.0F)
      : num_states_(num_states), truth_(std::move(truth)), wrong_(wrong) {}

  void reset() override { accepted_ = 0; }
  void accept(const FeatureView& features) override {
    accepted_ += static_cast<int>(features.rows());
  }
  void finish() override {}
  int frames_ready() const override { return accepted_; }
  void score(int frame, std::span<const StateId> /*active*/, std::span<float> out) override {
    BIVOX_CHECK(frame < accepted_);
    std::fill(out.begin(), out.end(), wrong_);
    out[static_cast<size_t>(truth_[static_cast<size_t>(frame)])] = 0.0F;
  }
  int num_states() const override { return num_states_; }
  int num_frames() const { return static_cast<int>(truth_.size()); }
  /// Features of the right length; their values do not matter.
  FeatureMatrix features() const { return FeatureMatrix::Zero(num_frames(), 1); }

 private:
  int num_states_;
  std::vector<StateId> truth_;
  float wrong_;
  int accepted_ = 0;
};

}  // namespace bivox::test
