// Finds the files of a recognizer: acoustic model, language model and dictionary.
//
// Where: `--model`, a folder or the name of a bundled model; else the folders of $BIVOX_MODEL_PATH,
// separated by ':'; else the bundled model of the engine ("gmm-en", "convnet-en").
//
// A folder is an acoustic model itself or the folder above one. Acoustic models are model folders
// (models/io/model_folder.h) of the kinds "gmm-hmm" and "convnet", whose option "dictionary" names
// a file of theirs or a bundled language model; and models of CMU Sphinx (they hold `mdef`), with
// language model and dictionary beside them or in the folder above: language models are named
// *.lm.bin, *.lm.gz, *.lm, *.arpa or *.bivoxlm, dictionaries *.dict or *.dic. Errors: Error(kModel)
// that lists where was looked. Thread rule: free functions. Test:
// tests/apps/model_finder_test.cpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bivox {

struct RecognizerFiles {
  std::filesystem::path acoustic_model;  ///< A folder.
  std::string kind;                      ///< "sphinx", "gmm-hmm" or "convnet".
  std::filesystem::path language_model;  ///< Empty: none beside the model.
  std::filesystem::path dictionary;
};

/// What the user asked for; an empty path means: find it.
struct ModelRequest {
  std::filesystem::path model;
  std::filesystem::path language_model;
  std::filesystem::path dictionary;
  bool needs_language_model = true;
  std::string engine = "gmm";  ///< Which models a search finds: of "gmm" or of "convnet".
};

RecognizerFiles find_recognizer_files(const ModelRequest& request);

/// The folder of a model that comes with Bivox, such as "g2p-en": below one of the folders of
/// $BIVOX_MODEL_PATH, installed as share/bivox/models beside the program's bin, or
/// models/pretrained of the source tree that the program was built in. Error(kModel) that lists
/// where was looked.
std::filesystem::path find_bundled_model(const std::string& name);

/// The folders below which bundled models are looked for, in that order; not all need exist.
std::vector<std::filesystem::path> bundled_model_places();

/// What suits a language model better than what the acoustic model says for any.
struct LanguageWeights {
  std::optional<float> language_weight;
  std::optional<float> word_penalty;
};

struct LanguageFiles {
  std::filesystem::path language_model;
  std::filesystem::path dictionary;  ///< Empty where a file was named: it brings none.
  LanguageWeights weights;
};

/// The file `name`; or from the folder `name`, or the bundled model of that name: the files that
/// its config.json names as the options "language_model" and "dictionary", lm.bin and words.dict by
/// default, and its options "language_weight" and "word_penalty". Error(kModel) where there is
/// none.
LanguageFiles find_language_files(const std::string& name);

/// All acoustic models in the places where models are looked for.
std::vector<RecognizerFiles> installed_models();

}  // namespace bivox
