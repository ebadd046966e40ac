// Pronunciation models from any bytes, and words from any bytes for the models that load. The
// checksum is set right first, or no input would come past it.
// Seeds: tests/fuzz/corpus/g2p, made by `bivox g2p train` as tests/fuzz/README.md says.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dsp/core/error.h"
#include "models/lexicon/g2p.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kCrcAt = 12;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size >= kCrcAt + 4) {
    const size_t body = kCrcAt + 4;
    const auto crc = static_cast<uint32_t>(crc32_z(0, data + body, size - body));
    for (size_t i = 0; i < 4; ++i) bytes[kCrcAt + i] = static_cast<char>(crc >> (8 * i));
  }
  try {
    const auto model = bivox::G2pModel::parse(bytes, "input");
    const std::string_view tail = std::string_view(bytes).substr(size - size / 8);
    for (const std::string_view word : {std::string_view("cats"), std::string_view("bnc"), tail}) {
      float sum = 0.0F;
      for (const bivox::G2pResult& result : model->pronounce(word, 3)) {
        if (result.phones.empty()) std::abort();
        sum += result.confidence;
      }
      if (sum > 1.01F) std::abort();
    }
    if (bivox::G2pModel::parse(model->serialize(), "copy")->serialize() != model->serialize()) {
      std::abort();
    }
  } catch (const bivox::Error&) {
    // The expected end of most inputs.
  }
  return 0;
}
