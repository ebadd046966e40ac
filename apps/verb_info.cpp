// bivox info: what this program is, which models it finds, and what a file holds.
#include <fmt/format.h>
#include <hwy/targets.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "apps/input_files.h"
#include "apps/model_finder.h"
#include "apps/model_folder_facts.h"
#include "apps/program.h"
#include "apps/verbs.h"
#include "dsp/audio/audio_file.h"
#include "legacy/gmm/sphinx_model.h"
#include "models/acoustic_model.h"
#include "models/io/model_folder.h"
#include "models/lexicon/lexicon.h"
#include "models/lm/ngram.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;
using Facts = std::vector<ModelFact>;

std::string fft_backend() {
  return std::string(BIVOX_FFT_NAME) == "fftw"
             ? "FFTW 3 (GPL-2.0-or-later: so is this binary; build with -DBIVOX_FFT=eigen for one "
               "without it)"
             : "Eigen (MPL-2.0, BSD kissfft)";
}

std::string simd_targets() {
  const int64_t supported = hwy::SupportedTargets();
  // The best target has the lowest bit; it is the one that dispatch takes.
  std::string names;
  for (int64_t rest = supported; rest != 0; rest &= rest - 1) {
    names += (names.empty() ? "" : ", ") + std::string(hwy::TargetName(rest & -rest));
  }
  return names;
}

Facts program_facts() {
  Facts facts = {{"version", BIVOX_VERSION},
                 {"licence of the source", "Apache-2.0"},
                 {"FFT", fft_backend()},
                 {"SIMD, best first", simd_targets()},
                 {"processors", std::to_string(std::thread::hardware_concurrency())}};
  const std::vector<RecognizerFiles> models = installed_models();
  for (const RecognizerFiles& model : models) {
    facts.push_back({"model", fmt::format("{} ({})", model.acoustic_model.string(), model.kind)});
    if (!model.language_model.empty()) {
      facts.push_back({"  language model", model.language_model.string()});
    }
    facts.push_back({"  dictionary", model.dictionary.string()});
  }
  if (models.empty()) {
    facts.push_back({"model", "none found: set $BIVOX_MODEL_PATH to models/pretrained of the source"});
  }
  return facts;
}

Facts audio_facts(const fs::path& path) {
  const AudioFileInfo info = audio_file_info(path);
  Facts facts = {{"kind", "audio"},
                 {"format", info.format},
                 {"sample rate", fmt::format("{} Hz", info.sample_rate_hz)},
                 {"channels", std::to_string(info.channels)}};
  if (info.frames >= 0) {
    facts.push_back({"duration", fmt::format("{:.3f} s", info.duration_s)});
    facts.push_back({"samples a channel", std::to_string(info.frames)});
  }
  return facts;
}

Facts language_model_facts(const fs::path& path) {
  const auto model = NgramModel::load(path);
  Facts facts = {{"kind", "n-gram language model"},
                 {"order", std::to_string(model->order())},
                 {"words", std::to_string(model->num_words())}};
  for (int order = 1; order <= model->order(); ++order) {
    facts.push_back({fmt::format("{}-grams", order), std::to_string(model->num_ngrams(order))});
  }
  return facts;
}

Facts lexicon_facts(const fs::path& path) {
  PhoneSet phones;
  const Lexicon lexicon = Lexicon::load_open(path, phones);
  return {{"kind", "dictionary"},
          {"words", std::to_string(lexicon.num_words())},
          {"pronunciations", std::to_string(lexicon.num_pronunciations())},
          {"phones", std::to_string(phones.size())}};
}

// A Bivox model folder, or a Sphinx model: the acoustic model's folder or the one above it.
Facts model_facts(const fs::path& folder) {
  std::error_code ignored;
  if (fs::exists(folder / "config.json", ignored)) return model_folder_facts(folder);
  ModelRequest request;
  request.model = folder;
  const RecognizerFiles files = find_recognizer_files(request);
  Facts facts = {{"acoustic model", files.acoustic_model.string()}};
  for (const ModelFact& fact : load_sphinx_model(files.acoustic_model)->facts()) {
    facts.push_back(fact);
  }
  facts.push_back({"language model", files.language_model.string()});
  facts.push_back({"dictionary", files.dictionary.string()});
  return facts;
}

Facts facts_of(const std::string& argument) {
  const fs::path path = argument;
  const std::string extension = path.extension().string();
  if (argument == "-" || has_audio_extension(path)) return audio_facts(path);
  if (fs::is_directory(path)) return model_facts(path);
  if (extension == ".dict" || extension == ".dic") return lexicon_facts(path);
  if (extension == ".bin" || extension == ".lm" || extension == ".arpa" || extension == ".gz" ||
      extension == ".bivoxlm") {
    return language_model_facts(path);
  }
  return audio_facts(path);
}

void print_facts(const Facts& facts) {
  size_t width = 0;
  for (const ModelFact& fact : facts) width = std::max(width, fact.name.size());
  for (const ModelFact& fact : facts) {
    std::cout << fmt::format("{:<{}}  {}\n", fact.name, width, fact.value);
  }
}

void print_json(const Facts& facts) {
  auto object = nlohmann::ordered_json::array();
  for (const ModelFact& fact : facts)
    object.push_back({{"name", fact.name}, {"value", fact.value}});
  std::cout << object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

}  // namespace

void add_info_verb(Program& program) {
  struct Options {
    std::string path;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App& verb = program.add_verb(
      "info",
      "Show the version, the FFT and SIMD in use and the models that are found; or what a model\n"
      "folder, audio file, language model or dictionary holds. Of a network: its parameters, the\n"
      "operations for a second of audio, the receptive field and the precision.",
      "  bivox info\n"
      "  bivox info talk.flac\n"
      "  bivox info /usr/share/pocketsphinx/model/en-us",
      [options](Console&) {
        const Facts facts = options->path.empty() ? program_facts() : facts_of(options->path);
        if (options->json) {
          print_json(facts);
        } else {
          print_facts(facts);
        }
        return 0;
      });
  verb.add_option("PATH", options->path,
                  "Model folder, audio, language model (.lm, .arpa, .lm.bin) "
                  "or dictionary (.dict)");
  verb.add_flag("--json", options->json, "Print JSON");
}

}  // namespace bivox
