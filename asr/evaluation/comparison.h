// Several recognizers on the same utterances: errors, tests of significance, overlap, combination.
//
//   utterances (references) + hypotheses of each system -> Comparison
//
// Every utterance counts for every system: one without a hypothesis (a file that failed, a line
// that is missing) is all deletions. Texts are compared as word_errors.h does. Intervals and the
// paired bootstrap draw speakers if each utterance has one and there are at least
// ScoreReport::kMinSpeakers of them, else utterances. Groups: one for each value of each trait that
// the utterances have ("speaker", "gender", "age", ...) and for classes of length.
//
// Thread rule: plain values, pure functions. Test: tests/asr/evaluation/comparison_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "asr/evaluation/bootstrap.h"
#include "asr/evaluation/paired_tests.h"
#include "asr/evaluation/rover.h"
#include "asr/evaluation/word_errors.h"
#include "asr/transcript/transcript.h"
#include "models/lexicon/text_normalization.h"

namespace bivox {

struct ComparedUtterance {
  std::string id;
  std::string speaker;
  std::string reference;  ///< Normalized.
  double duration_s = 0.0;
  /// What it is grouped by, beside speaker and length: "gender" -> "f".
  std::map<std::string, std::string> traits;
};

/// What one system said to one utterance.
struct SystemHypothesis {
  std::vector<HypothesisWord> words;  ///< Normalized.
  std::string failure;                ///< Why there is none; empty if there is.

  std::string text() const;
};

struct SystemHypotheses {
  std::string name;
  std::vector<SystemHypothesis> utterances;  ///< In the order of the references.
};

/// Words as compared: normalized, split where normalization splits ("twenty-one"), with the time
/// and the confidence of the word that they are from.
std::vector<HypothesisWord> hypothesis_words(const Transcript& transcript,
                                             const TextNormalization& options = {});
std::vector<HypothesisWord> hypothesis_words(std::string_view text,
                                             const TextNormalization& options = {});

/// Errors of one system.
struct SystemErrors {
  std::string name;
  std::vector<ErrorCounts> words;       ///< Of each utterance.
  std::vector<ErrorCounts> characters;  ///< Of each utterance.
  std::vector<std::vector<AlignedPair>> alignments;
  ErrorCounts total_words;
  ErrorCounts total_characters;
  int64_t wrong_sentences = 0;
  RateInterval interval;       ///< Of the word error rate.
  std::vector<size_t> failed;  ///< Utterances without a hypothesis.
};

/// System b against system a.
struct SystemPair {
  size_t a = 0;
  size_t b = 0;
  PairedBootstrap bootstrap;
  MatchedPairs matched;
  McNemar utterances;
  /// Words of the reference that were recognized by both, only a, only b, neither.
  int64_t both_right = 0;
  int64_t only_a_right = 0;
  int64_t only_b_right = 0;
  int64_t neither_right = 0;
};

struct ErrorGroup {
  std::string trait;
  std::string value;
  size_t utterances = 0;
  std::vector<ErrorCounts> words;  ///< Of each system.
};

struct Comparison {
  std::vector<ComparedUtterance> utterances;
  std::vector<SystemHypotheses> hypotheses;
  std::vector<SystemErrors> systems;
  std::vector<SystemPair> pairs;  ///< Every two, the earlier one as a.
  std::vector<ErrorGroup> groups;
  bool over_speakers = false;
  size_t num_speakers = 0;  ///< 0: unknown.
  BootstrapOptions bootstrap;

  // With two systems or more:
  SystemErrors combined;      ///< ROVER of all.
  int64_t oracle_errors = 0;  ///< Of the best word in every slot.
  int64_t best_of_utterance =
      0;  ///< Errors where each utterance has the system that is best there.
};

struct ComparisonOptions {
  BootstrapOptions bootstrap;
  RoverOptions rover;
};

Comparison compare_systems(std::vector<ComparedUtterance> utterances,
                           std::vector<SystemHypotheses> hypotheses,
                           const ComparisonOptions& options = {});

/// Errors of one system alone, with the interval; also for conditions such as noise.
SystemErrors count_system_errors(std::span<const ComparedUtterance> utterances,
                                 const SystemHypotheses& hypotheses,
                                 const BootstrapOptions& options = {});

/// Words of the references that `knows` does not know.
struct UnknownWords {
  int64_t words = 0;    ///< Of all references.
  int64_t unknown = 0;  ///< Running words.
  std::map<std::string, int64_t> by_word;
};
UnknownWords count_unknown_words(std::span<const ComparedUtterance> utterances,
                                 const std::function<bool(std::string_view)>& knows);

}  // namespace bivox
