// Normalised features, and the rows that the parallel WaveNet reads, made frame by frame.
//
//   normalised = (value - mean) / deviation         a column each
//   lack of frame t = clamp(ln mel of the row - ln mel of the source-filter speech there, -3, 3)
//   row r of block b: samples [b hop + r fold, + fold) of speech, pulses / 10, noise / 10; features
//   and lack interpolated between frames b and b + 1 at the middle of the row
//
// The lack of a frame is known when its window is filled: blocks come with the fourth row after
// their first.
//
// Thread rule: FeatureScale is a value; one VocoderRows per stream, whose calls do not allocate.
// Test: tests/tts/vocoder_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dsp/features/mel_filterbank.h"
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
  /// The next block of the source, silence beyond its end; true when rows are ready.
  bool take(const SourceFilter::Block* block);
  void measure_lack();
  void make_rows();

  std::shared_ptr<const SourceFilterModel> model_;
  SourceFilter source_;
  FeatureScale scale_;
  ParallelWaveNetOptions options_;
  std::vector<MelFilter> bank_;
  RealFft fft_;
  std::vector<float> window_;
  // With block n of the source here, frame n + 2 is the last, and block n - 2 is made.
  std::vector<float> recent_;  // normalised: of the last five frames, [5 x columns]
  std::vector<float> mels_;    // ln mel of the same, [5 x lack_columns]
  std::vector<float> lack_;    // of frames n - 2 and n - 1, [2 x lack_columns]
  std::vector<float> speech_;  // of blocks n - 3 .. n, [4 x hop]; so the other two
  std::vector<float> pulses_;
  std::vector<float> noise_;
  std::vector<float> segment_;
  std::vector<std::complex<float>> spectrum_;
  std::vector<float> rows_;
  int64_t pushed_ = 0;
  int64_t accepted_ = 0;
  int64_t taken_ = 0;  // blocks of the source
  int64_t made_ = 0;
};

}  // namespace bivox
