// Measures every utterance of a data set and ranks them: what `bivox data check` does before it
// writes anything.
//
// Recordings are read at their own rate, aligned with their texts at the model's. Words that the
// dictionary lacks are pronounced by their letters, so that their texts can be aligned too. A file
// that cannot be read, or a text that does not fit, is a finding and no error.
// Thread rule: check_data_set() runs `jobs` threads itself. Errors: Error(kModel) from loading.
// Test: tests/apps/cli_data_test.cpp.
#pragma once

#include <vector>

#include "apps/console.h"
#include "apps/engine.h"
#include "asr/evaluation/utterance_texts.h"
#include "legacy/data_check/data_check.h"

namespace bivox {

struct DataSetCheck {
  std::vector<UtteranceFacts> facts;      ///< In the order of the utterances.
  std::vector<CheckedUtterance> checked;  ///< Worst first.
  DataCheckOptions options;
  double audio_s = 0.0;
  bool complete = true;  ///< False after Ctrl-C: nothing is checked then.
};

DataSetCheck check_data_set(const std::vector<UtteranceText>& utterances,
                            const EngineOptions& engine_options, DataCheckOptions options, int jobs,
                            Console& console);

}  // namespace bivox
