// What recognition and alignment give: words with times and confidence, in segments.
//
// Times are in seconds from the start of the file, monotone, inside [0, duration_s].
// Confidence is in [0, 1]: the estimated probability that the word is right
// (asr/search/minimum_bayes_risk.h). Thread rule: plain values. Writers: asr/transcript/writers.h.
#pragma once

#include <string>
#include <vector>

namespace bivox {

/// A stretch of time.
struct TimeSpan {
  double start_s = 0.0;
  double end_s = 0.0;
};

/// A stretch of time with a name: a phone, or a state within a phone.
struct TimedLabel {
  std::string name;
  double start_s = 0.0;
  double end_s = 0.0;
};

struct TimedPhone : TimedLabel {
  /// States from left to right; the name is the index of the tied state. Empty unless aligned.
  std::vector<TimedLabel> states;
};

struct TranscriptWord : TimedLabel {
  float confidence = 1.0F;
  /// Filled by forced alignment; may be empty after recognition.
  std::vector<TimedPhone> phones;
};

/// One entry of an n-best list.
struct Hypothesis {
  std::string text;
  double log_score = 0.0;  ///< Objective of the search (asr/search/decoder.h), natural log.
};

/// A stretch of speech between pauses; texts of segments follow each other.
struct TranscriptSegment {
  double start_s = 0.0;
  double end_s = 0.0;
  std::vector<TranscriptWord> words;
  std::vector<Hypothesis> nbest;  ///< Best first; empty unless asked for.
  double log_score = 0.0;
  std::vector<std::string> tags;  ///< Of the grammar, in order; empty without one.

  std::string text() const;
};

/// A word that no dictionary had: how it was taken to be pronounced.
struct PronouncedWord {
  std::string word;
  std::vector<std::string> phones;
  float confidence = 0.0F;  ///< In [0, 1], of the model that pronounced it.
};

struct Transcript {
  std::string source;  ///< The file's name as the user gave it.
  double duration_s = 0.0;
  std::vector<TranscriptSegment> segments;
  std::vector<std::string> unknown_words;  ///< Words asked for that nothing pronounces.
  std::vector<PronouncedWord> pronounced;  ///< Words asked for that no dictionary pronounces.
  /// Stretches of sound that are not of the grammar or, in dictation, not taken for speech; without
  /// words, and so not in `segments`.
  std::vector<TimeSpan> rejected;

  std::string text() const;
};

}  // namespace bivox
