// The ARPA text form of n-gram models, plain or gzip.
//
//   \data\                     (anything before it is ignored)
//   ngram 1=3
//   ngram 2=2
//   \1-grams:
//   -0.5 word -0.3             log10 probability, words, log10 back-off weight (may be left out)
//   ...
//   \end\                      the last line that is read
//
// N-grams may stand in any order within their section. Those which a pruned file leaves out
// although longer ones rest on them (contexts, and n-grams without their oldest word) are added
// with the probability that backing off gives, so every P(w | h) is that of the file. Errors:
// Error(kModel) with path and line: counts that do not agree, numbers that are not, words that are
// no 1-gram, a missing \end\, damaged gzip data. Memory grows with what the file really holds,
// never with what its header claims. Thread rule: free functions without state. Source:
// ngram-format(5) of SRILM. Test: tests/models/arpa_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "models/lm/ngram_builder.h"

namespace bivox {

struct ArpaOptions {
  /// Distinct probabilities an order can have before they are quantized; at most 65536.
  uint32_t codebook_size = 65536;
};

/// The tables for build_ngram_model(); the bytes are not needed afterwards.
NgramTables read_arpa(std::span<const std::byte> bytes, std::string_view name,
                      const ArpaOptions& options = {});
/// The model itself.
std::shared_ptr<const NgramModel> parse_arpa(std::span<const std::byte> bytes,
                                             std::string_view name,
                                             const ArpaOptions& options = {});

}  // namespace bivox
