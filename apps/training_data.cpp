#include "apps/training_data.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <set>
#include <unordered_set>

#include "apps/input_files.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListEnding = ".trans.txt";

struct Source {
  fs::path path;  // normal form, without a slash at its end
  std::string split;
};

fs::path normal(const fs::path& path) {
  std::error_code failure;
  fs::path clean = fs::absolute(path, failure).lexically_normal();
  return clean.has_filename() ? clean : clean.parent_path();
}

Source parse_source(const std::string& argument) {
  std::error_code ignored;
  if (fs::exists(argument, ignored)) return {normal(argument), ""};
  const size_t colon = argument.rfind(':');
  if (colon != std::string::npos && fs::exists(argument.substr(0, colon), ignored)) {
    return {normal(argument.substr(0, colon)), argument.substr(colon + 1)};
  }
  throw Error(ErrorCode::kInput, fmt::format("{}: no such file or folder", argument),
              "data are PATH or PATH:SPLIT: a manifest, its folder, or a folder of recordings "
              "with a .txt beside each");
}

// The first line that is a text; a text may be broken into lines.
std::string text_of_file(const fs::path& path) {
  std::string text = read_file(path);
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// Texts by id of all *.trans.txt lists of a folder.
std::map<std::string, std::string> texts_of_lists(const fs::path& folder) {
  std::map<std::string, std::string> texts;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.path().filename().string().ends_with(kListEnding)) continue;
    for (UtteranceText& line : read_utterance_texts(entry.path(), UtteranceForm::kIdText)) {
      texts.emplace(std::move(line.id), std::move(line.text));
    }
  }
  return texts;
}

std::vector<UtteranceText> read_folder(const fs::path& folder) {
  const std::string arguments[] = {folder.string()};
  std::vector<UtteranceText> utterances;
  std::map<fs::path, std::map<std::string, std::string>> lists;
  bool any_text = false;
  for (const InputFile& file : expand_inputs(arguments)) {
    UtteranceText utterance;
    utterance.audio = file.path;
    utterance.id = fs::path(file.relative).replace_extension("").generic_string();
    if (file.relative.has_parent_path()) utterance.speaker = file.relative.begin()->string();
    std::error_code ignored;
    const fs::path beside = fs::path(file.path).replace_extension(".txt");
    if (fs::is_regular_file(beside, ignored)) {
      utterance.text = text_of_file(beside);
    } else {
      const fs::path parent = file.path.parent_path();
      if (!lists.contains(parent)) lists.emplace(parent, texts_of_lists(parent));
      const auto found = lists[parent].find(file.path.stem().string());
      if (found != lists[parent].end()) utterance.text = found->second;
    }
    any_text = any_text || !utterance.text.empty();
    utterances.push_back(std::move(utterance));
  }
  if (!any_text) {
    throw Error(
        ErrorCode::kInput,
        fmt::format("{}: {} recordings, but none has a text", folder.string(), utterances.size()),
        "put a .txt file of the same name beside each, or write a manifest.tsv");
  }
  return utterances;
}

// Files called like ids, by their names without extension.
std::map<std::string, fs::path> audio_beside(const fs::path& list) {
  std::map<std::string, fs::path> found;
  for (const auto& entry : fs::directory_iterator(list.parent_path())) {
    if (has_audio_extension(entry.path())) found[entry.path().stem().string()] = entry.path();
  }
  return found;
}

std::vector<UtteranceText> read_list(const fs::path& path, const std::string& split) {
  std::vector<UtteranceText> utterances = read_utterance_texts(path, UtteranceForm::kAuto, split);
  std::map<std::string, fs::path> files;
  for (UtteranceText& utterance : utterances) {
    if (!utterance.audio.empty()) continue;
    if (files.empty()) files = audio_beside(path);
    const auto found = files.find(utterance.id);
    if (found == files.end()) {
      throw Error(ErrorCode::kInput,
                  fmt::format("{}: no recording of {}", path.string(), utterance.id),
                  "a manifest has a column path; the recordings of other lists lie beside them");
    }
    utterance.audio = found->second;
  }
  if (utterances.empty()) {
    throw Error(ErrorCode::kInput, fmt::format("{}: no utterance", path.string()));
  }
  return utterances;
}

std::vector<UtteranceText> read_source(const Source& source) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(source.path, ignored);
  const fs::path manifest = is_folder ? source.path / "manifest.tsv" : source.path;
  if (fs::is_regular_file(manifest, ignored)) return read_list(manifest, source.split);
  if (!is_folder) {
    throw Error(ErrorCode::kInput, fmt::format("{}: no file", source.path.string()));
  }
  if (!source.split.empty()) {
    throw Error(ErrorCode::kInput,
                fmt::format("{}: a folder without manifest.tsv has no split '{}'",
                            source.path.string(), source.split));
  }
  return read_folder(source.path);
}

// The shortest name that tells a path from the others: "kathleen", or "b/speech" beside "a/speech".
std::string source_name(const fs::path& path, const std::set<fs::path>& all) {
  const auto bare = [](const fs::path& p) {
    return p.filename() == "manifest.tsv" ? p.parent_path() : p;
  };
  const fs::path own = bare(path);
  fs::path name = own.filename();
  for (fs::path rest = own.parent_path(); rest.has_filename(); rest = rest.parent_path()) {
    bool unique = true;
    for (const fs::path& other : all) {
      if (other == path) continue;
      const std::string ending = "/" + name.generic_string();
      unique = unique && !("/" + bare(other).generic_string()).ends_with(ending);
    }
    if (unique) break;
    name = rest.filename() / name;
  }
  return name.generic_string();
}

}  // namespace

std::vector<UtteranceText> read_training_data(std::span<const std::string> sources) {
  std::vector<Source> parsed;
  std::set<fs::path> paths;
  for (const std::string& argument : sources) {
    parsed.push_back(parse_source(argument));
    paths.insert(parsed.back().path);
  }
  std::vector<UtteranceText> joined;
  std::unordered_set<std::string> ids;
  for (const Source& source : parsed) {
    const std::string prefix = paths.size() > 1 ? source_name(source.path, paths) + "/" : "";
    for (UtteranceText& utterance : read_source(source)) {
      utterance.id = prefix + utterance.id;
      if (!utterance.speaker.empty()) utterance.speaker = prefix + utterance.speaker;
      if (!ids.insert(utterance.id).second) {
        throw Error(ErrorCode::kInput,
                    fmt::format("{}: the utterance {} comes a second time", source.path.string(),
                                utterance.id),
                    "name every source once");
      }
      joined.push_back(std::move(utterance));
    }
  }
  return joined;
}

}  // namespace bivox
