#include "models/io/json_fields.h"

#include <fmt/format.h>

#include <limits>

#include "dsp/core/error.h"

namespace bivox::json_fields {

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

}  // namespace bivox::json_fields
