// A recognizer's shared parts, loaded once and used by every thread: acoustic model, dictionary,
// language model and the search network made of them.
//
// Thread rule: immutable after loading. Errors: Error(kModel), Error(kUsage) for an unknown engine.
// Test: tests/apps/cli_transcribe_test.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "apps/console.h"
#include "apps/model_finder.h"
#include "asr/recognizer/recognizer.h"
#include "asr/search/search_network.h"
#include "models/acoustic_model.h"

namespace bivox {

/// What `transcribe` and `align` ask about models.
struct EngineOptions {
  std::string engine = "gmm";
  std::string model;
  std::string language_model;
  std::string dictionary;
};

struct Engine {
  RecognizerFiles files;
  std::shared_ptr<const AcousticModel> model;
  std::shared_ptr<const SearchNetwork> network;
};

/// Adds --engine, --model and --dict, and --lm if asked for.
void add_engine_options(CLI::App& verb, EngineOptions& options, bool with_language_model);

/// The acoustic model and its files; no search network.
Engine load_acoustic_engine(const EngineOptions& options, bool needs_language_model);

/// The same, ready to recognize.
Engine load_engine(const EngineOptions& options, Console& console);

}  // namespace bivox
