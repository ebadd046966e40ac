#include "apps/command_mode.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "apps/unknown_words.h"
#include "asr/recognizer/grammar_network.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

// Costs a phone of the filler path (asr/recognizer/grammar_network.h), set on the training split of
// Speech Commands: medium is where commands rejected are as many as other words accepted.
struct Strength {
  const char* name;
  float cost;
};
constexpr std::array kStrengths = {Strength{"low", 120.0F}, Strength{"medium", 100.0F},
                                   Strength{"high", 80.0F}};

std::optional<float> rejection_cost(const std::string& strength) {
  if (strength == "off") return std::nullopt;
  for (const Strength& known : kStrengths) {
    if (strength == known.name) return known.cost;
  }
  float cost = 0.0F;
  const char* end = strength.data() + strength.size();
  const auto [stop, error] = std::from_chars(strength.data(), end, cost);
  if (error != std::errc() || stop != end || !(cost >= 0.0F) || cost > 1e4F) {
    throw Error(ErrorCode::kUsage, fmt::format("--rejection {}", strength),
                "use off, low, medium, high or a cost a phone from 0 to 10000");
  }
  return cost;
}

}  // namespace

void add_command_options(CLI::App& verb, CommandOptions& options) {
  CLI::Option* grammar =
      verb.add_option("--grammar", options.grammar,
                      "Hear only sentences of this grammar: JSGF, or a list of one phrase a line");
  std::string names = "off";
  for (const Strength& known : kStrengths) {
    names += fmt::format(", {} ({:g})", known.name, static_cast<double>(known.cost));
  }
  verb.add_option("--rejection", options.rejection,
                  fmt::format("How readily speech that is not of the grammar is rejected: {}, or\n"
                              "the cost a phone of the filler path; a lower one rejects more",
                              names))
      ->needs(grammar);
}

CommandNetwork load_command_network(const CommandOptions& options,
                                    const std::shared_ptr<const AcousticModel>& model,
                                    Lexicon lexicon) {
  const std::optional<float> cost = rejection_cost(options.rejection);
  CommandNetwork made;
  made.grammar = Grammar::load(options.grammar);
  const std::vector<std::string> unknown = words_without_pronunciation(*made.grammar, lexicon);
  made.pronounced = complete_lexicon(lexicon, model->hmms().phones(), unknown).pronounced;
  // The network shares the model's HMMs and keeps the model alive.
  const std::shared_ptr<const HmmSet> hmms(model, &model->hmms());
  made.network = make_grammar_network(hmms, model->fillers(), lexicon, *made.grammar, cost,
                                      grammar_decoder_options(decoder_options_for(*model)));
  return made;
}

void set_command_mode(std::shared_ptr<const Grammar> grammar, RecognizerOptions& options) {
  // Voice activity detection finds 95 % of single words; what is this short is a command.
  constexpr double kShortRecordingS = 5.0;
  options.search = grammar_decoder_options(options.search);
  options.whole_below_s = kShortRecordingS;
  options.grammar = std::move(grammar);
}

}  // namespace bivox
