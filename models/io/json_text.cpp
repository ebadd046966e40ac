#include "models/io/json_text.h"

#include <fmt/format.h>

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

}  // namespace bivox
