// Headerless audio: its rate, channels and sample encoding come from the caller, never from a
// guess.
//
// Thread rule: plain values and pure functions. Test: tests/dsp/raw_pcm_test.cpp.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace bivox {

enum class PcmEncoding {
  kS16le,  ///< Signed 16 bit, little-endian: what telephony, ALSA and `sox -t raw` mostly give.
  kF32le,  ///< IEEE float in [-1, 1], little-endian.
  kU8,     ///< Unsigned 8 bit, zero at 128.
  kS24le,  ///< Signed 24 bit in three bytes, little-endian.
  kS32le,  ///< Signed 32 bit, little-endian.
};

struct RawPcmOptions {
  int sample_rate_hz = 0;  ///< Must be given: a wrong guess makes garbage silently.
  int channels = 1;        ///< Interleaved.
  PcmEncoding encoding = PcmEncoding::kS16le;
};

/// "s16le", "f32le", "u8", "s24le", "s32le"; empty for another name.
std::optional<PcmEncoding> pcm_encoding_from_name(std::string_view name);
std::string_view pcm_encoding_name(PcmEncoding encoding);
/// Bytes a sample.
size_t pcm_sample_bytes(PcmEncoding encoding);

/// Decodes `samples.size()` samples out of at least samples.size() * pcm_sample_bytes() bytes.
/// Integers scale by 2^(bits - 1), so that full scale is [-1, 1).
void decode_pcm(std::span<const std::byte> bytes, PcmEncoding encoding, std::span<float> samples);

}  // namespace bivox
