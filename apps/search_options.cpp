#include "apps/search_options.h"

namespace bivox {

RecognizerOptions recognizer_options(const Engine& engine, const SearchOverrides& overrides) {
  RecognizerOptions options;
  options.search = decoder_options_for(*engine.model);
  if (engine.weights.language_weight) {
    options.search.language_weight = *engine.weights.language_weight;
  }
  if (engine.weights.word_penalty) options.search.word_penalty = *engine.weights.word_penalty;
  if (engine.grammar != nullptr) set_command_mode(engine.grammar, options);
  if (overrides.beam) options.search.beam = *overrides.beam;
  if (overrides.language_weight) options.search.language_weight = *overrides.language_weight;
  if (overrides.word_penalty) options.search.word_penalty = *overrides.word_penalty;
  if (overrides.max_active) options.search.max_active = *overrides.max_active;
  options.rescorer = engine.rescorer;
  return options;
}

}  // namespace bivox
