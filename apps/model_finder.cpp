#include "apps/model_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string_view>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/io/model_folder.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInstallHint =
    "set $BIVOX_MODEL_PATH to the folder that holds one (models/pretrained of the source), or name "
    "one with --model";
constexpr std::array<std::string_view, 5> kLmEndings = {".lm.bin", ".bivoxlm", ".lm.gz", ".lm",
                                                        ".arpa"};
constexpr std::array<std::string_view, 2> kDictionaryEndings = {".dict", ".dic"};

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    entries.push_back(entry->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

constexpr std::string_view kSphinx = "sphinx";

// The kind of an acoustic model; empty if it is none.
std::string acoustic_kind(const fs::path& folder) {
  std::error_code ignored;
  if (fs::exists(folder / "mdef", ignored)) return std::string(kSphinx);
  if (!ModelFolder::is_model_folder(folder)) return "";
  const fs::path path = folder / "config.json";
  std::string kind = ModelConfig::parse(read_file(path, ErrorCode::kModel), path.string()).kind;
  return kind == "gmm-hmm" || kind == "convnet" ? kind : "";
}

bool is_of_engine(const std::string& kind, const std::string& engine) {
  return engine == "convnet" ? kind == "convnet" : kind == kSphinx || kind == "gmm-hmm";
}

// The file of `folder` with one of the endings, those that come first preferred: the one named like
// the model, else the first by name. Phone language models ("en-us-phone.lm.bin") hold no words.
fs::path find_ending(const fs::path& folder, const std::string& model_name,
                     std::span<const std::string_view> endings) {
  const std::vector<fs::path> entries = sorted_entries(folder);
  for (const bool same_name : {true, false}) {
    for (const std::string_view ending : endings) {
      for (const fs::path& entry : entries) {
        const std::string name = entry.filename().string();
        std::error_code ignored;
        if (!name.ends_with(ending) || !fs::is_regular_file(entry, ignored)) continue;
        const bool fits = same_name ? name == model_name + std::string(ending)
                                    : name.find("phone") == std::string::npos;
        if (fits) return entry;
      }
    }
  }
  return {};
}

fs::path beside(const fs::path& acoustic_model, std::span<const std::string_view> endings) {
  const std::string name = acoustic_model.filename().string();
  fs::path found = find_ending(acoustic_model, name, endings);
  if (found.empty()) {
    found = find_ending(fs::absolute(acoustic_model).parent_path(), name, endings);
  }
  return found;
}

// The dictionary that the options of a model folder name; empty if they name none.
fs::path own_dictionary(const fs::path& folder) {
  const fs::path path = folder / "config.json";
  const ModelConfig config = ModelConfig::parse(read_file(path, ErrorCode::kModel), path.string());
  const auto options = nlohmann::json::parse(config.options_json);
  const auto name = options.find("dictionary");
  if (name == options.end() || !name->is_string()) return {};
  if (config.files.contains(name->get<std::string>())) return folder / name->get<std::string>();
  try {
    return find_language_files(name->get<std::string>()).dictionary;
  } catch (const Error&) {
    return {};  // the user may name another
  }
}

RecognizerFiles files_of(const fs::path& folder, std::string kind) {
  // A trailing slash would make the folder its own parent.
  fs::path clean = folder.lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();
  if (kind != kSphinx) return {clean, std::move(kind), {}, own_dictionary(clean)};
  return {clean, std::move(kind), beside(clean, kLmEndings), beside(clean, kDictionaryEndings)};
}

// The model that `folder` is, whatever its engine; or the first one in it that `engine` can be.
std::optional<RecognizerFiles> look_in(const fs::path& folder, const std::string& engine) {
  if (std::string kind = acoustic_kind(folder); !kind.empty()) return files_of(folder, kind);
  for (const fs::path& entry : sorted_entries(folder)) {
    std::string kind = acoustic_kind(entry);
    if (is_of_engine(kind, engine)) return files_of(entry, kind);
  }
  return std::nullopt;
}

/// The folders of $BIVOX_MODEL_PATH.
std::vector<fs::path> user_places() {
  std::vector<fs::path> places;
  if (const char* variable = std::getenv("BIVOX_MODEL_PATH")) {
    std::string_view rest = variable;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(':'), rest.size());
      if (end > 0) places.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return places;
}

}  // namespace

// Where the program's own models may be: those of the user, installed ones, those of the source.
std::vector<fs::path> bundled_model_places() {
  std::vector<fs::path> places = user_places();
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  if (program.empty()) return places;
  places.push_back(program.parent_path().parent_path() / "share/bivox/models");
  for (fs::path folder = program.parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    places.push_back(folder / "models/pretrained");
  }
  return places;
}

namespace {

std::vector<fs::path> search_places(const std::string& engine) {
  std::vector<fs::path> places = user_places();
  std::error_code ignored;
  for (const fs::path& place : bundled_model_places()) {
    const fs::path model = place / (engine + "-en");
    if (fs::exists(model / "config.json", ignored)) {
      places.push_back(model);
      break;
    }
  }
  return places;
}

// What --model names: a folder, or a bundled model by a bare name.
fs::path named_model(const fs::path& name) {
  std::error_code ignored;
  if (fs::exists(name, ignored) || name.has_parent_path() || name.has_extension()) return name;
  return find_bundled_model(name.string());
}

void require_file(const fs::path& path, std::string_view what, const fs::path& model,
                  std::string_view option) {
  if (path.empty()) {
    throw Error(ErrorCode::kModel, fmt::format("no {} beside the model {}", what, model.string()),
                fmt::format("name one with {}", option));
  }
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    throw Error(ErrorCode::kModel, fmt::format("{}: no such {}", path.string(), what),
                "check the path");
  }
}

}  // namespace

RecognizerFiles find_recognizer_files(const ModelRequest& request) {
  std::optional<RecognizerFiles> files;
  std::string looked_in;
  const std::vector<fs::path> places = request.model.empty()
                                           ? search_places(request.engine)
                                           : std::vector<fs::path>{named_model(request.model)};
  for (const fs::path& place : places) {
    if (!files) files = look_in(place, request.engine);
    looked_in += (looked_in.empty() ? "" : ", ") + place.string();
  }
  if (!files) {
    throw Error(ErrorCode::kModel,
                looked_in.empty() ? fmt::format("no {} model was found", request.engine)
                                  : fmt::format("no acoustic model in {}", looked_in),
                request.model.empty()
                    ? kInstallHint
                    : "an acoustic model is a model folder of the kind gmm-hmm or convnet, or one "
                      "of CMU Sphinx with mdef, means, variances and so on");
  }
  if (!request.language_model.empty()) files->language_model = request.language_model;
  if (!request.dictionary.empty()) files->dictionary = request.dictionary;
  require_file(files->dictionary, "dictionary", files->acoustic_model, "--dict");
  if (request.needs_language_model) {
    require_file(files->language_model, "language model", files->acoustic_model, "--lm");
  }
  return *files;
}

fs::path find_bundled_model(const std::string& name) {
  const std::vector<fs::path> places = bundled_model_places();
  std::error_code ignored;
  std::string looked_in;
  for (const fs::path& place : places) {
    if (fs::exists(place / name / "config.json", ignored)) return place / name;
    looked_in += (looked_in.empty() ? "" : ", ") + place.string();
  }
  throw Error(
      ErrorCode::kModel, fmt::format("no model {} in {}", name, looked_in),
      "set $BIVOX_MODEL_PATH to the folder that holds it (models/pretrained of the source)");
}

namespace {

void read_language_options(const fs::path& path, LanguageFiles& files) {
  const ModelConfig config = ModelConfig::parse(read_file(path, ErrorCode::kModel), path.string());
  try {
    const auto options = nlohmann::json::parse(config.options_json);
    const auto file = [&](const char* key, fs::path& place) {
      if (options.contains(key)) place = path.parent_path() / options[key].get<std::string>();
    };
    file("language_model", files.language_model);
    file("dictionary", files.dictionary);
    std::error_code ignored;
    if (options.contains("dictionary") && !fs::exists(files.dictionary, ignored)) {
      throw Error(ErrorCode::kModel,
                  fmt::format("{}: no such dictionary", files.dictionary.string()),
                  fmt::format("{} names it", path.string()));
    }
    const auto number = [&](const char* key, std::optional<float>& place) {
      if (options.contains(key)) place = options[key].get<float>();
    };
    number("language_weight", files.weights.language_weight);
    number("word_penalty", files.weights.word_penalty);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kModel, fmt::format("{}: {}", path.string(), error.what()),
                "an n-gram model's options are names of files and numbers");
  }
}

}  // namespace

LanguageFiles find_language_files(const std::string& name) {
  std::error_code ignored;
  if (fs::is_regular_file(name, ignored)) return {name, {}, {}};
  fs::path folder = name;
  if (!fs::is_directory(folder, ignored)) {
    // What looks like a path is one that is wrong; a bare word may name a bundled model.
    if (folder.has_parent_path() || folder.has_extension()) {
      throw Error(ErrorCode::kModel, fmt::format("{}: no such language model", name),
                  "check the path");
    }
    folder = find_bundled_model(name);
  }
  LanguageFiles files = {folder / "lm.bin", folder / "words.dict", {}};
  if (const fs::path path = folder / "config.json"; fs::exists(path, ignored)) {
    read_language_options(path, files);
  }
  if (!fs::exists(files.language_model, ignored)) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: no language model in this folder", files.language_model.string()),
                "name the file itself with --lm");
  }
  if (!fs::exists(files.dictionary, ignored)) files.dictionary.clear();
  return files;
}

std::vector<RecognizerFiles> installed_models() {
  std::vector<RecognizerFiles> models;
  for (const char* engine : {"gmm", "convnet"}) {
    for (const fs::path& place : search_places(engine)) {
      const auto files = look_in(place, engine);
      const bool is_new = files && std::none_of(models.begin(), models.end(), [&](const auto& m) {
                            return m.acoustic_model == files->acoustic_model;
                          });
      if (is_new) models.push_back(*files);
    }
  }
  return models;
}

}  // namespace bivox
