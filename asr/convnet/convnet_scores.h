// Scores of the ConvNet for one stream of features:
//
//   score(t, s) = log p(s | x) - log p(s),   p(s | x) = softmax of the logits of frame t
//
// Frames are those of the network, one for every `subsampling` rows of the front end. Rows wait
// until a frame is asked for; then the network runs over as many as one chunk of the plan holds. So
// memory is bounded by the rows that were accepted and not yet scored (320 bytes a row of 80 bins),
// and the scores of one chunk. Chunking changes no bit of the scores (tested).
// Errors: programmer errors only. Thread rule: one object per stream; the plan is shared. Source:
// Bourlard & Morgan 1994, "Connectionist speech recognition", section 7.4 (division by priors).
// Test: tests/asr/convnet/convnet_scores_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dsp/features/row_queue.h"
#include "models/acoustic_scores.h"
#include "models/nn/plan.h"

namespace bivox {

/// What all streams share.
struct ConvNetScoring {
  std::shared_ptr<const Plan> plan;  ///< Of one input and one output.
  std::vector<float> log_priors;     ///< [states]
  int subsampling = 3;
};

class ConvNetScores : public AcousticScores {
 public:
  explicit ConvNetScores(std::shared_ptr<const ConvNetScoring> scoring);

  void reset() override;
  void accept(const FeatureView& features) override;
  void finish() override { finished_ = true; }
  int frames_ready() const override;
  void score(int frame, std::span<const StateId> active, std::span<float> out) override;
  int num_states() const override { return num_states_; }
  uint64_t multiply_adds() const override;

 private:
  /// Runs the network over the next rows, and scores what comes out.
  void compute_chunk();

  std::shared_ptr<const ConvNetScoring> scoring_;
  int num_states_;
  int right_;  // rows of look-ahead
  ComputeContext context_;
  PlanStream stream_;
  RowQueue rows_;
  int rows_accepted_ = 0;
  bool finished_ = false;
  bool flushed_ = false;
  std::vector<float> scores_;  // [frames from first_frame_ on][states]
  int first_frame_ = 0;
  int num_frames_ = 0;          // computed since reset()
  uint64_t rows_computed_ = 0;  // since construction
};

}  // namespace bivox
