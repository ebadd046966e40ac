#include "apps/search_options.h"

#include "asr/convnet/convnet_model.h"

namespace bivox {

RecognizerOptions recognizer_options(const Engine& engine, const SearchOverrides& overrides) {
  RecognizerOptions options;
  options.search = decoder_options_for(*engine.model);
  // Networks know noise from speech, mixtures less so. Of 80 utterances of dev sets and of children
  // all have 11 or more with a network; of crying, barking, crowing, sneezing six in seven have
  // less than this.
  if (engine.files.kind == kConvNetKind) options.least_odds_per_s = 6.0;
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
