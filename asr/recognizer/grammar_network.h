// What command mode searches: a grammar, the pronunciations of its words, and the filler path that
// takes what is not of the grammar.
//
// The search stays the one of decoder.h: the grammar becomes a language model that forbids
// (models/lm/grammar_compiler.h), the filler path a loop over words of one phone each, which are
// added to the lexicon. With `rejection` r an utterance of n phones is rejected when
//
//   a (S - G) > n r,   S, G: log scores of the best phone sequence and the best sentence of the
//                            grammar, a: the model's scale of posteriors
//
// (ScoreScale::posterior_scale). So r is in log odds a phone, as the other costs and the beam here
// are, and means the same for scores of any kind and frames of any length. A lower one rejects
// more: both false acceptances and false rejections follow from it, so it is set on recordings of
// both kinds.
//
// Errors: Error(kModel) that names the words without a pronunciation. Thread rule: free functions.
// Test: tests/asr/recognizer/grammar_network_test.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "asr/search/decoder.h"
#include "asr/search/search_network.h"
#include "models/acoustic_model.h"
#include "models/lexicon/lexicon.h"
#include "models/lm/grammar.h"

namespace bivox {

/// Words of the grammar that the lexicon has neither as they are written nor in lower or upper
/// case.
std::vector<std::string> words_without_pronunciation(const Grammar& grammar,
                                                     const Lexicon& lexicon);

/// Search options for grammars: `options` of dictation with the weights and beams of commands.
DecoderOptions grammar_decoder_options(DecoderOptions options);

/// The network of a grammar. Its lexicon holds only the grammar's words, spelt as the grammar
/// spells them. Without `rejection` every utterance is taken for a sentence of the grammar.
/// `options` are those of the search, of whose language weight `rejection` is independent.
std::shared_ptr<const SearchNetwork> make_grammar_network(std::shared_ptr<const HmmSet> hmms,
                                                          const std::vector<FillerWord>& fillers,
                                                          const Lexicon& lexicon,
                                                          const Grammar& grammar,
                                                          std::optional<float> rejection,
                                                          const DecoderOptions& options);

}  // namespace bivox
