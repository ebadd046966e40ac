#include "dsp/audio/raw_pcm.h"

#include <array>
#include <bit>
#include <cstdint>

#include "dsp/core/check.h"

namespace bivox {
namespace {

struct Named {
  PcmEncoding encoding;
  std::string_view name;
  size_t bytes;
};
constexpr std::array<Named, 5> kEncodings = {{
    {PcmEncoding::kS16le, "s16le", 2},
    {PcmEncoding::kF32le, "f32le", 4},
    {PcmEncoding::kU8, "u8", 1},
    {PcmEncoding::kS24le, "s24le", 3},
    {PcmEncoding::kS32le, "s32le", 4},
}};

const Named& named(PcmEncoding encoding) {
  for (const Named& entry : kEncodings) {
    if (entry.encoding == encoding) return entry;
  }
  BIVOX_CHECK(false && "unknown PcmEncoding");
  return kEncodings[0];
}

// Little-endian bytes in the upper end of a 32-bit word: one sign rule and one scale for all
// widths.
template <size_t kBytes>
uint32_t load_high(const std::byte* bytes) {
  uint32_t word = 0;
  for (size_t i = 0; i < kBytes; ++i) {
    word |= std::to_integer<uint32_t>(bytes[i]) << (8 * (4 - kBytes + i));
  }
  return word;
}

template <size_t kBytes>
void decode_signed(const std::byte* bytes, std::span<float> samples) {
  for (float& sample : samples) {
    sample = static_cast<float>(static_cast<int32_t>(load_high<kBytes>(bytes))) * 0x1p-31F;
    bytes += kBytes;
  }
}

}  // namespace

std::optional<PcmEncoding> pcm_encoding_from_name(std::string_view name) {
  for (const Named& entry : kEncodings) {
    if (entry.name == name) return entry.encoding;
  }
  return std::nullopt;
}

std::string_view pcm_encoding_name(PcmEncoding encoding) { return named(encoding).name; }

size_t pcm_sample_bytes(PcmEncoding encoding) { return named(encoding).bytes; }

void decode_pcm(std::span<const std::byte> bytes, PcmEncoding encoding, std::span<float> samples) {
  BIVOX_CHECK(bytes.size() >= samples.size() * pcm_sample_bytes(encoding));
  const std::byte* next = bytes.data();
  switch (encoding) {
    case PcmEncoding::kS16le:
      decode_signed<2>(next, samples);
      break;
    case PcmEncoding::kS24le:
      decode_signed<3>(next, samples);
      break;
    case PcmEncoding::kS32le:
      decode_signed<4>(next, samples);
      break;
    case PcmEncoding::kU8:
      for (float& sample : samples) {
        sample = static_cast<float>(std::to_integer<int>(*next++) - 128) / 128.0F;
      }
      break;
    case PcmEncoding::kF32le:
      for (float& sample : samples) {
        sample = std::bit_cast<float>(load_high<4>(next));
        next += 4;
      }
      break;
  }
}

}  // namespace bivox
