#include "models/nn/checkpoint.h"

#include <fmt/format.h>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/io/safetensors.h"

namespace bivox {
namespace {

constexpr const char* kFormatKey = "format";
constexpr const char* kFormat = "bivox-checkpoint-1";

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const TrainingState& state) {
  SafetensorsWriter writer;
  writer.set_metadata(kFormatKey, kFormat);
  for (const auto& [name, value] : state.values) writer.set_metadata("state/" + name, value);
  for (const auto& [name, tensor] : state.tensors) writer.add(name, tensor);
  const std::string bytes = writer.serialize();
  AtomicFile file(path);
  file.stream().write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.commit(true);
}

TrainingState load_checkpoint(const std::filesystem::path& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  const auto format = file.metadata().find(kFormatKey);
  if (format == file.metadata().end() || format->second != kFormat) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: is not a checkpoint of a training", path.string()),
                "remove it to start the training anew");
  }
  TrainingState state;
  constexpr std::string_view kPrefix = "state/";
  for (const auto& [key, value] : file.metadata()) {
    if (key.starts_with(kPrefix)) state.values.emplace(key.substr(kPrefix.size()), value);
  }
  for (const StoredTensor& tensor : file.tensors()) {
    state.tensors.emplace(tensor.name, tensor.to_float());
  }
  return state;
}

}  // namespace bivox
