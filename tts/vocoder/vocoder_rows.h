// Normalised features, and the rows that the parallel WaveNet reads, made frame by frame.
//
//   normalised = (value - mean) / deviation         a column each
//   row r of block b: samples [b hop + r fold, + fold) of speech, pulses / 10, noise / 10; features
//   interpolated between frames b and b + 1 at the middle of the row
//
// Thread rule: FeatureScale is a value; one VocoderRows per stream, whose calls do not allocate.
// Test: tests/tts/vocoder_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tts/vocoder/parallel_wavenet.h"
#include "tts/vocoder/source_filter.h"

namespace bivox {

struct FeatureScale {
  std::vector<float> mean;
  std::vector<float> deviation;

  /// Of many utterances' rows.
  static FeatureScale measure(std::span<const FeatureMatrix> utterances);
  void apply(std::span<const float> row, std::span<float> out) const noexcept;
};

class VocoderRows {
 public:
  VocoderRows(std::shared_ptr<const SourceFilterModel> model, FeatureScale scale,
              const ParallelWaveNetOptions& options, uint64_t seed);

  /// Takes a feature row; true when a block of rows is ready.
  bool accept(std::span<const float> row);
  /// No more rows: true as long as blocks are left.
  bool finish();
  /// [rows_per_frame x input_columns], valid until the next call.
  std::span<const float> rows() const { return rows_; }
  void reset(uint64_t seed);

 private:
  void push(std::span<const float> row);
  void make_rows();

  SourceFilter source_;
  FeatureScale scale_;
  ParallelWaveNetOptions options_;
  std::vector<float> recent_;  // normalised: of the last three frames, [3 x columns]
  std::vector<float> rows_;
  int64_t pushed_ = 0;
};

}  // namespace bivox
