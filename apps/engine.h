// A recognizer's shared parts, loaded once and used by every thread: acoustic model, dictionary,
// language model with what the user adds to them, and the search network made of it all; and the
// larger language model of the second pass.
//
// Thread rule: immutable after loading. Errors: Error(kModel), Error(kUsage) for an unknown engine.
// Test: tests/apps/cli_transcribe_test.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/command_mode.h"
#include "apps/console.h"
#include "apps/model_finder.h"
#include "apps/user_vocabulary.h"
#include "asr/recognizer/recognizer.h"
#include "asr/search/rescoring.h"
#include "asr/search/search_network.h"
#include "legacy/adaptation/speaker_adaptation.h"
#include "legacy/gmm/gmm_model_folder.h"
#include "models/acoustic_model.h"

namespace bivox {

/// What `transcribe` and `align` ask about models.
struct EngineOptions {
  std::string engine = "gmm";
  std::string model;
  std::string language_model;
  std::string dictionary;
  VocabularyOptions vocabulary;
  std::string rescoring_model;  ///< Empty: one pass.
  RescoringOptions rescoring;
  CommandOptions command;
  bool adapt = false;  ///< Make the second pass of Engine::adapted.
};

struct Engine {
  RecognizerFiles files;
  LanguageWeights weights;                          ///< Those that the language model wants.
  std::shared_ptr<const AcousticModel> model;       ///< For speech as it is, not adapted.
  std::shared_ptr<const GmmModel> gmm;              ///< Of the kind "gmm-hmm"; else null.
  std::shared_ptr<const Engine> adapted;            ///< For speech that is adapted; else null.
  std::shared_ptr<const AdaptableModel> adaptable;  ///< What both passes share; else null.
  std::shared_ptr<const SearchNetwork> network;
  std::shared_ptr<const Grammar> grammar;    ///< Null for dictation.
  std::shared_ptr<const Rescorer> rescorer;  ///< Null for one pass.
  std::vector<PronouncedWord> pronounced;    ///< Words that the user added without phones.
};

/// Adds --engine, --model, --dict and --words, and if asked for --lm, --rescore, --boost,
/// --grammar and --rejection.
void add_engine_options(CLI::App& verb, EngineOptions& options, bool with_language_model);

/// The notice that lists words which were pronounced by their letters.
void say_pronounced(std::span<const PronouncedWord> words, Console& console);

/// The dictionary of an engine, with the probabilities of pronunciations that its model has.
Lexicon load_lexicon(const Engine& engine);

/// The acoustic model and its files; no search network.
Engine load_acoustic_engine(const EngineOptions& options, bool needs_language_model);

/// The same, ready to recognize.
Engine load_engine(const EngineOptions& options, Console& console);

}  // namespace bivox
