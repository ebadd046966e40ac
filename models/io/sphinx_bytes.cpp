#include "models/io/sphinx_bytes.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "dsp/core/error.h"

namespace bivox {

void SphinxBytes::fail(std::string_view problem) const {
  throw Error(ErrorCode::kModel, fmt::format("{}: {}", name_, problem));
}

void SphinxBytes::require(uint64_t count, uint64_t size, std::string_view what) const {
  if (size != 0 && count > remaining() / size) {
    fail(fmt::format("truncated: {} expects {} x {} bytes at offset {}, found {}", what, count,
                     size, position_, remaining()));
  }
}

std::string_view SphinxBytes::take(uint64_t count, std::string_view what) {
  require(count, 1, what);
  const std::string_view taken = bytes_.substr(position_, static_cast<size_t>(count));
  position_ += taken.size();
  return taken;
}

uint32_t SphinxBytes::u32(std::string_view what) {
  const std::string_view taken = take(4, what);
  uint32_t value = 0;
  std::memcpy(&value, taken.data(), sizeof(value));
  return swap_ ? __builtin_bswap32(value) : value;
}

int SphinxBytes::bounded(int low, int high, std::string_view what) {
  const int32_t value = i32(what);
  if (value < low || value > high) {
    fail(fmt::format("{} is {}, expected {} to {}", what, value, low, high));
  }
  return value;
}

std::vector<uint16_t> SphinxBytes::u16s(uint64_t count, std::string_view what) {
  require(count, 2, what);
  const std::string_view taken = take(count * 2, what);
  std::vector<uint16_t> values(static_cast<size_t>(count));
  std::memcpy(values.data(), taken.data(), taken.size());
  if (swap_) {
    for (uint16_t& value : values) {
      value = __builtin_bswap16(value);
    }
  }
  return values;
}

std::vector<float> SphinxBytes::floats(uint64_t count, std::string_view what) {
  require(count, 4, what);
  const std::string_view taken = take(count * 4, what);
  std::vector<float> values(static_cast<size_t>(count));
  std::memcpy(values.data(), taken.data(), taken.size());
  if (swap_) {
    for (float& value : values) {
      value = std::bit_cast<float>(__builtin_bswap32(std::bit_cast<uint32_t>(value)));
    }
  }
  return values;
}

}  // namespace bivox
