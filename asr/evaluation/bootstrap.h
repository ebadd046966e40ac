// How sure an error rate is: the bootstrap confidence interval.
//
// The groups (speakers, or utterances) are drawn anew with replacement, as many as there are; each
// draw gives a rate  sum(errors) / sum(reference).  The interval holds the middle 95 % of the
// rates. Draws are made by a generator of fixed seed and definition: the same counts always give
// the same interval, on every machine. Source: Bisani and Ney, "Bootstrap estimates for confidence
// intervals in ASR performance evaluation", ICASSP 2004, section 3; resampling over speakers: Liu
// and Peng, 2019. Thread rule: free function. Test: tests/asr/evaluation/bootstrap_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "asr/evaluation/word_errors.h"

namespace bivox {

struct BootstrapOptions {
  int num_resamples = 10'000;
  double confidence = 0.95;
  uint64_t seed = 1;
};

struct RateInterval {
  double low = 0.0;
  double high = 0.0;
};

/// Interval of the rate of the sum of `groups`; [0, 0] without groups.
RateInterval bootstrap_interval(std::span<const ErrorCounts> groups,
                                const BootstrapOptions& options = {});

/// The draws themselves: calls `use` with `count` indices below `count`, num_resamples times; the
/// same ones for the same options.
void draw_resamples(size_t count, const BootstrapOptions& options,
                    const std::function<void(const std::vector<size_t>&)>& use);

/// The middle share `confidence` of some values, with linear interpolation between them.
RateInterval middle_interval(std::vector<double> values, double confidence);

}  // namespace bivox
