// Safetensors from any bytes. A file that is read must be what it says: sizes that fit, and written
// again the same tensors. Seeds: tests/fuzz/corpus/safetensors.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include "dsp/core/error.h"
#include "models/io/safetensors.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::string written_again(const bivox::SafetensorsFile& file) {
  bivox::SafetensorsWriter writer;
  for (const bivox::StoredTensor& tensor : file.tensors()) {
    switch (tensor.type) {
      case bivox::StoredType::kInt8:
        writer.add_int8(tensor.name, tensor.shape, tensor.to_int8());
        break;
      case bivox::StoredType::kInt32:
        writer.add_int32(tensor.name, tensor.shape, tensor.to_int32());
        break;
      case bivox::StoredType::kFloat16:
        writer.add(tensor.name, tensor.to_float());
        break;
      case bivox::StoredType::kFloat32:
      case bivox::StoredType::kBfloat16:
        writer.add(tensor.name, tensor.to_float(), tensor.type);
        break;
    }
  }
  for (const auto& [key, value] : file.metadata()) writer.set_metadata(key, value);
  return writer.serialize();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto file =
        bivox::SafetensorsFile::parse(std::as_bytes(std::span<const uint8_t>(data, size)), "input");
    size_t bytes = 0;
    for (const bivox::StoredTensor& tensor : file.tensors()) {
      bytes += tensor.bytes.size();
      require(file.find(tensor.name) == &tensor);
      require(tensor.bytes.size() ==
              static_cast<size_t>(tensor.shape.size()) * bivox::stored_type_size(tensor.type));
    }
    require(bytes <= size);
    const std::string again = written_again(file);
    const auto copy = bivox::SafetensorsFile::parse(
        std::as_bytes(std::span<const char>(again.data(), again.size())), "copy");
    require(copy.tensors().size() == file.tensors().size());
    require(copy.metadata() == file.metadata());
  } catch (const bivox::Error&) {
    // The expected end of most inputs.
  }
  return 0;
}
