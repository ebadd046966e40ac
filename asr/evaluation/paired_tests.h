// Is one system better than another on the same utterances, or was it chance? Three answers.
//
// Paired bootstrap (Bisani & Ney 2004, section 4): utterances, or speakers, are drawn anew with
// replacement, the same ones for both systems; each draw gives a difference of word error rates
//   d = WER(a) - WER(b),
// and the probability of improvement is the share of draws with d > 0 (b better), draws with d = 0
// counting a half. Draws are those of bootstrap_interval() for the same seed.
//
// Matched pairs, MAPSSWE (Gillick & Cox 1989, section 4; NIST sc_stats): texts are cut into
// segments of errors that are bounded by at least two words which both systems have right, so that
// errors of one segment do not depend on those of another. With d_i the errors of a minus those of
// b in segment i, n segments:
//   z = mean(d) / sqrt(var(d) / n),   p two-sided under the normal distribution.
// Segments are those of sc_stats, but for errors at the very end: sc_stats forgets words that only
// the second system inserted after the last word of the reference.
//
// McNemar on utterances (Gillick & Cox 1989, section 3): of the utterances that only one system
// has entirely right, is each system as often the one? Exact binomial, two-sided.
//
// Thread rule: pure functions. Test: tests/asr/evaluation/paired_tests_test.cpp, against sc_stats
// and SciPy.
#pragma once

#include <span>
#include <vector>

#include "asr/evaluation/bootstrap.h"
#include "asr/evaluation/word_errors.h"

namespace bivox {

struct PairedBootstrap {
  double difference = 0.0;   ///< Of the rates, a - b, as observed.
  RateInterval interval;     ///< Of the difference.
  double probability = 0.5;  ///< That b is better than a.
};

/// `a` and `b` hold the same groups (utterances or speakers) in the same order.
PairedBootstrap paired_bootstrap(std::span<const ErrorCounts> a, std::span<const ErrorCounts> b,
                                 const BootstrapOptions& options = {});

struct MatchedPairs {
  int64_t segments = 0;
  double mean = 0.0;  ///< Errors a segment that a has more than b.
  double z = 0.0;     ///< 0 where nothing differs.
  double p = 1.0;
};

/// Errors of both systems in one segment.
struct ErrorSegment {
  int errors_a = 0;
  int errors_b = 0;
};

/// Alignments of the two systems with the same reference (word_errors.h). Appends segments.
void append_error_segments(std::span<const AlignedPair> a, std::span<const AlignedPair> b,
                           std::vector<ErrorSegment>& segments);

MatchedPairs matched_pairs(std::span<const ErrorSegment> segments);

struct McNemar {
  int64_t both_right = 0;
  int64_t only_a_right = 0;
  int64_t only_b_right = 0;
  int64_t both_wrong = 0;
  double p = 1.0;
};

McNemar mcnemar(std::span<const ErrorCounts> a, std::span<const ErrorCounts> b);

}  // namespace bivox
