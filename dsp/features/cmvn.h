// Cepstral mean and variance normalisation along time: y[t] = (x[t] - mean) / deviation, per
// column.
//
//   kUtterance  mean over all rows; rows come out at finish()
//   kSliding    mean over the last `window` rows, the current one included. With a prior mean, rows
//               that the window still lacks are taken from it, at most prior_rows of them, so the
//               first rows of a stream are normalised by the prior and later ones by themselves
//   kRunning    the prior mean, replaced by the mean of what was heard after 800 rows and at every
//               reset(); older rows are then forgotten down to a weight of 500 (Sphinx cmn_live.c)
//
// Variance: the standard deviation around the mean (kUtterance over all rows, as Sphinx has it;
// kSliding over the rows in the window). kRunning has none.
// Units: those of the features. Errors: Error(kUsage) naming option and value.
// Thread rule: one object per stream.
// Sources: Atal, JASA 55(6), 1974; sphinxbase cmn.c, cmn_live.c; Kaldi online-feature.h
// (OnlineCmvn). Test: tests/dsp/cmvn_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "dsp/features/row_queue.h"

namespace bivox {

enum class CmvnKind : uint8_t { kNone, kUtterance, kSliding, kRunning };

struct CmvnOptions {
  CmvnKind kind = CmvnKind::kNone;
  bool variance = false;          ///< Also divide by the standard deviation.
  bool skip_negative_c0 = false;  ///< Rows whose first value is negative do not count (Sphinx).
  int window = 300;               ///< Rows, for kSliding.
  /// For kSliding and kRunning; empty is none, missing values are 0.
  std::vector<float> prior_mean = {};
  int prior_rows = 100;  ///< Weight of the prior in rows, for kSliding.

  /// Throws Error(kUsage).
  void validate() const;
};

class CmvnStage {
 public:
  CmvnStage(const CmvnOptions& options, int dims);

  /// Takes all rows of `in` and pushes those that are ready to `out`.
  void accept(RowQueue& in, RowQueue& out);
  void finish(RowQueue& out);
  /// A new utterance: kRunning goes on from what it has learnt.
  void reset();
  /// Back to the prior.
  void forget();

 private:
  void normalise_utterance(RowQueue& out);
  void slide(const float* row, RowQueue& out);
  void run(const float* row, RowQueue& out);
  void update_running_mean();
  bool counts(const float* row) const { return !options_.skip_negative_c0 || row[0] >= 0.0F; }

  CmvnOptions options_;
  int dims_;
  RowQueue history_;
  std::vector<double> sum_;
  std::vector<double> sum_squares_;
  std::vector<double> mean_;
  int count_ = 0;
};

}  // namespace bivox
