// What `bivox compare` finds inside of the recognizers: the claims that Karpathy's "Software 2.0"
// makes for networks, measured beside the Gaussian mixtures on the same audio.
//
//   homogeneous computation   share of products in a network's operations; share of the acoustic
//                             model in the time of recognition
//   constant running time     operations for a second of audio over the utterances
//   constant memory           allocations while scoring
//   highly portable           the same weights with every instruction set: errors, difference, time
//   very agile                fewer channels: errors, size, time
//   hard to understand        why a network said what it said in a frame (saliency), beside the
//                             likelihoods of the mixtures' states for the same moment
//   code and data             lines of code and megabytes of data behind each
//
// A section whose model is not there is left out. Errors: those of models; an utterance that cannot
// be read is skipped. Thread rule: one thread. Test: tests/apps/compare_claims_test.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "apps/compare_runner.h"
#include "asr/evaluation/comparison.h"
#include "asr/evaluation/report.h"
#include "asr/evaluation/utterance_texts.h"

namespace bivox {

/// A system and how it did on the recordings as they are.
struct ClaimSystem {
  CompareRunner* runner = nullptr;
  const SystemRun* run = nullptr;
};

struct ClaimOptions {
  size_t utterances = 12;  ///< That are recognized for each row; 0: no claims.
  TextNormalization normalization;
};

ReportSection claims_section(std::span<const ClaimSystem> systems,
                             std::span<const UtteranceText> utterances,
                             const ClaimOptions& options);

}  // namespace bivox
