// Which states the recognizer would have put a frame into, with what probability: forward-backward
// over a confusion lattice, its words aligned anew with the model as it is.
//
//   score(arc)  = scale * (max_path log p(x | states) + transitions + graph) + boost * errors
//   gamma_s(t)  = sum of P(arc | lattice) over arcs whose best path is in state s at frame t
//
// errors: frames of the arc whose phone is not the reference's; silence errs nowhere. The boost
// makes paths with many errors likelier, so that the model learns to keep them away by a margin
// that grows with their number.
//
// Errors: programmer errors only. Thread rule: one object per thread. Source: Povey et al.,
// "Boosted MMI for model and feature-space discriminative training", ICASSP 2008, equations 3-4.
// Test: tests/legacy/discriminative_test.cpp.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "legacy/gmm/gmm_scores.h"
#include "legacy/training/confusion_lattice.h"
#include "models/state_alignment.h"

namespace bivox {

struct LatticePosteriorOptions {
  float scale = 0.1F;
  float boost = 0.1F;  ///< For every frame that is wrong.
};

struct StateWeight {
  StateId state = 0;
  float weight = 0.0F;
};

struct LatticePosteriors {
  /// Log of the sum over paths of exp(score); minus infinity if no path fits.
  double log_total = 0.0;
  /// The reference's scale * (log p(x | states) + transitions), without a graph score.
  double log_reference = 0.0;
  double expected_errors = 0.0;                  ///< Frames, under the boosted posterior.
  std::vector<std::vector<StateWeight>> frames;  ///< [frames]; empty if no path fits.
};

class LatticeAligner {
 public:
  /// The references must outlive the object.
  LatticeAligner(const HmmSet& hmms, const Lexicon& lexicon, std::shared_ptr<const GmmSet> gmms,
                 const LatticePosteriorOptions& options);

  /// `reference` spans the frames of `features`.
  LatticePosteriors posteriors(const ConfusionLattice& lattice, const FeatureMatrix& features,
                               const StateAlignment& reference);

 private:
  // A word between its neighbours at its times; arcs that differ elsewhere share it.
  struct Instance {
    int32_t chain = 0;
    int32_t begin = 0;  // frame
    int32_t end = 0;
    float acoustic = 0.0F;
    float errors = 0.0F;
    double posterior = 0.0;
    size_t first_step = 0;  // in path_
  };
  struct Chain {
    std::vector<HmmId> hmms;
    std::vector<PhoneId> phones;
  };

  void collect(const ConfusionLattice& lattice);
  void score_states(const FeatureMatrix& features, std::span<const int> reference_states);
  void align(Instance& instance, std::span<const PhoneId> reference);
  double reference_score(const StateAlignment& reference, std::span<const int> states) const;
  float state_score(size_t frame, StateId state) const {
    return scores_[frame * num_states_ + static_cast<size_t>(state)];
  }

  const HmmSet& hmms_;
  const Lexicon& lexicon_;
  LatticePosteriorOptions options_;
  GmmScores gmm_scores_;
  size_t num_states_;
  std::vector<Chain> chains_;
  std::vector<Instance> instances_;
  std::vector<int32_t> instance_of_;          // [arcs]
  std::vector<float> scores_;                 // [frames x states], where wanted
  std::vector<float> weights_;                // [frames x states]
  std::vector<std::vector<StateId>> wanted_;  // [frames]
  std::vector<int32_t> stamp_;                // [states]
  std::vector<StateId> path_;                 // states of all instances, frame by frame
  std::vector<float> tokens_;
  std::vector<bool> moved_;
};

}  // namespace bivox
