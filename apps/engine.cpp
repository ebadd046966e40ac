#include "apps/engine.h"

#include <fmt/format.h>

#include <chrono>

#include "apps/unknown_words.h"
#include "dsp/core/error.h"
#include "legacy/gmm/sphinx_model.h"
#include "models/lexicon/lexicon.h"
#include "models/lm/ngram.h"

namespace bivox {

namespace fs = std::filesystem;

namespace {

// Better than the language model beside the default acoustic model, and a third of its size.
constexpr const char* kDefaultLanguageModel = "en-small";

}  // namespace

void add_engine_options(CLI::App& verb, EngineOptions& options, bool with_language_model) {
  verb.add_option("--engine", options.engine, "Kind of recognizer: gmm (Gaussian mixtures)")
      ->check(CLI::IsMember({"gmm"}));
  verb.add_option("--model", options.model,
                  "Model folder (default: $BIVOX_MODEL_PATH, else Debian's pocketsphinx-en-us)");
  if (with_language_model) {
    verb.add_option(
        "--lm", options.language_model,
        "Language model: a bundled one such as en-small (with its dictionary), or a file: Bivox\n"
        ".bin, ARPA, .gz, Sphinx .lm.bin (default: the one beside a model that is named, else\n"
        "en-small)");
    CLI::Option* rescore = verb.add_option(
        "--rescore", options.rescoring_model,
        "Larger language model for a second pass over the lattice (default: one pass)");
    verb.add_option("--rescore-share", options.rescoring.share,
                    "Share of the larger model beside the first one in the second pass, 0 to 1")
        ->needs(rescore)
        ->check(CLI::Range(0.01, 1.0));
  }
  verb.add_option(
      "--dict", options.dictionary,
      "Dictionary in CMUdict form (default: that of the language model, else the one beside\n"
      "the model)");
  add_vocabulary_options(verb, options.vocabulary, with_language_model);
  if (with_language_model) add_command_options(verb, options.command);
}

void say_pronounced(std::span<const PronouncedWord> words, Console& console) {
  if (words.empty()) return;
  console.log(
      LogLevel::kNotice,
      fmt::format("not in the dictionary, pronounced by their letters: {}", describe(words)));
}

Engine load_acoustic_engine(const EngineOptions& options, bool needs_language_model) {
  ModelRequest request;
  request.model = options.model;
  request.language_model = options.language_model;
  request.dictionary = options.dictionary;
  request.needs_language_model = needs_language_model;
  Engine engine;
  const auto use = [&](const std::string& name) {
    const LanguageFiles language = find_language_files(name);
    engine.weights = language.weights;
    request.language_model = language.language_model;
    if (request.dictionary.empty()) request.dictionary = language.dictionary;
  };
  if (!options.language_model.empty()) use(options.language_model);
  engine.files = find_recognizer_files(request);
  if (needs_language_model && options.language_model.empty() && engine.files.is_default) {
    use(kDefaultLanguageModel);
    engine.files = find_recognizer_files(request);
  }
  engine.model = load_sphinx_model(engine.files.acoustic_model);
  return engine;
}

namespace {

// The grammar takes the place of the language model and of all that is laid over it.
Engine load_command_engine(const EngineOptions& options, Console& console) {
  if (!options.language_model.empty() || !options.rescoring_model.empty() ||
      !options.vocabulary.boosts.empty()) {
    throw Error(ErrorCode::kUsage, "--grammar excludes --lm, --rescore and --boost",
                "give weights to the alternatives of the grammar");
  }
  Engine engine = load_acoustic_engine(options, false);
  const PhoneSet& phones = engine.model->hmms().phones();
  auto lexicon = Lexicon::load(engine.files.dictionary, phones);
  engine.pronounced = add_listed_words(options.vocabulary, phones, lexicon);
  CommandNetwork command = load_command_network(options.command, engine.model, std::move(lexicon));
  engine.pronounced.insert(engine.pronounced.end(), command.pronounced.begin(),
                           command.pronounced.end());
  say_pronounced(engine.pronounced, console);
  engine.grammar = std::move(command.grammar);
  engine.network = std::move(command.network);
  return engine;
}

}  // namespace

Engine load_engine(const EngineOptions& options, Console& console) {
  if (!options.command.grammar.empty()) return load_command_engine(options, console);
  const auto start = std::chrono::steady_clock::now();
  Engine engine = load_acoustic_engine(options, true);
  const PhoneSet& phones = engine.model->hmms().phones();
  auto lexicon = Lexicon::load(engine.files.dictionary, phones);
  auto ngram = NgramModel::load(engine.files.language_model);
  UserVocabulary vocabulary = load_user_vocabulary(options.vocabulary, *ngram, phones, lexicon);
  say_pronounced(vocabulary.pronounced, console);
  // The network shares the model's HMMs and keeps the model alive.
  const std::shared_ptr<const HmmSet> hmms(engine.model, &engine.model->hmms());
  engine.network = std::make_shared<const SearchNetwork>(
      hmms, engine.model->fillers(), std::move(lexicon),
      LanguageModel(std::move(ngram), vocabulary.added, vocabulary.phrases));
  engine.pronounced = std::move(vocabulary.pronounced);
  if (!options.rescoring_model.empty()) {
    const fs::path larger = find_language_files(options.rescoring_model).language_model;
    engine.rescorer = std::make_shared<const Rescorer>(engine.network, NgramModel::load(larger),
                                                       vocabulary.phrases, options.rescoring);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  console.detail(
      fmt::format("bivox: model {}, language model {}, dictionary {}; loaded in {:.2f} s",
                  engine.files.acoustic_model.string(), engine.files.language_model.string(),
                  engine.files.dictionary.string(), seconds.count()));
  return engine;
}

}  // namespace bivox
