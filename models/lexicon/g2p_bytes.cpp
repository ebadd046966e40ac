#include "models/lexicon/g2p_bytes.h"

#include <fmt/format.h>
#include <zlib.h>

#include <bit>
#include <cmath>

#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

/// Deflate cannot shrink by more than this.
constexpr size_t kMaxRatio = 1032;

}  // namespace

void put_u32(std::string& out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

void put_f32(std::string& out, float value) { put_u32(out, std::bit_cast<uint32_t>(value)); }

void put_varint(std::string& out, uint32_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80U));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void put_deflated(std::string& out, std::string_view bytes) {
  uLongf size = compressBound(bytes.size());
  std::string packed(size, '\0');
  const int status = compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 9);
  BIVOX_CHECK(status == Z_OK);
  put_u32(out, static_cast<uint32_t>(bytes.size()));
  put_u32(out, static_cast<uint32_t>(size));
  out.append(packed, 0, size);
}

void ByteReader::fail(const std::string& what) const {
  throw Error(ErrorCode::kModel, fmt::format("{}: {}", name_, what),
              "the file is damaged; copy or train the model again");
}

std::string_view ByteReader::take(size_t size) {
  if (bytes_.size() < size) fail("the file ends too early");
  const std::string_view taken = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
  return taken;
}

uint32_t ByteReader::take_u32() {
  uint32_t value = 0;
  int shift = 0;
  for (const char c : take(4)) {
    value |= static_cast<uint32_t>(static_cast<unsigned char>(c)) << shift;
    shift += 8;
  }
  return value;
}

float ByteReader::take_f32(float limit) {
  const float value = std::bit_cast<float>(take_u32());
  // The negation also catches what is no number.
  if (!(std::abs(value) <= limit)) fail(fmt::format("a number is not within +-{:g}", limit));
  return value;
}

uint32_t ByteReader::take_varint() {
  uint32_t value = 0;
  for (int shift = 0; shift < 32; shift += 7) {
    const uint8_t byte = take_u8();
    value |= static_cast<uint32_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
  fail("a number has too many bytes");
}

std::string ByteReader::take_deflated() {
  const size_t size = take_u32();
  const std::string_view packed = take(take_u32());
  if (size > packed.size() * kMaxRatio) fail("a compressed part claims an impossible size");
  std::string out(size, '\0');
  uLongf got = size;
  const int status =
      uncompress(reinterpret_cast<Bytef*>(out.data()), &got,
                 reinterpret_cast<const Bytef*>(packed.data()), static_cast<uLong>(packed.size()));
  if (status != Z_OK || got != size) fail("a compressed part does not inflate");
  return out;
}

}  // namespace bivox
