// Sections of a report from a Comparison: what `bivox compare` prints and writes.
//
// Rates are word error rates; intervals are of 95 %. Thread rule: pure functions.
// Test: tests/asr/evaluation/comparison_report_test.cpp.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "asr/evaluation/comparison.h"
#include "asr/evaluation/report.h"
#include "dsp/audio/audio_buffer.h"

namespace bivox {

/// What it cost to run a system. Not a number: not measured (a file of hypotheses).
struct SystemMeasures {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

  std::string name;
  std::string model;  ///< Folder or file.
  std::string kind;
  double audio_s = 0.0;
  double core_s = kUnknown;       ///< Processor time of recognition, without loading.
  double wall_s = kUnknown;       ///< The same by the clock.
  double load_s = kUnknown;       ///< Clock, from nothing to ready.
  double peak_bytes = kUnknown;   ///< Most memory beyond what was there before loading.
  double model_bytes = kUnknown;  ///< Acoustic model on disk.
  double parameters = kUnknown;
  double operations = kUnknown;  ///< Of the acoustic model, for a second of audio.
  std::string operations_note;
  std::vector<double> utterance_core_s;  ///< Of each utterance.
  /// Of each utterance: from the end of the first stretch of speech to its text, if the audio came
  /// in real time.
  std::vector<double> latency_s;
};

/// Errors with noise added; `snr_db` infinite: none.
struct NoiseCondition {
  std::string noise;
  bool unseen = false;  ///< No model was trained with it.
  double snr_db = std::numeric_limits<double>::infinity();
  std::vector<ErrorCounts> words;       ///< Of each system.
  std::vector<RateInterval> intervals;  ///< Of each system.
};

/// The best system, how surely it beats each other one, and what they cost: a sentence each.
std::vector<std::string> comparison_summary(const Comparison& comparison,
                                            std::span<const SystemMeasures> measures);

ReportSection error_section(const Comparison& comparison,
                            const std::optional<UnknownWords>& unknown);
ReportSection significance_section(const Comparison& comparison);
ReportSection overlap_section(const Comparison& comparison);
/// Calibration of the words' confidence; without systems that give one, empty.
ReportSection confidence_section(const Comparison& comparison);
ReportSection group_section(const Comparison& comparison);
ReportSection noise_section(std::span<const std::string> systems,
                            std::span<const NoiseCondition> conditions);
ReportSection speed_section(const Comparison& comparison, std::span<const SystemMeasures> measures);

struct UtteranceCardOptions {
  size_t max_clips = 40;  ///< Utterances with sound and spectrogram, the most different first.
  /// The recording; empty where it cannot be read. Null: no clips.
  std::function<AudioBuffer(const ComparedUtterance&)> audio;
};

/// One card an utterance: player, spectrogram, the words of each system where they were heard,
/// errors coloured.
ReportSection utterance_section(const Comparison& comparison, const UtteranceCardOptions& options);

/// Number at `share` of the way through the sorted values that are numbers; not a number without.
double quantile_of(std::vector<double> values, double share);

}  // namespace bivox
