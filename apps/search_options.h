// What users may change about the search, beside what model and language model want.
//
// Test: tests/apps/cli_transcribe_test.cpp, cli_compare_test.cpp.
#pragma once

#include <optional>

#include "apps/engine.h"
#include "asr/recognizer/recognizer.h"

namespace bivox {

struct SearchOverrides {
  std::optional<float> beam;
  std::optional<float> language_weight;
  std::optional<float> word_penalty;
  std::optional<int> max_active;
};

/// The model's own options, then those of its language model and grammar, then the user's.
RecognizerOptions recognizer_options(const Engine& engine, const SearchOverrides& overrides);

}  // namespace bivox
