// Runs the recognizers of `bivox compare`: hypotheses, and what they cost.
//
//   utterances + EngineSystem -> load -> (noise) -> Recognizer, on some threads -> SystemRun
//
// Each utterance is read whole at the model's rate, then given to the recognizer a tenth of a
// second at a time, as a microphone would; reading is not part of the measured time. What fails has
// its reason in the hypothesis and takes no part in the measures. Latency is that of the first
// stretch of speech: how much audio had come since its last word when its text was there, plus the
// time the last call took.
// Errors: Error(kModel) from loading; nothing from utterances. Thread rule: one at a time.
// Test: tests/apps/cli_compare_test.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/console.h"
#include "apps/engine.h"
#include "apps/noise_pool.h"
#include "apps/search_options.h"
#include "asr/evaluation/comparison_report.h"
#include "asr/evaluation/utterance_texts.h"

namespace bivox {

/// NAME=MODEL[,option=value...] of --system.
struct EngineSystem {
  std::string name;
  EngineOptions engine;
  SearchOverrides search;
  double training_hours = SystemMeasures::kUnknown;
  std::string training_run;  ///< Folder of its tables; empty: none.
};

/// `language_model` and `dictionary` are those of systems that name none of their own.
EngineSystem parse_engine_system(const std::string& text, const std::string& language_model,
                                 const std::string& dictionary);

struct NoiseSetting {
  const NoisePool* pool = nullptr;
  double snr_db = 0.0;
  uint64_t seed = 1;
};

struct SystemRun {
  SystemHypotheses hypotheses;
  SystemMeasures measures;
  std::vector<double> durations_s;    ///< Of each utterance; 0 where it could not be read.
  std::vector<double> multiply_adds;  ///< Of the acoustic model for each utterance; 0: unknown.
};

/// A system that is ready to run.
class CompareRunner {
 public:
  CompareRunner(const EngineSystem& system, Console& console);

  const Engine& engine() const { return engine_; }
  const RecognizerOptions& options() const { return options_; }
  const std::string& name() const { return system_.name; }
  const EngineSystem& system() const { return system_; }
  int sample_rate_hz() const { return engine_.model->front_end().sample_rate_hz; }

  /// Without noise where `noise.pool` is null. `done` is told how many are done. Empty if the user
  /// interrupted.
  std::optional<SystemRun> run(const std::vector<UtteranceText>& utterances, int jobs,
                               const NoiseSetting& noise, const TextNormalization& normalization,
                               const std::function<void(size_t)>& done);

 private:
  EngineSystem system_;
  Engine engine_;
  RecognizerOptions options_;
  double memory_before_ = 0.0;
  double load_s_ = 0.0;
};

}  // namespace bivox
