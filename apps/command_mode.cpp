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

// Log odds a phone (asr/recognizer/grammar_network.h). What they give on the training split of
// Speech Commands, commands rejected and other words accepted, with convnet-en and with gmm-en:
// high 7 and 10 %, 3 and 47 %; medium 5 and 22 %, 2 and 61 %; low 3 and 43 %, 2 and 78 %.
struct Strength {
  const char* name;
  float odds;
};
constexpr std::array kStrengths = {Strength{"low", 2.8F}, Strength{"medium", 1.7F},
                                   Strength{"high", 1.0F}};
constexpr float kMostOdds = 100.0F;

std::optional<float> rejection_odds(const std::string& strength) {
  if (strength == "off") return std::nullopt;
  for (const Strength& known : kStrengths) {
    if (strength == known.name) return known.odds;
  }
  float odds = 0.0F;
  const char* end = strength.data() + strength.size();
  const auto [stop, error] = std::from_chars(strength.data(), end, odds);
  if (error != std::errc() || stop != end || !(odds >= 0.0F) || odds > kMostOdds) {
    throw Error(ErrorCode::kUsage, fmt::format("--rejection {}", strength),
                fmt::format("use off, low, medium, high or log odds a phone from 0 to {:g}",
                            static_cast<double>(kMostOdds)));
  }
  return odds;
}

}  // namespace

void add_command_options(CLI::App& verb, CommandOptions& options) {
  CLI::Option* grammar =
      verb.add_option("--grammar", options.grammar,
                      "Hear only sentences of this grammar: JSGF, or a list of one phrase a line");
  std::string names = "off";
  for (const Strength& known : kStrengths) {
    names += fmt::format(", {} ({:g})", known.name, static_cast<double>(known.odds));
  }
  verb.add_option("--rejection", options.rejection,
                  fmt::format("How readily speech that is not of the grammar is rejected: {}, or\n"
                              "the log odds a phone that it has to lose by; fewer reject more",
                              names))
      ->needs(grammar);
}

CommandNetwork load_command_network(const CommandOptions& options,
                                    const std::shared_ptr<const AcousticModel>& model,
                                    Lexicon lexicon) {
  const std::optional<float> odds = rejection_odds(options.rejection);
  CommandNetwork made;
  made.grammar = Grammar::load(options.grammar);
  const std::vector<std::string> unknown = words_without_pronunciation(*made.grammar, lexicon);
  made.pronounced = complete_lexicon(lexicon, model->hmms().phones(), unknown).pronounced;
  // The network shares the model's HMMs and keeps the model alive.
  const std::shared_ptr<const HmmSet> hmms(model, &model->hmms());
  made.network = make_grammar_network(hmms, model->fillers(), lexicon, *made.grammar, odds,
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
