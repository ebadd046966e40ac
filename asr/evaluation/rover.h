// Several transcripts of one utterance made into one: ROVER; and the best that could be made.
//
// The hypotheses are aligned one after the other into a chain of slots; in each slot every system
// has a word or none. Each slot is then settled by vote:
//   score(w) = alpha * votes(w) / systems + (1 - alpha) * mean confidence of those who say w,
// "none" having the confidence `null_confidence`; of equal scores the system named first wins.
// With two systems votes tie, so that confidences decide.
//
// oracle_errors() picks from every slot what fits the reference best: no combination of these
// words in this order makes fewer errors (insertions, deletions and substitutions count 1 each).
//
// Source: Fiscus, "A post-processing system to yield reduced word error rates: Recognizer Output
// Voting Error Reduction (ROVER)", ASRU 1997, sections 3.1 and 3.2. Thread rule: pure functions.
// Test: tests/asr/evaluation/rover_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bivox {

/// A word of a system's transcript, as compared.
struct HypothesisWord {
  std::string text;
  float confidence = 1.0F;
  double start_s = -1.0;  ///< Below 0: unknown.
  double end_s = -1.0;
};

struct RoverOptions {
  double alpha = 0.4;
  double null_confidence = 0.4;
};

/// One slot: the index of each system's word in its hypothesis, or -1.
using RoverSlot = std::vector<int>;

std::vector<RoverSlot> rover_slots(std::span<const std::vector<HypothesisWord>> hypotheses);

std::vector<HypothesisWord> rover(std::span<const std::vector<HypothesisWord>> hypotheses,
                                  const RoverOptions& options = {});

int64_t oracle_errors(std::span<const std::string_view> reference,
                      std::span<const std::vector<HypothesisWord>> hypotheses);

}  // namespace bivox
