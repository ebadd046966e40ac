// Scores of Gaussian mixtures for one stream of features: `score(t, s) = log p(x_t | s)`.
//
// Densities are evaluated for blocks of frames, codebook by codebook, only for the codebooks that
// the asked states touch. Then Gaussian selection keeps, in each codebook, stream and frame, the
// densities within `selection_threshold` T of the best one, and only their weights are summed (in
// the linear domain, one logarithm a state). As weights sum to one, what is left out of a stream's
// likelihood is at most exp(best - T), so per stream
//   exact - ln(1 + exp(best - T - score)) <= score <= exact.
// A threshold of infinity turns selection off; codebooks with few states never use it.
//
// Features: rows `[frames x GmmSet::feature_dims()]`. Memory is bounded by the rows that were
// accepted and not yet scored; scoring frame t forgets the frames before t - kScoreHistory. Errors:
// programmer errors only (wrong number of columns, frames that are not ready or forgotten). score()
// does not allocate. Thread rule: one object per stream; the GmmSet is shared. Source of the
// selection: Bocchieri, "Vector quantization for the efficient computation of continuous density
// likelihoods", IEEE ICASSP 1993. Test: tests/legacy/gmm_scores_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dsp/features/aligned_buffer.h"
#include "legacy/gmm/gmm_kernels.h"
#include "legacy/gmm/gmm_set.h"
#include "models/acoustic_scores.h"

namespace bivox {

struct GmmScoresOptions {
  float selection_threshold = 7.0F;  ///< Natural log; see above.
};

class GmmScores : public AcousticScores {
 public:
  explicit GmmScores(std::shared_ptr<const GmmSet> gmms, const GmmScoresOptions& options = {});

  void reset() override;
  void accept(const FeatureView& features) override;
  void finish() override {}
  int frames_ready() const override { return num_frames_; }
  void score(int frame, std::span<const StateId> active, std::span<float> out) override;
  int num_states() const override { return gmms_->num_states(); }
  /// Those of the densities: (x - m)^2 v of every dimension counts two.
  uint64_t multiply_adds() const override { return multiply_adds_; }

 private:
  static constexpr int kBlockFrames = 8;

  /// Makes the block that begins at `frame` the current one.
  void begin_block(int frame);
  /// Scores the states of a codebook for the frames of the current block from `first` on.
  void evaluate(int codebook, int first);
  /// Scores of one frame, the t-th of those in densities_.
  void score_many_states(const GmmSet::Codebook& codebook, int t, float* scores);
  void score_few_states(const GmmSet::Codebook& codebook, int t, float* scores);

  std::shared_ptr<const GmmSet> gmms_;
  GmmScoresOptions options_;
  std::vector<float> rows_;  // [frames from first_row_ on][total_stream_dims]
  int first_row_ = 0;
  int num_frames_ = 0;
  int block_start_ = 0;
  int block_frames_ = 0;

  std::vector<int> evaluated_;  // [codebook]: serial number of the block it was evaluated for
  std::vector<int> written_;    // [codebook]: serial number of the call that wrote it
  int block_serial_ = 0;
  int call_serial_ = 0;
  uint64_t multiply_adds_ = 0;

  AlignedBuffer densities_;          // [stream][frame][padded densities]
  std::vector<size_t> first_score_;  // [codebook]: where its scores begin
  AlignedBuffer scores_;             // codebook by codebook: [frame][states, padded]
  std::vector<int32_t> kept_;        // [stream][padded densities + kGroup]
  std::vector<float> kept_values_;   // as kept_
  std::vector<KeptDensities> mix_;   // [stream]
};

}  // namespace bivox
