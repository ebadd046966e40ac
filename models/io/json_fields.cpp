#include "models/io/json_fields.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "dsp/core/error.h"

namespace bivox {
namespace json_fields {

int read(const nlohmann::ordered_json& object, const char* name, std::string_view source) {
  // Numbers above 2^63 are stored without a sign and would wrap.
  const auto fits = [](const nlohmann::ordered_json& value) {
    if (value.is_number_unsigned()) {
      return value.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int>::max());
    }
    return value.is_number_integer() && value.get<int64_t>() >= std::numeric_limits<int>::min();
  };
  if (!object.is_object() || !object.contains(name) || !fits(object[name])) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: expected the whole number \"{}\"", source, name));
  }
  return object[name].get<int>();
}

void check(int value, const char* name, int least, int most, std::string_view source) {
  if (value < least || value > most) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: {} {}: expected {} to {}", source, name, value, least, most));
  }
}

}  // namespace json_fields

std::vector<float> read_numbers(const nlohmann::json& object, const char* name, size_t count,
                                std::string_view source) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array() || found->size() != count) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: \"{}\": expected {} numbers", source, name, count));
  }
  std::vector<float> values;
  for (const nlohmann::json& value : *found) {
    if (!value.is_number() || !std::isfinite(value.get<float>())) {
      throw Error(ErrorCode::kModel,
                  fmt::format("{}: \"{}\": expected finite numbers", source, name));
    }
    values.push_back(value.get<float>());
  }
  return values;
}

}  // namespace bivox
