#include "apps/engine.h"

#include <fmt/format.h>

#include <chrono>

#include "dsp/core/error.h"
#include "legacy/gmm/sphinx_model.h"
#include "models/lexicon/lexicon.h"
#include "models/lm/ngram.h"

namespace bivox {

void add_engine_options(CLI::App& verb, EngineOptions& options, bool with_language_model) {
  verb.add_option("--engine", options.engine, "Kind of recognizer: gmm (Gaussian mixtures)")
      ->check(CLI::IsMember({"gmm"}));
  verb.add_option("--model", options.model,
                  "Model folder (default: $BIVOX_MODEL_PATH, else Debian's pocketsphinx-en-us)");
  if (with_language_model) {
    verb.add_option(
        "--lm", options.language_model,
        "Language model: ARPA, .gz, Sphinx .lm.bin (default: the one beside the model)");
  }
  verb.add_option("--dict", options.dictionary,
                  "Dictionary in CMUdict form (default: the one beside the model)");
}

Engine load_acoustic_engine(const EngineOptions& options, bool needs_language_model) {
  ModelRequest request;
  request.model = options.model;
  request.language_model = options.language_model;
  request.dictionary = options.dictionary;
  request.needs_language_model = needs_language_model;
  Engine engine;
  engine.files = find_recognizer_files(request);
  engine.model = load_sphinx_model(engine.files.acoustic_model);
  return engine;
}

Engine load_engine(const EngineOptions& options, Console& console) {
  const auto start = std::chrono::steady_clock::now();
  Engine engine = load_acoustic_engine(options, true);
  auto lexicon = Lexicon::load(engine.files.dictionary, engine.model->hmms().phones());
  auto language_model = NgramModel::load(engine.files.language_model);
  // The network shares the model's HMMs and keeps the model alive.
  const std::shared_ptr<const HmmSet> hmms(engine.model, &engine.model->hmms());
  engine.network = std::make_shared<const SearchNetwork>(
      hmms, engine.model->fillers(), std::move(lexicon), std::move(language_model));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  console.detail(
      fmt::format("bivox: model {}, language model {}, dictionary {}; loaded in {:.2f} s",
                  engine.files.acoustic_model.string(), engine.files.language_model.string(),
                  engine.files.dictionary.string(), seconds.count()));
  return engine;
}

}  // namespace bivox
