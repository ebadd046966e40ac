// The two loops of connectionist temporal classification, vectorised over the states of a target.
//
// States are blank, label, blank, label, ..., blank: `n` = 2 labels + 1. Numbers are natural logs
// relative to a frame's own normaliser; kImpossible stands for log 0. Rows have kCtcPad elements of
// kImpossible before their first state. Thread rule: pure functions on the caller's buffers.
// Test: tests/models/nn/ctc_test.cpp.
#pragma once

#include <cstdint>

namespace bivox::kernels {

constexpr float kImpossible = -1e30F;
constexpr int kCtcPad = 2;

/// next[s] = emit[s] + log(exp(before[s]) + exp(before[s - 1]) + exp(before[s - 2] + skip[s])),
/// then the largest of them is subtracted and returned. skip[s] is 0 or kImpossible.
float ctc_step(int64_t n, const float* before, const float* skip, const float* emit, float* next);

/// posterior[s] = exp(forward[s] + backward[s] - emit[s]), normalised to the sum 1: both include
/// the frame's emission. `posterior` may be `forward`.
void ctc_posteriors(int64_t n, const float* forward, const float* backward, const float* emit,
                    float* posterior);

}  // namespace bivox::kernels
