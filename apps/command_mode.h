// --grammar and --rejection: what `transcribe` needs to hear commands instead of dictation.
//
// Words of the grammar that the dictionary lacks are pronounced by their letters
// (unknown_words.h). Errors: Error(kModel) for a grammar that cannot be read or spoken,
// Error(kUsage) for a --rejection that is none. Thread rule: free functions. Test:
// tests/apps/cli_grammar_test.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "asr/recognizer/recognizer.h"
#include "asr/search/search_network.h"
#include "asr/transcript/transcript.h"
#include "models/acoustic_model.h"
#include "models/lexicon/lexicon.h"
#include "models/lm/grammar.h"

namespace bivox {

struct CommandOptions {
  std::string grammar;  ///< Path; empty: dictation.
  std::string rejection = "off";
};

void add_command_options(CLI::App& verb, CommandOptions& options);

/// What is searched in command mode.
struct CommandNetwork {
  std::shared_ptr<const Grammar> grammar;
  std::shared_ptr<const SearchNetwork> network;
  std::vector<PronouncedWord> pronounced;
};

/// Reads the grammar, completes the lexicon by its words and makes the network.
CommandNetwork load_command_network(const CommandOptions& options,
                                    const std::shared_ptr<const AcousticModel>& model,
                                    Lexicon lexicon);

/// Turns options of dictation into those of commands.
void set_command_mode(std::shared_ptr<const Grammar> grammar, RecognizerOptions& options);

}  // namespace bivox
