#include "asr/recognizer/grammar_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "asr/recognizer/word_spelling.h"
#include "dsp/core/error.h"
#include "models/lm/grammar_compiler.h"

namespace bivox {
namespace {

// Log odds; over the scale of posteriors they are costs in the units of a model's scores.
// Of nothing said: a recording of silence or noise must not come out as a command.
constexpr float kSilenceOdds = 1.0F;
constexpr float kNoiseOdds = 3.3F;  // for each noise beside words
// The filler path pays for each phone before it gains by it: it must not be dropped meanwhile.
constexpr float kBeamOdds = 11.0F;

std::string joined(const std::vector<std::string>& words) {
  constexpr size_t kMost = 20;
  std::string text;
  for (size_t i = 0; i < words.size() && i < kMost; ++i) text += (i == 0 ? "" : ", ") + words[i];
  if (words.size() > kMost) text += fmt::format(" and {} more", words.size() - kMost);
  return text;
}

}  // namespace

std::vector<std::string> words_without_pronunciation(const Grammar& grammar,
                                                     const Lexicon& lexicon) {
  std::vector<std::string> unknown;
  for (const std::string& word : grammar.words()) {
    if (!find_in_any_case(word, lexicon)) unknown.push_back(word);
  }
  return unknown;
}

DecoderOptions grammar_decoder_options(DecoderOptions options) {
  options.word_penalty = 0.0F;
  options.beam = std::max(options.beam, kBeamOdds / options.posterior_scale);
  options.filler_penalty = -kNoiseOdds / options.posterior_scale;
  options.word_beam = options.beam;
  options.leaf_beam = options.beam;
  options.max_word_ends = 400;
  // Words of least risk need not be a sentence of the grammar; the best path is.
  options.minimum_bayes_risk = false;
  return options;
}

std::shared_ptr<const SearchNetwork> make_grammar_network(std::shared_ptr<const HmmSet> hmms,
                                                          const std::vector<FillerWord>& fillers,
                                                          const Lexicon& lexicon,
                                                          const Grammar& grammar,
                                                          std::optional<float> rejection,
                                                          const DecoderOptions& options) {
  const std::vector<std::string> unknown = words_without_pronunciation(grammar, lexicon);
  if (!unknown.empty()) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: no pronunciation for: {}", grammar.source(), joined(unknown)),
                "add them to the dictionary, or spell them as it does");
  }
  Lexicon own;
  for (const std::string& word : grammar.words()) {
    const WordIndex known = *find_in_any_case(word, lexicon);
    for (int i = 0; i < lexicon.num_pronunciations(known); ++i) {
      own.add(word, lexicon.pronunciation(known, i));
    }
  }
  GrammarModelOptions model;
  model.silence_log_prob = -kSilenceOdds / (options.posterior_scale * options.language_weight);
  std::vector<WordIndex> isolated;
  if (rejection) {
    const PhoneSet& phones = hmms->phones();
    for (PhoneId phone = 0; phone < phones.size(); ++phone) {
      if (phones.is_filler(phone)) continue;
      // No token of a grammar has these brackets, so none is taken for a phone.
      model.filler_words.push_back(fmt::format("<phone {}>", phones.name(phone)));
      isolated.push_back(own.add(model.filler_words.back(), std::span(&phone, 1)));
    }
    // The search will multiply with the weight and add the penalty.
    model.filler_log_prob =
        -(*rejection / options.posterior_scale + options.word_penalty) / options.language_weight;
  }
  return std::make_shared<const SearchNetwork>(std::move(hmms), fillers, std::move(own),
                                               compile_grammar(grammar, model), isolated);
}

}  // namespace bivox
