// Acoustic models that look at, or stand in for, another one: what `bivox compare` measures inside
// of a recognizer.
//
// MeasuredModel passes everything on and adds up the processor time and the allocations (operator
// new) that scoring takes. with_scoring() gives a ConvNet another plan: fewer channels, another
// instruction set. Thread rule: models are immutable and shared; the sums are atomic.
// Test: tests/apps/model_probes_test.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "asr/convnet/convnet_scores.h"
#include "models/acoustic_model.h"

namespace bivox {

struct ScoringCost {
  std::atomic<int64_t> nanoseconds = 0;  ///< Of the processor.
  std::atomic<int64_t> allocations = 0;
  std::atomic<int64_t> frames = 0;  ///< That were scored.
};

/// `cost` must outlive the model's streams.
std::shared_ptr<const AcousticModel> measured_model(std::shared_ptr<const AcousticModel> model,
                                                    std::shared_ptr<ScoringCost> cost);

/// `model` with the scores of another plan.
std::shared_ptr<const AcousticModel> with_scoring(std::shared_ptr<const AcousticModel> model,
                                                  std::shared_ptr<const ConvNetScoring> scoring);

/// Processor time of this thread, in nanoseconds.
int64_t thread_nanoseconds();

/// Calls of operator new by this thread since it began; 0 always in builds with sanitizers.
int64_t thread_allocations();
bool allocations_are_counted();

}  // namespace bivox
