#include "models/io/json_text.h"

#include <fmt/format.h>

#include <charconv>

#include "dsp/core/error.h"

namespace bivox {

nlohmann::ordered_json parse_json(std::string_view text, std::string_view source) {
  using Json = nlohmann::ordered_json;
  const auto check_depth = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxJsonDepth) {
      throw Error(ErrorCode::kModel,
                  fmt::format("{}: nested deeper than {} levels", source, kMaxJsonDepth));
    }
    return true;
  };
  try {
    return Json::parse(text, check_depth);
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kModel, fmt::format("{}: not JSON: {}", source, error.what()));
  }
}

nlohmann::ordered_json json_number(float value) {
  const std::string text = fmt::format("{}", value);
  double number = 0.0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string json_excerpt(const nlohmann::ordered_json& value) {
  constexpr size_t kLongest = 40;
  using Json = nlohmann::ordered_json;
  if (value.is_structured() && value.size() > kLongest) {
    return fmt::format("{} of {} elements", value.is_array() ? "an array" : "an object",
                       value.size());
  }
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kLongest) text = text.substr(0, kLongest - 3) + "...";
  return text;
}

}  // namespace bivox
