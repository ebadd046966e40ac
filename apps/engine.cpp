#include "apps/engine.h"

#include <fmt/format.h>

#include <chrono>

#include "apps/acoustic_models.h"
#include "apps/unknown_words.h"
#include "dsp/core/error.h"
#include "legacy/gmm/gmm_model_folder.h"
#include "models/lexicon/lexicon.h"
#include "models/lexicon/pronunciation_probabilities.h"
#include "models/lm/ngram.h"

namespace bivox {

namespace fs = std::filesystem;

namespace {

// Of models that bring none of their own.
constexpr const char* kDefaultLanguageModel = "en-small";

void load_model_of(Engine& engine) {
  const fs::path& folder = engine.files.acoustic_model;
  if (engine.files.kind != kGmmModelKind) {
    engine.model = load_acoustic_model(folder);
    return;
  }
  engine.gmm = std::make_shared<const GmmModel>(load_gmm_model(folder));
  engine.model = engine.gmm->unadapted().acoustic_model(folder.string());
}

}  // namespace

void add_engine_options(CLI::App& verb, EngineOptions& options, bool with_language_model) {
  verb.add_option("--engine", options.engine,
                  "Kind of recognizer where no model is named: gmm (Gaussian mixtures) or convnet")
      ->check(CLI::IsMember({"gmm", "convnet"}));
  verb.add_option("--model", options.model,
                  "Model folder, or the name of a bundled model (default: $BIVOX_MODEL_PATH, else\n"
                  "gmm-en or convnet-en)");
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
  request.engine = options.engine;
  request.language_model = options.language_model;
  request.dictionary = options.dictionary;
  request.needs_language_model = false;
  Engine engine;
  const auto use = [&](const std::string& name) {
    const LanguageFiles language = find_language_files(name);
    engine.weights = language.weights;
    request.language_model = language.language_model;
    if (request.dictionary.empty()) request.dictionary = language.dictionary;
  };
  if (!options.language_model.empty()) use(options.language_model);
  engine.files = find_recognizer_files(request);
  const bool is_own = engine.files.kind != "sphinx";
  if (needs_language_model && options.language_model.empty() && is_own) {
    // A dictionary that a model brings has its phones.
    if (request.dictionary.empty()) request.dictionary = engine.files.dictionary;
    use(kDefaultLanguageModel);
  }
  request.needs_language_model = needs_language_model;
  engine.files = find_recognizer_files(request);
  // Models of Bivox's own say what their scores are worth.
  if (is_own) engine.weights = {};
  load_model_of(engine);
  return engine;
}

Lexicon load_lexicon(const Engine& engine) {
  const PhoneSet& phones = engine.model->hmms().phones();
  Lexicon lexicon = Lexicon::load(engine.files.dictionary, phones);
  const fs::path probabilities = engine.files.acoustic_model / kPronunciationsFile;
  std::error_code ignored;
  if (engine.gmm != nullptr && fs::exists(probabilities, ignored)) {
    set_pronunciation_probabilities(load_pronunciation_probabilities(probabilities, phones),
                                    lexicon);
  }
  return lexicon;
}

namespace {

// Network and rescorer for a model that hears the same words as `engine`.
void make_network(const EngineOptions& options, Lexicon lexicon, const LanguageModel& lm,
                  std::span<const BoostedPhrase> phrases, Engine& engine) {
  // The network shares the model's HMMs and keeps the model alive.
  const std::shared_ptr<const HmmSet> hmms(engine.model, &engine.model->hmms());
  engine.network =
      std::make_shared<const SearchNetwork>(hmms, engine.model->fillers(), std::move(lexicon), lm);
  if (options.rescoring_model.empty()) return;
  const fs::path larger = find_language_files(options.rescoring_model).language_model;
  engine.rescorer = std::make_shared<const Rescorer>(engine.network, NgramModel::load(larger),
                                                     phrases, options.rescoring);
}

// The second pass of speaker adaptation.
std::shared_ptr<const Engine> adapted_engine(const EngineOptions& options, const Engine& first,
                                             const LanguageModel& lm,
                                             std::span<const BoostedPhrase> phrases) {
  auto second = std::make_shared<Engine>(first);
  second->model = first.adaptable->target();
  second->network = nullptr;
  second->rescorer = nullptr;
  make_network(options, first.network->lexicon(), lm, phrases, *second);
  return second;
}

// The grammar takes the place of the language model and of all that is laid over it.
Engine load_command_engine(const EngineOptions& options, Console& console) {
  if (!options.language_model.empty() || !options.rescoring_model.empty() ||
      !options.vocabulary.boosts.empty() || options.adapt) {
    throw Error(ErrorCode::kUsage, "--grammar excludes --lm, --rescore, --boost and --adapt",
                "give weights to the alternatives of the grammar");
  }
  Engine engine = load_acoustic_engine(options, false);
  const PhoneSet& phones = engine.model->hmms().phones();
  Lexicon lexicon = load_lexicon(engine);
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
  if (options.adapt && engine.gmm == nullptr) {
    throw Error(ErrorCode::kUsage,
                fmt::format("--adapt: {} cannot be adapted", engine.files.acoustic_model.string()),
                "models of `bivox train gmm` can");
  }
  const PhoneSet& phones = engine.model->hmms().phones();
  Lexicon lexicon = load_lexicon(engine);
  auto ngram = NgramModel::load(engine.files.language_model);
  UserVocabulary vocabulary = load_user_vocabulary(options.vocabulary, *ngram, phones, lexicon);
  say_pronounced(vocabulary.pronounced, console);
  engine.pronounced = std::move(vocabulary.pronounced);
  const LanguageModel lm(std::move(ngram), vocabulary.added, vocabulary.phrases);
  make_network(options, std::move(lexicon), lm, vocabulary.phrases, engine);
  if (options.adapt) {
    engine.adaptable = std::make_shared<const AdaptableModel>(engine.gmm);
    engine.adapted = adapted_engine(options, engine, lm, vocabulary.phrases);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  console.detail(
      fmt::format("bivox: model {}, language model {}, dictionary {}; loaded in {:.2f} s",
                  engine.files.acoustic_model.string(), engine.files.language_model.string(),
                  engine.files.dictionary.string(), seconds.count()));
  return engine;
}

}  // namespace bivox
