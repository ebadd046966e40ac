// Where in its period a voice is: what the autoregressive WaveNet is told of the time to come, so
// that it need not learn to keep time.
//
//   phi' = F0 / rate; a pulse where phi is whole; d = wrap(phi) rate / F0 samples from the nearest
//   guides of a sample: v cos 2 pi phi, v sin 2 pi phi, v exp(-d^2 / 2)
//
// with v the voicing, F0 (in the logarithm) and v going evenly from row to row. Synthesis lets the
// phase run on. Of a recording, whose excitation e (excitation.h) is given, the phase psi that runs
// from 0 is set right: the pulses stand where the energy of e is,
//
//   phi(n) = psi(n) + arg(z(n)) / 2 pi,   z(n) = sum_k hann(k / W) e(n + k)^2 exp(-2 pi i psi(n +
//   k))
//
// z is taken at the rows, W = 30 ms, and its angle goes evenly in between.
//
// Shapes: guides [samples x kGuides], one block of hop samples between two rows. Thread rule: one
// PulseGuides per stream, whose block() does not allocate; recording_guides() is a pure function.
// Source: the phase of the envelope's first harmonic is what Drugman & Dutoit 2009, "Glottal
// closure and opening instant detection" (SEDREAMS), section 2.1, take from a mean of the signal.
// Test: tests/tts/pulse_phase_test.cpp.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tts/vocoder/source_filter.h"

namespace bivox {

class PulseGuides {
 public:
  static constexpr int kGuides = 3;

  explicit PulseGuides(std::shared_ptr<const SourceFilterModel> model);

  /// The block between two rows; the phase runs on from block to block.
  void block(std::span<const float> row, std::span<const float> next, std::span<float> guides);
  /// The same with a phase ahead of the own by `first`, at its end by `last` (periods).
  void block(std::span<const float> row, std::span<const float> next, double first, double last,
             std::span<float> guides);
  void reset() { phase_ = 0.0; }

 private:
  std::shared_ptr<const SourceFilterModel> model_;
  double phase_ = 0.0;
};

/// Of a recording with these rows and this excitation, [rows.rows() * hop].
std::vector<float> recording_guides(const std::shared_ptr<const SourceFilterModel>& model,
                                    FeatureView rows, std::span<const float> excitation);

}  // namespace bivox
