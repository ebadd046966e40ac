// How far a hypothesis is from the reference: insertions, deletions and substitutions.
//
//   word error rate = (insertions + deletions + substitutions) / reference words
//
// The alignment is the one of NIST sclite, so that the counts are equal on the same files: minimum
// cost with insertion 3, deletion 3, substitution 4, correct 0; among equal costs, from the end of
// the text backwards, a pair before an insertion before a deletion. (With costs 1, 1, 1 the counts
// differ: "a b" / "b c" would be two substitutions instead of one deletion and one insertion.)
// Cost: time and memory O(reference x hypothesis), one byte a cell.
// Thread rule: free functions without state. Errors: Error(kInput) if the texts are so long that
// the table would pass 1e9 cells. Source: NIST SCTK 2.4, sclite(1), "Alignment". Test:
// tests/asr/evaluation/word_errors_test.cpp, golden and live against sclite.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bivox {

struct ErrorCounts {
  int64_t reference = 0;  ///< Words (or characters) in the reference.
  int64_t insertions = 0;
  int64_t deletions = 0;
  int64_t substitutions = 0;

  int64_t errors() const { return insertions + deletions + substitutions; }
  /// errors / reference; 0 for nothing against nothing, 1 for words where none should be.
  double rate() const;
  ErrorCounts& operator+=(const ErrorCounts& other);
  bool operator==(const ErrorCounts& other) const = default;
};

/// One column of an alignment; -1 on the side that has no word there.
struct AlignedPair {
  int reference = -1;
  int hypothesis = -1;
  bool correct = false;
};

/// The columns from left to right.
std::vector<AlignedPair> align_words(std::span<const std::string_view> reference,
                                     std::span<const std::string_view> hypothesis);

/// Counts of an alignment.
ErrorCounts count_errors(std::span<const AlignedPair> alignment);

/// Word errors of two texts split at blanks.
ErrorCounts count_word_errors(std::string_view reference, std::string_view hypothesis);

/// The same over characters (Unicode code points, blanks left out as `sclite -c` does). Texts of
/// more than 20,000 bytes are aligned between words that both have in common: an upper bound.
ErrorCounts count_character_errors(std::string_view reference, std::string_view hypothesis);

/// Words between blanks (space, tab, newline); views into `text`.
std::vector<std::string_view> split_words(std::string_view text);

}  // namespace bivox
