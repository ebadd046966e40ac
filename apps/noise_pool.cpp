#include "apps/noise_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "apps/input_files.h"
#include "apps/training_data.h"
#include "dsp/audio/audio_file.h"
#include "dsp/augment/noise_mix.h"
#include "dsp/core/error.h"
#include "dsp/core/random.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

struct Recording {
  fs::path path;
  std::string class_name;
};

// The path of PATH:SPLIT.
fs::path bare_path(const std::string& source) {
  std::error_code ignored;
  if (fs::exists(source, ignored)) return source;
  const size_t colon = source.rfind(':');
  return colon == std::string::npos ? source : source.substr(0, colon);
}

bool is_manifest(const fs::path& path) {
  std::error_code ignored;
  return path.extension() == ".tsv" || fs::is_regular_file(path / "manifest.tsv", ignored);
}

std::vector<Recording> list(const std::string& source) {
  std::vector<Recording> recordings;
  if (is_manifest(bare_path(source))) {
    const std::string sources[] = {source};
    for (const UtteranceText& entry : read_training_data(sources)) {
      recordings.push_back({entry.audio, entry.speaker});
    }
  } else {
    const std::string arguments[] = {source};
    for (const InputFile& file : expand_inputs(arguments)) recordings.push_back({file.path, ""});
  }
  return recordings;
}

// The same number for a text on every machine (FNV-1a).
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace

NoisePool::NoisePool(const std::string& source, const std::string& only_class,
                     const std::string& but_class, int sample_rate_hz) {
  fs::path path = bare_path(source).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  name_ = !only_class.empty() ? only_class : path.stem().string();
  for (const Recording& recording : list(source)) {
    if (!only_class.empty() && recording.class_name != only_class) continue;
    if (!but_class.empty() && recording.class_name == but_class) continue;
    recordings_.push_back(read_audio(recording.path, sample_rate_hz));
  }
  if (recordings_.empty()) {
    throw Error(ErrorCode::kInput, fmt::format("{}: no recording of noise", source),
                "name an audio file, a folder of them or a manifest");
  }
}

AudioBuffer NoisePool::mix(AudioView speech, std::string_view utterance, double snr_db,
                           uint64_t seed) const {
  Random random(mix_seeds(seed, hash_of(utterance)));
  const AudioBuffer& noise = recordings_[random.below(recordings_.size())];
  return mix_noise(speech, noise, snr_db, random.next());
}

bool noise_has_class(const std::string& source, const std::string& name) {
  const std::vector<Recording> recordings = list(source);
  return std::any_of(recordings.begin(), recordings.end(),
                     [&](const Recording& recording) { return recording.class_name == name; });
}

}  // namespace bivox
