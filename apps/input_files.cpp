#include "apps/input_files.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "dsp/core/error.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 14> kAudioExtensions = {
    ".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff",
    ".aif", ".aifc", ".au",  ".snd", ".caf",  ".w64", ".rf64"};

void add_folder(const fs::path& folder, std::vector<InputFile>& inputs) {
  std::vector<fs::path> found;
  std::error_code failure;
  for (fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied,
                                              failure);
       !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && has_audio_extension(entry->path())) {
      found.push_back(entry->path());
    }
  }
  if (failure) {
    throw Error(ErrorCode::kInput, fmt::format("{}: {}", folder.string(), failure.message()));
  }
  if (found.empty()) {
    throw Error(ErrorCode::kInput,
                fmt::format("{}: no audio file in this folder or below", folder.string()),
                "audio files are found by extension: wav, flac, ogg, opus, mp3, aiff, ...");
  }
  std::sort(found.begin(), found.end());
  for (const fs::path& path : found) inputs.push_back({path, path.lexically_relative(folder)});
}

void add_pattern(const std::string& pattern, std::vector<InputFile>& inputs) {
  glob_t matches = {};
  const int status = ::glob(pattern.c_str(), 0, nullptr, &matches);
  for (size_t i = 0; status == 0 && i < matches.gl_pathc; ++i) {
    const fs::path path = matches.gl_pathv[i];
    if (!fs::is_directory(path)) inputs.push_back({path, path.filename()});
  }
  ::globfree(&matches);
  if (status != 0) {
    throw Error(ErrorCode::kInput, fmt::format("{}: no file matches this pattern", pattern));
  }
}

}  // namespace

bool has_audio_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(kAudioExtensions.begin(), kAudioExtensions.end(), extension) !=
         kAudioExtensions.end();
}

std::vector<InputFile> expand_inputs(std::span<const std::string> arguments) {
  std::vector<InputFile> inputs;
  for (const std::string& argument : arguments) {
    std::error_code ignored;
    if (argument == "-") {
      inputs.push_back({"-", "stdin"});
    } else if (fs::is_directory(argument, ignored)) {
      add_folder(argument, inputs);
    } else if (!fs::exists(argument, ignored) &&
               argument.find_first_of("*?[") != std::string::npos) {
      add_pattern(argument, inputs);
    } else {
      inputs.push_back({argument, fs::path(argument).filename()});
    }
  }
  return inputs;
}

std::vector<fs::path> output_paths(std::span<const InputFile> inputs, const fs::path& folder,
                                   std::string_view extension) {
  std::map<fs::path, fs::path> sources;
  std::vector<fs::path> outputs;
  for (const InputFile& input : inputs) {
    fs::path output = folder / input.relative;
    output.replace_extension(extension);
    const auto [known, is_new] = sources.emplace(output, input.path);
    if (!is_new) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("{} and {} would both be written to {}", known->second.string(),
                              input.path.string(), output.string()),
                  "transcribe them in two runs with an --output-dir each");
    }
    outputs.push_back(std::move(output));
  }
  for (const fs::path& output : outputs) {
    std::error_code failure;
    fs::create_directories(output.parent_path(), failure);
    if (failure) {
      throw Error(ErrorCode::kRuntime,
                  fmt::format("{}: cannot make this folder: {}", output.parent_path().string(),
                              failure.message()));
    }
  }
  return outputs;
}

}  // namespace bivox
