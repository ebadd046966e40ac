// Judges the texts of many utterances against their references: what `bivox score` prints.
//
// Every reference utterance counts. One that has no hypothesis, or an empty one, is all deletions;
// the former are named in `missing`. Hypotheses without a reference are named in `extra` and do not
// count. The 95 % interval of the word error rate is a bootstrap over speakers if each utterance
// has one and there are at least kMinSpeakers of them (fewer make it meaningless), else over
// utterances. Thread rule: free function, plain values. Test: tests/asr/evaluation/score_test.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "asr/evaluation/bootstrap.h"
#include "asr/evaluation/utterance_texts.h"
#include "asr/evaluation/word_errors.h"
#include "models/lexicon/text_normalization.h"

namespace bivox {

struct ScoreOptions {
  bool normalize = true;  ///< false: words are compared as they are.
  TextNormalization normalization;
  BootstrapOptions bootstrap;
};

struct UtteranceScore {
  std::string id;
  std::string speaker;
  std::string reference;   ///< As compared: normalized.
  std::string hypothesis;  ///< As compared: normalized.
  ErrorCounts words;
  ErrorCounts characters;
};

struct ScoreReport {
  static constexpr int kMinSpeakers = 10;

  std::vector<UtteranceScore> utterances;  ///< In the order of the references.
  ErrorCounts words;
  ErrorCounts characters;
  int64_t wrong_sentences = 0;
  RateInterval word_interval;
  int num_speakers = 0;        ///< 0 if unknown.
  bool over_speakers = false;  ///< What was drawn for the interval.
  std::vector<std::string> missing;
  std::vector<std::string> extra;

  double sentence_error_rate() const {
    return utterances.empty()
               ? 0.0
               : static_cast<double>(wrong_sentences) / static_cast<double>(utterances.size());
  }
};

ScoreReport score_utterances(std::span<const UtteranceText> references,
                             std::span<const UtteranceText> hypotheses,
                             const ScoreOptions& options = {});

}  // namespace bivox
