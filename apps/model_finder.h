// Finds the files of a recognizer: acoustic model, language model and dictionary.
//
// Where: `--model`; else the folders of $BIVOX_MODEL_PATH, separated by ':'; else the place of
// Debian's package pocketsphinx-en-us. A folder is either an acoustic model itself (it holds
// `mdef`) with its language model and dictionary beside it or in its parent, or the folder above
// one. Language models are named *.lm.bin, *.lm.gz, *.lm, *.arpa or *.bivoxlm, dictionaries *.dict
// or *.dic. Errors: Error(kModel) that lists where was looked and what to install. Thread rule:
// free functions. Test: tests/apps/model_finder_test.cpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bivox {

struct RecognizerFiles {
  std::filesystem::path acoustic_model;  ///< A folder.
  std::filesystem::path language_model;
  std::filesystem::path dictionary;
  bool is_default = false;  ///< Found without --model and $BIVOX_MODEL_PATH.
};

/// What the user asked for; an empty path means: find it.
struct ModelRequest {
  std::filesystem::path model;
  std::filesystem::path language_model;
  std::filesystem::path dictionary;
  bool needs_language_model = true;
};

RecognizerFiles find_recognizer_files(const ModelRequest& request);

/// The folder of a model that comes with Bivox, such as "g2p-en": below one of the folders of
/// $BIVOX_MODEL_PATH, installed as share/bivox/models beside the program's bin, or
/// models/pretrained of the source tree that the program was built in. Error(kModel) that lists
/// where was looked.
std::filesystem::path find_bundled_model(const std::string& name);

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
